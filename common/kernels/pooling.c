/*
 * Max pooling. The gradient goes to the first maximum of each window; rows and
 * columns beyond the last whole window are in no window. NaN is larger than any
 * number, as in PyTorch.
 *
 * Windows that lie side by side (stride = kernel, no padding) are pooled by whole
 * blocks of columns; windows that overlap or reach into the padding one by one.
 */
#include "common/kernels/cpu.h"

#include <math.h>
#include <string.h>

/* The two functions below work on a block of columns of one row of y. They are inlined with
 * constant sizes, so that their inner loops disappear. */
SPECIALISED void pool_block(const float *restrict x, int width, float *restrict y,
                            int32_t *restrict place, const int columns, const int kernel)
{
#pragma omp simd
    for (int column = 0; column < columns; column++) {
        float best = x[column * kernel];
        int32_t best_place = 0;
        for (int t = 1; t < kernel * kernel; t++) {
            float value = x[(t / kernel) * width + column * kernel + t % kernel];
            bool better = value > best || value != value;
            best = better ? value : best;
            best_place = better ? t : best_place;
        }
        y[column] = best;
        place[column] = best_place;
    }
}

SPECIALISED void pool_block_backward(const int32_t *restrict place, const float *restrict dy,
                                     int width, float *restrict dx, const int columns,
                                     const int kernel)
{
    for (int ky = 0; ky < kernel; ky++)
#pragma omp simd
        for (int column = 0; column < columns; column++)
            for (int kx = 0; kx < kernel; kx++)
                dx[ky * width + column * kernel + kx] =
                    place[column] == ky * kernel + kx ? dy[column] : 0.0f;
}

/* Where the block for these columns begins: the last one overlaps the one before instead of
 * reaching beyond the row. */
static inline int block_start(int column, int columns, int block)
{
    return column + block <= columns ? column : columns - block;
}

static void pool_row(const float *x, int width, int columns, float *y, int32_t *place, int kernel)
{
    if (kernel == 2 && columns >= 8)
        for (int column = 0; column < columns; column += 8) {
            int at = block_start(column, columns, 8);
            pool_block(x + 2 * at, width, y + at, place + at, 8, 2);
        }
    else if (kernel == 2 && columns >= 4)
        for (int column = 0; column < columns; column += 4) {
            int at = block_start(column, columns, 4);
            pool_block(x + 2 * at, width, y + at, place + at, 4, 2);
        }
    else
        pool_block(x, width, y, place, columns, kernel);
}

static void pool_row_backward(const int32_t *place, const float *dy, int columns, int width,
                              float *dx, int kernel)
{
    if (kernel == 2 && columns >= 8)
        for (int column = 0; column < columns; column += 8) {
            int at = block_start(column, columns, 8);
            pool_block_backward(place + at, dy + at, width, dx + 2 * at, 8, 2);
        }
    else if (kernel == 2 && columns >= 4)
        for (int column = 0; column < columns; column += 4) {
            int at = block_start(column, columns, 4);
            pool_block_backward(place + at, dy + at, width, dx + 2 * at, 4, 2);
        }
    else
        pool_block_backward(place, dy, width, dx, columns, kernel);
}

static void pool_side_by_side(const struct pooling_sizes *sizes, const float *x, float *y,
                              int32_t *place)
{
    int rows = sizes->height / sizes->kernel, columns = sizes->width / sizes->kernel;
    double work = (double)sizes->planes * sizes->height * sizes->width;
#pragma omp parallel for schedule(static) if (work > PARALLEL_THRESHOLD)
    for (int plane = 0; plane < sizes->planes; plane++)
        for (int row = 0; row < rows; row++) {
            size_t out = ((size_t)plane * rows + row) * columns;
            const float *in =
                x + ((size_t)plane * sizes->height + row * sizes->kernel) * sizes->width;
            pool_row(in, sizes->width, columns, y + out, place + out, sizes->kernel);
        }
}

static void pool_side_by_side_backward(const struct pooling_sizes *sizes, const int32_t *place,
                                       const float *dy, float *dx)
{
    int rows = sizes->height / sizes->kernel, columns = sizes->width / sizes->kernel;
    size_t plane_count = (size_t)sizes->height * sizes->width;
    bool uncovered = sizes->height % sizes->kernel != 0 || sizes->width % sizes->kernel != 0;
    double work = (double)sizes->planes * (double)plane_count;
#pragma omp parallel for schedule(static) if (work > PARALLEL_THRESHOLD)
    for (int plane = 0; plane < sizes->planes; plane++) {
        if (uncovered)
            memset(dx + plane * plane_count, 0, sizeof *dx * plane_count);
        for (int row = 0; row < rows; row++) {
            size_t out = ((size_t)plane * rows + row) * columns;
            float *to = dx + plane * plane_count + (size_t)row * sizes->kernel * sizes->width;
            pool_row_backward(place + out, dy + out, columns, sizes->width, to, sizes->kernel);
        }
    }
}

/* One window: its first row and column may lie in the padding. */
static inline float window_maximum(const float *plane, const struct pooling_sizes *sizes, int top,
                                   int left, int32_t *place)
{
    float best = -INFINITY;
    int32_t best_place = -1;
    for (int i = top < 0 ? -top : 0; i < sizes->kernel && top + i < sizes->height; i++)
        for (int j = left < 0 ? -left : 0; j < sizes->kernel && left + j < sizes->width; j++) {
            float value = plane[(top + i) * sizes->width + left + j];
            bool better = value > best || value != value || best_place < 0;
            best = better ? value : best;
            best_place = better ? i * sizes->kernel + j : best_place;
        }
    *place = best_place;
    return best;
}

static void pool_windows(const struct pooling_sizes *sizes, const float *x, float *y,
                         int32_t *place)
{
    int rows = windows_along(sizes->height, sizes->kernel, sizes->stride, sizes->padding);
    int columns = windows_along(sizes->width, sizes->kernel, sizes->stride, sizes->padding);
    double work = (double)sizes->planes * rows * columns * sizes->kernel * sizes->kernel;
#pragma omp parallel for schedule(static) if (work > PARALLEL_THRESHOLD)
    for (int plane = 0; plane < sizes->planes; plane++) {
        const float *in = x + (size_t)plane * sizes->height * sizes->width;
        size_t out = (size_t)plane * rows * columns;
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++, out++)
                y[out] = window_maximum(in, sizes, row * sizes->stride - sizes->padding,
                                        column * sizes->stride - sizes->padding, &place[out]);
    }
}

static void pool_windows_backward(const struct pooling_sizes *sizes, const int32_t *place,
                                  const float *dy, float *dx)
{
    int rows = windows_along(sizes->height, sizes->kernel, sizes->stride, sizes->padding);
    int columns = windows_along(sizes->width, sizes->kernel, sizes->stride, sizes->padding);
    size_t plane_count = (size_t)sizes->height * sizes->width;
    double work = (double)sizes->planes * (double)plane_count;
#pragma omp parallel for schedule(static) if (work > PARALLEL_THRESHOLD)
    for (int plane = 0; plane < sizes->planes; plane++) {
        float *to = dx + plane * plane_count;
        size_t out = (size_t)plane * rows * columns;
        memset(to, 0, sizeof *dx * plane_count);
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++, out++) {
                int i = row * sizes->stride - sizes->padding + place[out] / sizes->kernel;
                int j = column * sizes->stride - sizes->padding + place[out] % sizes->kernel;
                to[i * sizes->width + j] += dy[out];
            }
    }
}

static bool side_by_side(const struct pooling_sizes *sizes)
{
    return sizes->stride == sizes->kernel && sizes->padding == 0;
}

void cpu_max_pool(const struct pooling_sizes *sizes, const float *x, float *y, int32_t *place)
{
    if (side_by_side(sizes))
        pool_side_by_side(sizes, x, y, place);
    else
        pool_windows(sizes, x, y, place);
}

void cpu_max_pool_backward(const struct pooling_sizes *sizes, const int32_t *place, const float *dy,
                           float *dx)
{
    if (side_by_side(sizes))
        pool_side_by_side_backward(sizes, place, dy, dx);
    else
        pool_windows_backward(sizes, place, dy, dx);
}
