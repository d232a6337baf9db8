/*
 * Matrix products (OpenBLAS) and the bias of linear layers.
 */
#include "common/base/fatal.h"
#include "common/base/processor.h"
#include "common/kernels/products/few.h"

#include <cblas.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* OpenBLAS chooses its kernels when it is loaded, by the model number of the processor. A
 * version older than the processor does not know the number and falls back to "Prescott", code
 * for the Pentium 4 that is five times slower. These two functions choose anew; they are not
 * part of the documented interface, hence weak: where they are missing, nothing happens. */
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

static const char *best_core_type(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "Haswell";
#endif
    return NULL;
}

static const char variable[] = "OPENBLAS_CORETYPE";

/* OpenBLAS believes whoever names its kernels by this variable, and then ends in "Illegal instruction". */
static void refuse_foreign_core_type(void)
{
    static const struct {
        const char *name, *needs;
    } types[] = {{"SapphireRapids", "avx512f avx512dq avx512bw avx512vl"},
                 {"Cooperlake", "avx512f avx512dq avx512bw avx512vl"},
                 {"SkylakeX", "avx512f avx512dq avx512bw avx512vl"},
                 {"Haswell", "avx2 fma"},
                 {"Zen", "avx2 fma"},
                 {"Excavator", "avx2 fma4"},
                 {"Steamroller", "avx fma4"},
                 {"Piledriver", "avx fma4"},
                 {"Bulldozer", "avx fma4"},
                 {"Sandybridge", "avx"}};
    const char *chosen = getenv(variable);
    char lacking[64];
    for (size_t i = 0; chosen != NULL && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(chosen, types[i].name) == 0 &&
            !processor_has(types[i].needs, lacking, sizeof lacking)) {
            processor_let_first_speak();
            fatal("%s=%s in the environment asks OpenBLAS for a processor with %s, which this one "
                  "has not: unset it, and OpenBLAS chooses by itself",
                  variable, chosen, lacking);
        }
}

void cpu_prepare_matrix_products(void)
{
    refuse_foreign_core_type();
    const char *best = best_core_type();
    if (best == NULL || getenv(variable) != NULL || gotoblas_dynamic_init == NULL ||
        gotoblas_dynamic_quit == NULL || strcmp(openblas_get_corename(), "Prescott") != 0)
        return;
    if (setenv(variable, best, 1) != 0)
        return; /* slower, but right */
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
    unsetenv(variable);
}

/* A product of fewer operations than this is left to one thread: OpenBLAS, too, uses only one for
 * it. And it is called outside of a parallel region: one that an `if` clause makes a region of one
 * thread does not look parallel to OpenBLAS, which then starts threads for one call and ends them
 * behind it (measured: 4.0 ms for a step of a small transformer that takes 1.4 ms). */
#define PRODUCT_THRESHOLD 500000.0

struct product {
    bool transpose_a, transpose_b;
    int rows, columns, depth;
    int a_row, b_row, c_row; /* elements from one row to the next, as they are stored */
    const float *a, *b;
    float beta, *c;
};

/* Each thread makes a band of c by itself, of whole rows or of whole columns, whichever are more.
 * (OpenBLAS has threads of its own, but they wait for each other within a product; in a parallel
 * region it uses one.) */
static struct product band_of(struct product product, int part, int parts)
{
    bool by_rows = product.rows >= product.columns;
    long size = by_rows ? product.rows : product.columns;
    long first = part * size / parts / LANES * LANES;
    long next = part + 1 == parts ? size : (part + 1) * size / parts / LANES * LANES;
    if (by_rows) {
        product.a += first * (product.transpose_a ? 1 : product.a_row);
        product.c += first * product.c_row;
        product.rows = (int)(next - first);
    } else {
        product.b += first * (product.transpose_b ? product.b_row : 1);
        product.c += first;
        product.columns = (int)(next - first);
    }
    return product;
}

/* ---- who multiplies ---- */

enum way { OPENBLAS, BANDS, STREAMED, SHORT, DOT, TURNED };

/* OpenBLAS copies its factors from so many multiplications on, and in a forward from so many elements
 * of c on. BANDS: it is given as many columns at a time as it multiplies without copies. */
#define COPIED_PRODUCT 1e6
#define COPIED_C       1200

/* The one table: who was fastest, by form and shape, measured by `make bench-products` (Zen 4, and
 * docs/speed.md). */
static enum way fastest_way(const struct product *p)
{
    double c_size = (double)p->rows * p->columns, b_size = (double)p->columns * p->depth;
    if ((p->transpose_a && p->transpose_b) || p->columns < LANES || p->depth < 1)
        return OPENBLAS;
    if (p->transpose_b) { /* forward: b is the weight */
        if (p->rows > 32)
            return p->depth <= 256 || p->rows >= 512 ? TURNED : OPENBLAS;
        if (p->rows > 16 && p->depth <= 64)
            return TURNED;
        if (p->rows > 4)
            return BANDS;
        return b_size <= (p->rows > 2 ? 65536 : 500000) ? OPENBLAS : DOT;
    }
    if (p->transpose_a) { /* backward for the weight: c is its gradient */
        if (p->depth > 32)
            return c_size * p->depth > COPIED_PRODUCT ? STREAMED : OPENBLAS;
        if (p->depth > LANES)
            return c_size >= 500000 ? STREAMED : OPENBLAS;
        return c_size > 16384 ? SHORT : OPENBLAS;
    }
    /* backward for the input: b is the weight */
    bool copies = p->rows * b_size > COPIED_PRODUCT || (p->rows >= 3 && b_size >= 12288);
    return copies ? STREAMED : OPENBLAS;
}

static void multiply_by_loops(const struct product *p, enum way way)
{
    if (way == STREAMED || way == SHORT) {
        const struct streamed_product product = {.rows = p->rows,
                                                 .columns = p->columns,
                                                 .depth = p->depth,
                                                 .a_row = p->transpose_a ? 1 : p->a_row,
                                                 .a_column = p->transpose_a ? p->a_row : 1,
                                                 .b_row = p->b_row,
                                                 .c_row = p->c_row,
                                                 .a = p->a,
                                                 .b = p->b,
                                                 .c = p->c,
                                                 .add = p->beta != 0};
        (way == SHORT ? cpu_short_product : cpu_streamed_product)(&product);
    } else {
        const struct dot_product product = {.rows = p->rows,
                                            .columns = p->columns,
                                            .depth = p->depth,
                                            .a_row = p->a_row,
                                            .b_row = p->b_row,
                                            .c_row = p->c_row,
                                            .a = p->a,
                                            .b = p->b,
                                            .c = p->c,
                                            .add = p->beta != 0};
        (way == DOT ? cpu_dot_product : cpu_turned_product)(&product);
    }
}

static void multiply_by_openblas(const struct product *product)
{
    cblas_sgemm(CblasRowMajor, product->transpose_a ? CblasTrans : CblasNoTrans,
                product->transpose_b ? CblasTrans : CblasNoTrans, product->rows, product->columns,
                product->depth, 1.0f, product->a, product->a_row, product->b, product->b_row,
                product->beta, product->c, product->c_row);
}

static void multiply_by_bands(const struct product *product)
{
    double most_elements = COPIED_PRODUCT / product->depth;
    if (most_elements > COPIED_C)
        most_elements = COPIED_C;
    int together = (int)most_elements / product->rows / LANES * LANES;
    if (together < LANES)
        together = LANES;
    for (int column = 0; column < product->columns; column += together) {
        struct product band = *product;
        int left = product->columns - column;
        band.columns = left < together ? left : together;
        band.b += (long)column * product->b_row;
        band.c += column;
        multiply_by_openblas(&band);
    }
}

static void multiply(const struct product *product)
{
    if (product->rows == 0 || product->columns == 0)
        return;
    enum way way = product->beta == 0 || product->beta == 1 ? fastest_way(product) : OPENBLAS;
    if (way == OPENBLAS)
        multiply_by_openblas(product);
    else if (way == BANDS)
        multiply_by_bands(product);
    else
        multiply_by_loops(product, way);
}

void cpu_matrix_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                        const float *a, const float *b, float beta, float *c)
{
    struct product whole = {transpose_a,
                            transpose_b,
                            rows,
                            columns,
                            depth,
                            transpose_a ? rows : depth,
                            transpose_b ? depth : columns,
                            columns,
                            a,
                            b,
                            beta,
                            c};
    if (2.0 * rows * columns * depth <= PRODUCT_THRESHOLD) {
        multiply(&whole);
        return;
    }
#pragma omp parallel
    {
        struct product band = band_of(whole, omp_get_thread_num(), omp_get_num_threads());
        multiply(&band);
    }
}

void cpu_fill_rows(int rows, int columns, const float *row, float *y)
{
#pragma omp parallel for schedule(static) if ((double)rows * columns > PARALLEL_THRESHOLD)
    for (int i = 0; i < rows; i++)
        memcpy(y + (size_t)i * columns, row, sizeof *row * (size_t)columns);
}

void cpu_add_column_sums(int rows, int columns, const float *y, float *sums)
{
    /* Strips of columns: their sums stay in registers while the rows go by. Four rows at a
     * time, because an addition waits for the one before. */
    enum { STRIP = 2 * LANES };
    int strips = columns / STRIP;
#pragma omp parallel for schedule(static) if ((double)rows * columns > PARALLEL_THRESHOLD)
    for (int strip = 0; strip < strips; strip++) {
        vector sum[4][2] = {{{0}}};
        const float *from = y + strip * STRIP;
        int i = 0;
        for (; i + 4 <= rows; i += 4)
            for (int j = 0; j < 4; j++, from += columns)
                for (int v = 0; v < 2; v++)
                    sum[j][v] += *(const vector *)(from + v * LANES);
        for (; i < rows; i++, from += columns)
            for (int v = 0; v < 2; v++)
                sum[0][v] += *(const vector *)(from + v * LANES);
        for (int v = 0; v < 2; v++)
            *(vector *)(sums + strip * STRIP + v * LANES) +=
                (sum[0][v] + sum[1][v]) + (sum[2][v] + sum[3][v]);
    }
    for (int i = 0; i < rows; i++)
        for (int j = strips * STRIP; j < columns; j++)
            sums[j] += y[(size_t)i * columns + j];
}
