/*
 * Average pooling over windows, and over whole planes.
 */
#include "common/kernels/cpu.h"

#include <string.h>

/* The part [first, last) of a window that begins at `start` and lies on pixels 0 … pixels - 1. */
struct span {
    int first, last;
};

static struct span on_plane(int start, int kernel, int pixels)
{
    return (struct span){start < 0 ? 0 : start, start + kernel < pixels ? start + kernel : pixels};
}

void cpu_average_pool(const struct pooling_sizes *sizes, const float *x, float *y)
{
    int height = sizes->height, width = sizes->width, kernel = sizes->kernel;
    int rows = windows_along(height, kernel, sizes->stride, sizes->padding);
    int columns = windows_along(width, kernel, sizes->stride, sizes->padding);
    float share = 1.0f / (float)(kernel * kernel);
    double work = (double)sizes->planes * rows * columns * kernel * kernel;
#pragma omp parallel for schedule(static) if (work > PARALLEL_THRESHOLD)
    for (int plane = 0; plane < sizes->planes; plane++) {
        const float *in = x + (size_t)plane * height * width;
        float *out = y + (size_t)plane * rows * columns;
        for (int row = 0; row < rows; row++) {
            struct span down = on_plane(row * sizes->stride - sizes->padding, kernel, height);
            for (int column = 0; column < columns; column++) {
                struct span right =
                    on_plane(column * sizes->stride - sizes->padding, kernel, width);
                float sum = 0;
                for (int i = down.first; i < down.last; i++)
                    for (int j = right.first; j < right.last; j++)
                        sum += in[i * width + j];
                *out++ = sum * share;
            }
        }
    }
}

void cpu_average_pool_backward(const struct pooling_sizes *sizes, const float *dy, float *dx)
{
    int height = sizes->height, width = sizes->width, kernel = sizes->kernel;
    int rows = windows_along(height, kernel, sizes->stride, sizes->padding);
    int columns = windows_along(width, kernel, sizes->stride, sizes->padding);
    float share = 1.0f / (float)(kernel * kernel);
    double work = (double)sizes->planes * rows * columns * kernel * kernel;
#pragma omp parallel for schedule(static) if (work > PARALLEL_THRESHOLD)
    for (int plane = 0; plane < sizes->planes; plane++) {
        const float *in = dy + (size_t)plane * rows * columns;
        float *out = dx + (size_t)plane * height * width;
        memset(out, 0, sizeof *out * (size_t)height * (size_t)width);
        for (int row = 0; row < rows; row++) {
            struct span down = on_plane(row * sizes->stride - sizes->padding, kernel, height);
            for (int column = 0; column < columns; column++) {
                struct span right =
                    on_plane(column * sizes->stride - sizes->padding, kernel, width);
                float part = *in++ * share;
                for (int i = down.first; i < down.last; i++)
                    for (int j = right.first; j < right.last; j++)
                        out[i * width + j] += part;
            }
        }
    }
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
