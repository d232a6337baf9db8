/*
 * Products of numbers that bfloat16 holds, by the processor's dot products of pairs: two numbers of the
 * depth at a time, sums in float32.
 *
 * Both factors are packed: a pair of neighbours along the depth lies in 32 bits. A panel of b, some columns
 * wide, then goes by once for each few rows of a, whose sums are in registers. Elsewhere, and where it is no
 * faster, the same product is made in float32.
 */
#include "common/kernels/products/bfloat16.h"

#include "common/kernels/transpose.h"

#include <omp.h>
#include <string.h>

#if defined(__AVX512BF16__)

#include <immintrin.h>

enum { ROWS = 8, VECTORS = 3, PANEL = VECTORS * LANES }; /* of c, at a time */

/* ---- packing ---- */

/* The first `count` of LANES. */
static inline __mmask16 first_lanes(int count)
{
    return (__mmask16)(count >= LANES ? 0xffff : count <= 0 ? 0 : (1 << count) - 1);
}

/* In 32 bits each. */
static inline __m512i rounded(__m512 numbers)
{
    return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(numbers));
}

/* Two rows: to[j] = the pair of low[j] and high[j]. high: NULL, all zeros. */
static void pair_rows(int count, const float *low, const float *high, uint32_t *to)
{
    for (int j = 0; j < count; j += LANES) {
        const __mmask16 mask = first_lanes(count - j);
        __m512i pair = rounded(_mm512_maskz_loadu_ps(mask, low + j));
        if (high != NULL)
            pair = _mm512_or_si512(
                pair, _mm512_slli_epi32(rounded(_mm512_maskz_loadu_ps(mask, high + j)), 16));
        _mm512_mask_storeu_epi32(to + j, mask, pair);
    }
}

/* One row: to[k] = the pair of row[2k] and row[2k + 1], 0 behind the end. */
static void pair_neighbours(int depth, const float *row, uint32_t *to)
{
    for (int k = 0; k < depth; k += 2 * LANES) {
        const __m512 low = _mm512_maskz_loadu_ps(first_lanes(depth - k), row + k);
        const __m512 high = _mm512_maskz_loadu_ps(first_lanes(depth - k - LANES), row + k + LANES);
        _mm512_mask_storeu_epi32(to + k / 2, first_lanes((depth - k + 1) / 2),
                                 (__m512i)_mm512_cvtne2ps_pbh(high, low));
    }
}

/* Columns first … first + PANEL - 1 of b, (depth, columns): to[k][j], zeros behind the last column. */
static void pack_plain(const struct bfloat16_product *p, int first, uint32_t *to)
{
    const int left = p->columns - first, count = left < PANEL ? left : PANEL;
    for (int k = 0; k < (p->depth + 1) / 2; k++, to += PANEL) {
        const float *low = p->b + (size_t)2 * k * p->columns + first;
        pair_rows(count, low, 2 * k + 1 < p->depth ? low + p->columns : NULL, to);
        for (int j = count; j < PANEL; j++)
            to[j] = 0;
    }
}

/* The same of b stored as (columns, depth); `rows` has room for LANES rows of pairs. */
static void pack_transposed(const struct bfloat16_product *p, int first, uint32_t *to,
                            uint32_t *rows)
{
    const int steps = (p->depth + 1) / 2;
    for (int v = 0; v < PANEL; v += LANES) {
        const int left = p->columns - first - v, count = left < LANES ? left : LANES;
        for (int j = 0; j < LANES; j++)
            if (j < count)
                pair_neighbours(p->depth, p->b + (size_t)(first + v + j) * p->depth,
                                rows + (size_t)j * steps);
            else
                memset(rows + (size_t)j * steps, 0, (size_t)steps * sizeof *rows);
        transpose(LANES, steps, (const float *)(const void *)rows, steps, (float *)(void *)(to + v),
                  PANEL);
    }
}

/* ---- multiplying ---- */

/* `rows` rows of a panel of c. a: the pair of row i and step k is at a[i · a_row + k · a_step]. */
SPECIALISED void multiply_tile(const uint32_t *a, size_t a_row, size_t a_step, const uint32_t *b,
                               int steps, const int rows, float *c, int c_row, int columns,
                               bool add)
{
    __m512 sum[ROWS][VECTORS];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++)
            sum[i][v] = _mm512_setzero_ps();
    for (int k = 0; k < steps; k++, a += a_step, b += PANEL) {
        __m512bh in[VECTORS];
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++)
            in[v] = (__m512bh)_mm512_loadu_si512(b + v * LANES);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            const __m512bh pair = (__m512bh)_mm512_set1_epi32((int)a[i * a_row]);
#pragma GCC unroll 3
            for (int v = 0; v < VECTORS; v++)
                sum[i][v] = _mm512_dpbf16_ps(sum[i][v], pair, in[v]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++) {
            const __mmask16 mask = first_lanes(columns - v * LANES);
            float *to = c + (size_t)i * (size_t)c_row + v * LANES;
            if (add)
                sum[i][v] = _mm512_add_ps(sum[i][v], _mm512_maskz_loadu_ps(mask, to));
            _mm512_mask_storeu_ps(to, mask, sum[i][v]);
        }
}

static void multiply_panel(const struct bfloat16_product *p, const uint32_t *a, const uint32_t *b,
                           int first)
{
    const int steps = (p->depth + 1) / 2, left = p->columns - first;
    const int columns = left < PANEL ? left : PANEL;
    const size_t a_row = p->transpose_a ? 1 : (size_t)steps;
    const size_t a_step = p->transpose_a ? (size_t)p->rows : 1;
    float *c = p->c + first;
    int i = 0;
    for (; i + ROWS <= p->rows; i += ROWS)
        multiply_tile(a + (size_t)i * a_row, a_row, a_step, b, steps, ROWS,
                      c + (size_t)i * (size_t)p->columns, p->columns, columns, p->add);
    for (; i + 4 <= p->rows; i += 4)
        multiply_tile(a + (size_t)i * a_row, a_row, a_step, b, steps, 4,
                      c + (size_t)i * (size_t)p->columns, p->columns, columns, p->add);
    for (; i < p->rows; i++)
        multiply_tile(a + (size_t)i * a_row, a_row, a_step, b, steps, 1,
                      c + (size_t)i * (size_t)p->columns, p->columns, columns, p->add);
}

static void pack_a(const struct bfloat16_product *p, uint32_t *to)
{
    const int steps = (p->depth + 1) / 2, count = p->transpose_a ? steps : p->rows;
    const size_t length = (size_t)(p->transpose_a ? p->rows : steps);
#pragma omp parallel for schedule(static) if ((double)p->rows * p->depth > PARALLEL_THRESHOLD)
    for (int i = 0; i < count; i++) {
        if (!p->transpose_a) {
            pair_neighbours(p->depth, p->a + (size_t)i * (size_t)p->depth, to + (size_t)i * length);
        } else {
            const float *low = p->a + (size_t)2 * (size_t)i * (size_t)p->rows;
            pair_rows(p->rows, low, 2 * i + 1 < p->depth ? low + p->rows : NULL,
                      to + (size_t)i * length);
        }
    }
}

/* For each thread a panel of b, and rows before they are transposed. */
static size_t own_pairs(int steps)
{
    return (size_t)steps * (PANEL + LANES);
}

bool cpu_bfloat16_product_by_pairs(const struct bfloat16_product *p)
{
    const int steps = (p->depth + 1) / 2, panels = (p->columns + PANEL - 1) / PANEL;
    const int threads = omp_get_max_threads();
    const size_t a_pairs = (size_t)p->rows * (size_t)steps;
    const size_t bytes = sizeof(uint32_t) * (a_pairs + (size_t)threads * own_pairs(steps));
    uint32_t *a = memory_block_new(bytes); /* as OpenBLAS's copies, of no kind */
    pack_a(p, a);
    /* A share for each, whether there are as many threads or not. */
#pragma omp parallel for schedule(static) if (2.0 * p->rows * p->columns * p->depth > 500000)
    for (int share = 0; share < threads; share++) {
        uint32_t *panel = a + a_pairs + (size_t)share * own_pairs(steps);
        for (int i = share * panels / threads; i < (share + 1) * panels / threads; i++) {
            if (p->transpose_b)
                pack_transposed(p, i * PANEL, panel, panel + (size_t)steps * PANEL);
            else
                pack_plain(p, i * PANEL, panel);
            multiply_panel(p, a, panel, i * PANEL);
        }
    }
    memory_block_free(a, bytes);
    return true;
}

#else

bool cpu_bfloat16_product_by_pairs(const struct bfloat16_product *product)
{
    (void)product;
    return false;
}

#endif

/* Packing costs more than pairs save where one side is short (measured: docs/speed.md). */
static bool is_worth_packing(int rows, int columns, int depth)
{
    return rows >= 32 && columns >= 32 && depth >= 16 && (double)rows * columns * depth >= 1 << 18;
}

void cpu_bfloat16_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                          const float *a, const float *b, float beta, float *c)
{
    const struct bfloat16_product product = {transpose_a, transpose_b, rows, columns,  depth,
                                             a,           b,           c,    beta != 0};
    if ((beta != 0 && beta != 1) || !is_worth_packing(rows, columns, depth) ||
        !cpu_bfloat16_product_by_pairs(&product))
        cpu_matrix_product(transpose_a, transpose_b, rows, columns, depth, a, b, beta, c);
}
