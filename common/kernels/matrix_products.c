/*
 * Matrix products (OpenBLAS) and the bias of linear layers.
 */
#include "common/kernels/cpu.h"

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

void cpu_prepare_matrix_products(void)
{
    const char *variable = "OPENBLAS_CORETYPE";
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

/* A product of fewer operations than this is left to one thread. */
#define PRODUCT_THRESHOLD 1e6

void cpu_matrix_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                        const float *a, const float *b, float beta, float *c)
{
    int a_row = transpose_a ? rows : depth, b_row = transpose_b ? depth : columns;
    /* Each thread makes a band of c by itself, of whole rows or of whole columns, whichever are
     * more. (OpenBLAS has threads of its own, but they wait for each other within a product; in
     * a parallel region it uses one.) */
    bool by_rows = rows >= columns;
    int size = by_rows ? rows : columns;
    double flops = 2.0 * rows * columns * depth;
#pragma omp parallel if (flops > PRODUCT_THRESHOLD)
    {
        long part = omp_get_thread_num(), parts = omp_get_num_threads();
        int first = (int)(part * size / parts / LANES * LANES);
        int next = part + 1 == parts ? size : (int)((part + 1) * size / parts / LANES * LANES);
        const float *a_band = a, *b_band = b;
        float *c_band = c;
        if (by_rows) {
            a_band += (size_t)first * (transpose_a ? 1 : a_row);
            c_band += (size_t)first * columns;
        } else {
            b_band += (size_t)first * (transpose_b ? b_row : 1);
            c_band += first;
        }
        if (next > first)
            cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                        transpose_b ? CblasTrans : CblasNoTrans, by_rows ? next - first : rows,
                        by_rows ? columns : next - first, depth, 1.0f, a_band, a_row, b_band, b_row,
                        beta, c_band, columns);
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
