/*
 * Matrix products (OpenBLAS) and the bias of linear layers.
 */
#include "common/kernels/cpu.h"

#include <cblas.h>
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

void cpu_matrix_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                        const float *a, const float *b, float beta, float *c)
{
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                transpose_b ? CblasTrans : CblasNoTrans, rows, columns, depth, 1.0f, a,
                transpose_a ? rows : depth, b, transpose_b ? depth : columns, beta, c, columns);
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
