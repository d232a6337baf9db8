/*
 * Average pooling over windows, by sixteen planes (windows.h), and over whole planes.
 */
#include "common/base/memory.h"
#include "common/kernels/windows.h"

#include <string.h>

/* The means of a block of planes. */
static void average_lanes(const struct pooling_sizes *sizes, const vector *x, vector *y)
{
    const struct windows windows = windows_of(sizes);
    const float share = 1.0f / (float)(sizes->kernel * sizes->kernel);
    for (int row = 0; row < windows.rows; row++) {
        const struct span down =
            on_plane(row * sizes->stride - sizes->padding, sizes->kernel, sizes->height);
        for (int column = 0; column < windows.columns; column++) {
            const struct span right =
                on_plane(column * sizes->stride - sizes->padding, sizes->kernel, sizes->width);
            vector sum = {0};
            for (int i = down.first; i < down.last; i++)
                for (int j = right.first; j < right.last; j++)
                    sum += x[i * sizes->width + j];
            *y++ = sum * share;
        }
    }
}

static void average_lanes_backward(const struct pooling_sizes *sizes, const vector *dy, vector *dx)
{
    const struct windows windows = windows_of(sizes);
    const float share = 1.0f / (float)(sizes->kernel * sizes->kernel);
    memset(dx, 0, sizeof *dx * (size_t)windows.pixels);
    for (int row = 0; row < windows.rows; row++) {
        const struct span down =
            on_plane(row * sizes->stride - sizes->padding, sizes->kernel, sizes->height);
        for (int column = 0; column < windows.columns; column++) {
            const struct span right =
                on_plane(column * sizes->stride - sizes->padding, sizes->kernel, sizes->width);
            const vector part = *dy++ * share;
            for (int i = down.first; i < down.last; i++)
                for (int j = right.first; j < right.last; j++)
                    dx[i * sizes->width + j] += part;
        }
    }
}

/* A thread's memory: a block of x and of y, or of their gradients. */
static size_t vectors_of_thread(const struct windows *windows)
{
    return (size_t)windows->pixels + (size_t)windows->count;
}

size_t cpu_average_pool_scratch(const struct pooling_sizes *sizes)
{
    const struct windows windows = windows_of(sizes);
    return sizeof(vector) * vectors_of_thread(&windows) * (size_t)windows.threads;
}

/* `count_from` numbers of each plane become `count_to`, by sixteen planes. */
static void pool(const struct pooling_sizes *sizes, int count_from, const float *from, int count_to,
                 float *to, void (*lanes)(const struct pooling_sizes *, const vector *, vector *))
{
    const struct windows windows = windows_of(sizes);
    const size_t bytes = cpu_average_pool_scratch(sizes), thread = vectors_of_thread(&windows);
    vector *scratch = memory_allocate(MEMORY_WORKSPACE, bytes);
#pragma omp parallel for schedule(static) num_threads(windows.threads)
    for (int block = 0; block < windows.blocks; block++) {
        vector *from_lanes = scratch + thread * (size_t)omp_get_thread_num();
        vector *to_lanes = from_lanes + count_from;
        const size_t first = (size_t)block * LANES;
        const int planes = planes_of_block(sizes->planes, block);
        cpu_planes_to_lanes(planes, count_from, from + first * (size_t)count_from,
                            (size_t)count_from, (float *)from_lanes);
        lanes(sizes, from_lanes, to_lanes);
        cpu_lanes_to_planes(planes, count_to, (float *)to_lanes, to + first * (size_t)count_to,
                            (size_t)count_to);
    }
    memory_release(MEMORY_WORKSPACE, scratch, bytes);
}

void cpu_average_pool(const struct pooling_sizes *sizes, const float *x, float *y)
{
    const struct windows windows = windows_of(sizes);
    pool(sizes, windows.pixels, x, windows.count, y, average_lanes);
}

void cpu_average_pool_backward(const struct pooling_sizes *sizes, const float *dy, float *dx)
{
    const struct windows windows = windows_of(sizes);
    pool(sizes, windows.count, dy, windows.pixels, dx, average_lanes_backward);
}

void cpu_plane_means(int planes, int count, const float *x, float *y)
{
#pragma omp parallel for schedule(static) if ((double)planes * count > PARALLEL_THRESHOLD)
    for (int plane = 0; plane < planes; plane++) {
        const float *in = x + (size_t)plane * count;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int i = 0; i < count; i++)
            sum += in[i];
        y[plane] = sum / (float)count;
    }
}

void cpu_plane_means_backward(int planes, int count, const float *dy, float *dx)
{
#pragma omp parallel for schedule(static) if ((double)planes * count > PARALLEL_THRESHOLD)
    for (int plane = 0; plane < planes; plane++)
        for (int i = 0; i < count; i++)
            dx[(size_t)plane * count + i] = dy[plane] / (float)count;
}
