/*
 * Average pooling over windows, as pooling.cu does it for maxima, and over whole planes: a warp for each.
 */
#include "common/kernels/cuda/cuda.h"
#include "common/kernels/cuda/windows.h"

static __global__ void average_pool(struct windows windows, size_t count, float share,
                                    const float *x, float *y)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const int window = (int)(i % windows.count);
    const struct span rows = pixels_in(window / windows.columns, windows, windows.height);
    const struct span columns = pixels_in(window % windows.columns, windows, windows.width);
    x += i / windows.count * windows.pixels;
    float sum = 0;
    for (int row = rows.first; row < rows.last; row++)
        for (int column = columns.first; column < columns.last; column++)
            sum += x[row * windows.width + column];
    y[i] = sum * share;
}

static __global__ void average_pool_backward(struct windows windows, size_t count, float share,
                                             const float *dy, float *dx)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const int pixel = (int)(i % windows.pixels);
    const struct span rows = windows_with(pixel / windows.width, windows, windows.rows);
    const struct span columns = windows_with(pixel % windows.width, windows, windows.columns);
    dy += i / windows.pixels * windows.count;
    float sum = 0;
    for (int r = rows.first; r < rows.last; r++)
        for (int c = columns.first; c < columns.last; c++)
            sum += dy[r * windows.columns + c] * share;
    dx[i] = sum;
}

static __global__ void plane_means(int count, const float *x, float *y)
{
    x += (size_t)blockIdx.x * count;
    float sum = 0;
    for (int i = (int)threadIdx.x; i < count; i += WARP)
        sum += x[i];
    sum = warp_sum(sum);
    if (threadIdx.x == 0)
        y[blockIdx.x] = sum / (float)count;
}

static __global__ void plane_means_backward(size_t all, int count, const float *dy, float *dx)
{
    const size_t i = thread_number();
    if (i < all)
        dx[i] = dy[i / count] / (float)count;
}

static struct windows windows_of(const struct pooling_sizes *sizes)
{
    return windows_on(sizes->height, sizes->width, sizes->kernel, sizes->stride, sizes->padding);
}

/* Of a window's numbers, those of the padding included, each. */
static float share_of(const struct pooling_sizes *sizes)
{
    return 1.0f / (float)(sizes->kernel * sizes->kernel);
}

void cuda_average_pool(const struct pooling_sizes *sizes, const float *x, float *y)
{
    const struct windows windows = windows_of(sizes);
    const size_t count = (size_t)sizes->planes * (size_t)windows.count;
    LAUNCH(average_pool, cuda_blocks(count), THREADS, windows, count, share_of(sizes), x, y);
}

void cuda_average_pool_backward(const struct pooling_sizes *sizes, const float *dy, float *dx)
{
    const struct windows windows = windows_of(sizes);
    const size_t count = (size_t)sizes->planes * (size_t)windows.pixels;
    LAUNCH(average_pool_backward, cuda_blocks(count), THREADS, windows, count, share_of(sizes), dy,
           dx);
}

void cuda_plane_means(int planes, int count, const float *x, float *y)
{
    LAUNCH_TOGETHER(plane_means, (unsigned)planes, WARP, count, x, y);
}

void cuda_plane_means_backward(int planes, int count, const float *dy, float *dx)
{
    const size_t all = (size_t)planes * (size_t)count;
    LAUNCH(plane_means_backward, cuda_blocks(all), THREADS, all, count, dy, dx);
}
