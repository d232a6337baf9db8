/*
 * What is done to whole rows or columns of a matrix, and a few more that norms over a split
 * dimension are made of.
 */
#include "common/kernels/cpu.h"

#include <math.h>
#include <string.h>

static bool is_worth_threads(int rows, int columns)
{
    return (double)rows * columns > PARALLEL_THRESHOLD;
}

void cpu_add_to_columns(int rows, int columns, const float *values, float *y)
{
#pragma omp parallel for schedule(static) if (is_worth_threads(rows, columns))
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            y[(size_t)i * (size_t)columns + (size_t)j] += values[j];
}

void cpu_multiply_columns(int rows, int columns, const float *factors, float *y)
{
#pragma omp parallel for schedule(static) if (is_worth_threads(rows, columns))
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            y[(size_t)i * (size_t)columns + (size_t)j] *= factors[j];
}

void cpu_add_to_rows(int rows, int columns, const float *values, float *y)
{
#pragma omp parallel for schedule(static) if (is_worth_threads(rows, columns))
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            y[(size_t)i * (size_t)columns + (size_t)j] += values[i];
}

void cpu_multiply_rows(int rows, int columns, const float *factors, float *y)
{
#pragma omp parallel for schedule(static) if (is_worth_threads(rows, columns))
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            y[(size_t)i * (size_t)columns + (size_t)j] *= factors[i];
}

void cpu_row_sums(int rows, int columns, const float *x, float *sums)
{
#pragma omp parallel for schedule(static) if (is_worth_threads(rows, columns))
    for (int i = 0; i < rows; i++) {
        const float *row = x + (size_t)i * (size_t)columns;
        vector lanes = {0};
        int j = 0;
        for (; j + LANES <= columns; j += LANES)
            lanes += *(const vector *)(row + j);
        float sum = 0.0f;
        for (; j < columns; j++)
            sum += row[j];
        for (int lane = 0; lane < LANES; lane++)
            sum += lanes[lane];
        sums[i] = sum;
    }
}

void cpu_scale(size_t count, float factor, float *y)
{
#pragma omp parallel for simd schedule(static) if (parallel : (double)count > PARALLEL_THRESHOLD)
    for (size_t i = 0; i < count; i++)
        y[i] *= factor;
}

void cpu_inverse_square_root(size_t count, float epsilon, float *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = 1.0f / sqrtf(y[i] + epsilon);
}

void cpu_copy_blocks(size_t blocks, size_t length, const float *from, size_t from_step, float *to,
                     size_t to_step)
{
    for (size_t block = 0; block < blocks && length > 0; block++)
        memmove(to + block * to_step, from + block * from_step, length * sizeof *to);
}
