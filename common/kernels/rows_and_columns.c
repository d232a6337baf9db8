/*
 * What is done to whole rows or columns of a matrix, and a few more that norms and cross-entropies
 * over a split dimension are made of.
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

void cpu_row_maxima(int rows, int columns, const float *x, float *maxima)
{
#pragma omp parallel for schedule(static) if (is_worth_threads(rows, columns))
    for (int i = 0; i < rows; i++) {
        const float *row = x + (size_t)i * (size_t)columns;
        float largest = row[0];
        for (int j = 1; j < columns; j++)
            largest = row[j] <= largest ? largest : row[j];
        bool numbers = true;
        for (int j = 0; j < columns; j++)
            numbers &= row[j] <= largest;
        maxima[i] = numbers ? largest : NAN;
    }
}

/* The column that a row's index means, or -1: there is none. */
static int picked_column(int columns, int first, int32_t index)
{
    const int64_t column = (int64_t)index - first;
    return column >= 0 && column < columns ? (int)column : -1;
}

void cpu_pick(int rows, int columns, int first, const int32_t *index, const float *x, float *values)
{
    for (int i = 0; i < rows; i++) {
        const int column = picked_column(columns, first, index[i]);
        values[i] = column < 0 ? 0.0f : x[(size_t)i * (size_t)columns + (size_t)column];
    }
}

void cpu_add_to_picked(int rows, int columns, int first, const int32_t *index, float value,
                       float *y)
{
    for (int i = 0; i < rows; i++) {
        const int column = picked_column(columns, first, index[i]);
        if (column >= 0)
            y[(size_t)i * (size_t)columns + (size_t)column] += value;
    }
}

double cpu_sum(size_t count, const float *x)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += (double)x[i];
    return sum;
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
