/*
 * Sums over many numbers: of all, and of each column of a matrix.
 *
 * Many threads add up a few numbers each, and then few threads what those have: in the order that the count, or the
 * number of rows, decides. So the bits are always the same, which they would not be with atomic additions.
 */
#include "common/kernels/cuda/bands.h"

/* ---- of all numbers, in double precision ----------------------------------------------------------------------- */

#define NUMBERS_OF_THREAD 64
#define MOST_PARTS        65536

/* Neighbouring threads read neighbouring numbers, which a GPU fetches together. */
static __global__ void sum_parts(size_t count, size_t parts, const float *x, double *part)
{
    const size_t first = thread_number();
    if (first >= parts)
        return;
    double sum = 0;
    for (size_t i = first; i < count; i += parts)
        sum += (double)x[i];
    part[first] = sum;
}

/* One block. */
static __global__ void sum_of_parts(size_t parts, const double *part, double *all)
{
    double sum = 0;
    for (size_t i = threadIdx.x; i < parts; i += THREADS)
        sum += part[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0)
        *all = sum;
}

double cuda_sum(size_t count, const float *x)
{
    if (count == 0)
        return 0;
    const size_t wanted = (count + NUMBERS_OF_THREAD - 1) / NUMBERS_OF_THREAD;
    const size_t parts = wanted < MOST_PARTS ? wanted : MOST_PARTS;
    const scratch<double> part(parts + 1);
    double *all = part.data + parts, sum;
    LAUNCH(sum_parts, cuda_blocks(parts), THREADS, count, parts, x, part.data);
    LAUNCH_TOGETHER(sum_of_parts, 1, THREADS, parts, part.data, all);
    cuda_read(&sum, all, sizeof sum);
    return sum;
}

/* ---- of columns ---------------------------------------------------------------------------------------------------- */

/* add: += */
static __global__ void sum_bands(int rows, int columns, const float *y, bool add, float *sums)
{
    const size_t i = thread_number();
    if (i >= (size_t)bands_of(rows) * (size_t)columns)
        return;
    const struct band band = band_of(rows, columns, i);
    float sum = 0;
    for (int row = band.first; row < band.end; row++)
        sum += y[(size_t)row * (size_t)columns + band.column];
    sums[i] = add ? sums[i] + sum : sum;
}

void cuda_add_column_sums(int rows, int columns, const float *y, float *sums)
{
    const int bands = bands_of(rows);
    const size_t count = (size_t)bands * (size_t)columns;
    if (bands <= 1) {
        LAUNCH(sum_bands, cuda_blocks(count), THREADS, rows, columns, y, true, sums);
        return;
    }
    const scratch<float> part(count);
    LAUNCH(sum_bands, cuda_blocks(count), THREADS, rows, columns, y, false, part.data);
    cuda_add_column_sums(bands, columns, part.data, sums);
}
