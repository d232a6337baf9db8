/*
 * Max pooling. A thread for each window, and backward a thread for each pixel of x, which looks at the windows
 * that contain it: so no two threads add to the same number.
 *
 * The gradient goes to the first maximum of each window; NaN is larger than any number, as in PyTorch.
 */
#include "common/kernels/cuda/cuda.h"
#include "common/kernels/cuda/windows.h"

static __global__ void max_pool(struct windows windows, size_t count, const float *x, float *y,
                                int32_t *place)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const int window = (int)(i % windows.count);
    const int window_row = window / windows.columns, window_column = window % windows.columns;
    const struct span rows = pixels_in(window_row, windows, windows.height);
    const struct span columns = pixels_in(window_column, windows, windows.width);
    x += i / windows.count * windows.pixels;
    float best = -INFINITY;
    int best_place = place_in_window(rows.first, columns.first, window_row, window_column, windows);
    for (int row = rows.first; row < rows.last; row++)
        for (int column = columns.first; column < columns.last; column++) {
            const float value = x[row * windows.width + column];
            if (value > best || value != value) {
                best = value;
                best_place = place_in_window(row, column, window_row, window_column, windows);
            }
        }
    y[i] = best;
    place[i] = best_place;
}

static __global__ void max_pool_backward(struct windows windows, size_t count, const int32_t *place,
                                         const float *dy, float *dx)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const int pixel = (int)(i % windows.pixels);
    const int row = pixel / windows.width, column = pixel % windows.width;
    const struct span rows = windows_with(row, windows, windows.rows);
    const struct span columns = windows_with(column, windows, windows.columns);
    const size_t plane = i / windows.pixels * windows.count;
    float sum = 0;
    for (int r = rows.first; r < rows.last; r++)
        for (int c = columns.first; c < columns.last; c++) {
            const size_t window = plane + (size_t)(r * windows.columns + c);
            if (place[window] == place_in_window(row, column, r, c, windows))
                sum += dy[window];
        }
    dx[i] = sum;
}

static struct windows windows_of(const struct pooling_sizes *sizes)
{
    return windows_on(sizes->height, sizes->width, sizes->kernel, sizes->stride, sizes->padding);
}

void cuda_max_pool(const struct pooling_sizes *sizes, const float *x, float *y, int32_t *place)
{
    const struct windows windows = windows_of(sizes);
    const size_t count = (size_t)sizes->planes * (size_t)windows.count;
    LAUNCH(max_pool, cuda_blocks(count), THREADS, windows, count, x, y, place);
}

void cuda_max_pool_backward(const struct pooling_sizes *sizes, const int32_t *place,
                            const float *dy, float *dx)
{
    const struct windows windows = windows_of(sizes);
    const size_t count = (size_t)sizes->planes * (size_t)windows.pixels;
    LAUNCH(max_pool_backward, cuda_blocks(count), THREADS, windows, count, place, dy, dx);
}
