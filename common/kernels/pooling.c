/*
 * Max pooling. The gradient goes to the first maximum of each window; rows and
 * columns beyond the last whole window are in no window. NaN is larger than any
 * number, as in PyTorch.
 *
 * Windows that lie side by side (stride = kernel, no padding) are pooled by whole
 * blocks of columns; windows that overlap or reach into the padding by sixteen planes (windows.h).
 */
#include "common/base/memory.h"
#include "common/kernels/windows.h"

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

/* ---- windows that overlap or reach into the padding ---- */

typedef int32_t places __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* The maxima of a block of planes, and where they are: whole numbers, carried as the bits of floats. */
static void pool_lanes(const struct pooling_sizes *sizes, const vector *x, vector *y, vector *place)
{
    const struct windows windows = windows_of(sizes);
    const int kernel = sizes->kernel, width = sizes->width;
    for (int row = 0; row < windows.rows; row++) {
        const int top = row * sizes->stride - sizes->padding;
        const struct span down = on_plane(top, kernel, sizes->height);
        for (int column = 0; column < windows.columns; column++) {
            const int left = column * sizes->stride - sizes->padding;
            const struct span right = on_plane(left, kernel, width);
            vector best = x[down.first * width + right.first];
            places best_place = (places){0} + ((down.first - top) * kernel + right.first - left);
            for (int i = down.first; i < down.last; i++)
                for (int j = right.first; j < right.last; j++) {
                    const vector value = x[i * width + j];
                    const places better = (value > best) | (value != value);
                    const int number = (i - top) * kernel + j - left;
                    best = (vector)(((places)value & better) | ((places)best & ~better));
                    best_place = (better & number) | (best_place & ~better);
                }
            *y++ = best;
            *place++ = (vector)best_place;
        }
    }
}

static void pool_lanes_backward(const struct pooling_sizes *sizes, const vector *place,
                                const vector *dy, vector *dx)
{
    const struct windows windows = windows_of(sizes);
    const int kernel = sizes->kernel, width = sizes->width;
    memset(dx, 0, sizeof *dx * (size_t)windows.pixels);
    for (int row = 0; row < windows.rows; row++) {
        const int top = row * sizes->stride - sizes->padding;
        const struct span down = on_plane(top, kernel, sizes->height);
        for (int column = 0; column < windows.columns; column++, place++, dy++) {
            const int left = column * sizes->stride - sizes->padding;
            const struct span right = on_plane(left, kernel, width);
            for (int i = down.first; i < down.last; i++)
                for (int j = right.first; j < right.last; j++) {
                    const places here = (places)*place == (i - top) * kernel + j - left;
                    dx[i * width + j] += (vector)((places)*dy & here);
                }
        }
    }
}

static bool side_by_side(const struct pooling_sizes *sizes)
{
    return sizes->stride == sizes->kernel && sizes->padding == 0;
}

/* A thread's memory: a block of x (or dx), of y (or dy) and of places. */
static size_t vectors_of_thread(const struct windows *windows)
{
    return (size_t)windows->pixels + 2 * (size_t)windows->count;
}

size_t cpu_max_pool_scratch(const struct pooling_sizes *sizes)
{
    const struct windows windows = windows_of(sizes);
    return side_by_side(sizes)
               ? 0
               : sizeof(vector) * vectors_of_thread(&windows) * (size_t)windows.threads;
}

static void pool_windows(const struct pooling_sizes *sizes, const float *x, float *y,
                         int32_t *place)
{
    const struct windows windows = windows_of(sizes);
    const size_t bytes = cpu_max_pool_scratch(sizes), thread = vectors_of_thread(&windows);
    const size_t pixels = (size_t)windows.pixels, count = (size_t)windows.count;
    vector *scratch = memory_allocate(MEMORY_WORKSPACE, bytes);
#pragma omp parallel for schedule(static) num_threads(windows.threads)
    for (int block = 0; block < windows.blocks; block++) {
        vector *x_lanes = scratch + thread * (size_t)omp_get_thread_num();
        vector *y_lanes = x_lanes + pixels, *place_lanes = y_lanes + count;
        const size_t first = (size_t)block * LANES;
        const int planes = planes_of_block(sizes->planes, block);
        cpu_planes_to_lanes(planes, windows.pixels, x + first * pixels, pixels, (float *)x_lanes);
        pool_lanes(sizes, x_lanes, y_lanes, place_lanes);
        cpu_lanes_to_planes(planes, windows.count, (float *)y_lanes, y + first * count, count);
        cpu_lanes_to_planes(planes, windows.count, (float *)place_lanes,
                            (void *)(place + first * count), count);
    }
    memory_release(MEMORY_WORKSPACE, scratch, bytes);
}

static void pool_windows_backward(const struct pooling_sizes *sizes, const int32_t *place,
                                  const float *dy, float *dx)
{
    const struct windows windows = windows_of(sizes);
    const size_t bytes = cpu_max_pool_scratch(sizes), thread = vectors_of_thread(&windows);
    const size_t pixels = (size_t)windows.pixels, count = (size_t)windows.count;
    vector *scratch = memory_allocate(MEMORY_WORKSPACE, bytes);
#pragma omp parallel for schedule(static) num_threads(windows.threads)
    for (int block = 0; block < windows.blocks; block++) {
        vector *dx_lanes = scratch + thread * (size_t)omp_get_thread_num();
        vector *dy_lanes = dx_lanes + pixels, *place_lanes = dy_lanes + count;
        const size_t first = (size_t)block * LANES;
        const int planes = planes_of_block(sizes->planes, block);
        cpu_planes_to_lanes(planes, windows.count, dy + first * count, count, (float *)dy_lanes);
        cpu_planes_to_lanes(planes, windows.count, (const void *)(place + first * count), count,
                            (float *)place_lanes);
        pool_lanes_backward(sizes, place_lanes, dy_lanes, dx_lanes);
        cpu_lanes_to_planes(planes, windows.pixels, (float *)dx_lanes, dx + first * pixels, pixels);
    }
    memory_release(MEMORY_WORKSPACE, scratch, bytes);
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
