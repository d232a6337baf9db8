/*
 * What is done to whole rows or columns of a matrix, and a few more that norms and cross-entropies over a split
 * dimension are made of.
 *
 * A thread for each element, and a warp for each row that is added up.
 */
#include "common/kernels/cuda/cuda.h"

/* ---- element by element ------------------------------------------------------------------------------------- */

static __global__ void fill_rows(size_t count, unsigned columns, const float *row, float *y)
{
    const size_t i = thread_number();
    if (i < count)
        y[i] = row[rest_of(i, columns)];
}

static __global__ void add_to_columns(size_t count, unsigned columns, const float *values, float *y)
{
    const size_t i = thread_number();
    if (i < count)
        y[i] += values[rest_of(i, columns)];
}

static __global__ void multiply_columns(size_t count, unsigned columns, const float *factors,
                                        float *y)
{
    const size_t i = thread_number();
    if (i < count)
        y[i] *= factors[rest_of(i, columns)];
}

static __global__ void add_to_rows(size_t count, unsigned columns, const float *values, float *y)
{
    const size_t i = thread_number();
    if (i < count)
        y[i] += values[quotient(i, columns)];
}

static __global__ void multiply_rows(size_t count, unsigned columns, const float *factors, float *y)
{
    const size_t i = thread_number();
    if (i < count)
        y[i] *= factors[quotient(i, columns)];
}

static __global__ void scale(size_t count, float factor, float *y)
{
    const size_t i = thread_number();
    if (i < count)
        y[i] *= factor;
}

static __global__ void inverse_square_root(size_t count, float epsilon, float *y)
{
    const size_t i = thread_number();
    if (i < count)
        y[i] = 1.0f / sqrtf(y[i] + epsilon);
}

/* As whole numbers: bits stay what they are. */
static __global__ void copy_blocks(size_t count, size_t length, const int32_t *from,
                                   size_t from_step, int32_t *to, size_t to_step)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const size_t block = i / length, place = i % length;
    to[block * to_step + place] = from[block * from_step + place];
}

static size_t size_of(int rows, int columns)
{
    return (size_t)rows * (size_t)columns;
}

void cuda_fill_rows(int rows, int columns, const float *row, float *y)
{
    const size_t count = size_of(rows, columns);
    LAUNCH(fill_rows, cuda_blocks(count), THREADS, count, (unsigned)columns, row, y);
}

void cuda_add_to_columns(int rows, int columns, const float *values, float *y)
{
    const size_t count = size_of(rows, columns);
    LAUNCH(add_to_columns, cuda_blocks(count), THREADS, count, (unsigned)columns, values, y);
}

void cuda_multiply_columns(int rows, int columns, const float *factors, float *y)
{
    const size_t count = size_of(rows, columns);
    LAUNCH(multiply_columns, cuda_blocks(count), THREADS, count, (unsigned)columns, factors, y);
}

void cuda_add_to_rows(int rows, int columns, const float *values, float *y)
{
    const size_t count = size_of(rows, columns);
    LAUNCH(add_to_rows, cuda_blocks(count), THREADS, count, (unsigned)columns, values, y);
}

void cuda_multiply_rows(int rows, int columns, const float *factors, float *y)
{
    const size_t count = size_of(rows, columns);
    LAUNCH(multiply_rows, cuda_blocks(count), THREADS, count, (unsigned)columns, factors, y);
}

void cuda_scale(size_t count, float factor, float *y)
{
    LAUNCH(scale, cuda_blocks(count), THREADS, count, factor, y);
}

void cuda_inverse_square_root(size_t count, float epsilon, float *y)
{
    LAUNCH(inverse_square_root, cuda_blocks(count), THREADS, count, epsilon, y);
}

void cuda_copy_blocks(size_t blocks, size_t length, const float *from, size_t from_step, float *to,
                      size_t to_step)
{
    const size_t count = blocks * length;
    LAUNCH(copy_blocks, cuda_blocks(count), THREADS, count, length, (const int32_t *)from,
           from_step, (int32_t *)to, to_step);
}

/* ---- one element of each row -------------------------------------------------------------------------------- */

/* The column that a row's index means, or -1: there is none. */
static __device__ int picked_column(int columns, int first, int32_t index)
{
    const int64_t column = (int64_t)index - first;
    return column >= 0 && column < columns ? (int)column : -1;
}

static __global__ void pick(int rows, int columns, int first, const int32_t *index, const float *x,
                            float *values)
{
    const size_t i = thread_number();
    if (i >= (size_t)rows)
        return;
    const int column = picked_column(columns, first, index[i]);
    values[i] = column < 0 ? 0.0f : x[i * (size_t)columns + (size_t)column];
}

static __global__ void add_to_picked(int rows, int columns, int first, const int32_t *index,
                                     float value, float *y)
{
    const size_t i = thread_number();
    if (i >= (size_t)rows)
        return;
    const int column = picked_column(columns, first, index[i]);
    if (column >= 0)
        y[i * (size_t)columns + (size_t)column] += value;
}

void cuda_pick(int rows, int columns, int first, const int32_t *index, const float *x,
               float *values)
{
    LAUNCH(pick, cuda_blocks((size_t)rows), THREADS, rows, columns, first, index, x, values);
}

void cuda_add_to_picked(int rows, int columns, int first, const int32_t *index, float value,
                        float *y)
{
    LAUNCH(add_to_picked, cuda_blocks((size_t)rows), THREADS, rows, columns, first, index, value,
           y);
}

/* ---- rows that are added up ----------------------------------------------------------------------------------- */

static __global__ void row_sums(int rows, int columns, const float *x, float *sums)
{
    const size_t i = warp_number();
    if (i >= (size_t)rows)
        return;
    float sum = 0;
    for (int j = lane_number(); j < columns; j += WARP)
        sum += x[i * (size_t)columns + (size_t)j];
    sum = warp_sum(sum);
    if (lane_number() == 0)
        sums[i] = sum;
}

static __global__ void row_maxima(int rows, int columns, const float *x, float *maxima)
{
    const size_t i = warp_number();
    if (i >= (size_t)rows)
        return;
    float largest = -INFINITY;
    for (int j = lane_number(); j < columns; j += WARP)
        largest = larger(largest, x[i * (size_t)columns + (size_t)j]);
    largest = warp_largest(largest);
    if (lane_number() == 0)
        maxima[i] = largest;
}

void cuda_row_sums(int rows, int columns, const float *x, float *sums)
{
    LAUNCH_TOGETHER(row_sums, cuda_blocks((size_t)rows, WARPS), WARPS * WARP, rows, columns, x,
                    sums);
}

void cuda_row_maxima(int rows, int columns, const float *x, float *maxima)
{
    LAUNCH_TOGETHER(row_maxima, cuda_blocks((size_t)rows, WARPS), WARPS * WARP, rows, columns, x,
                    maxima);
}
