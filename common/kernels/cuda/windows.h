/*
 * Windows that slide over planes: what kernels of convolution and pooling know of them.
 */
#ifndef COMMON_KERNELS_CUDA_WINDOWS_H
#define COMMON_KERNELS_CUDA_WINDOWS_H

#include "common/kernels/kernels.h"

struct windows {
    int height, width, pixels;   /* of a plane */
    int rows, columns, count;    /* of windows on it */
    int kernel, stride, padding; /* of a window; between two; around the plane */
};

static inline struct windows windows_on(int height, int width, int kernel, int stride, int padding)
{
    struct windows windows = {};
    windows.height = height;
    windows.width = width;
    windows.pixels = height * width;
    windows.rows = windows_along(height, kernel, stride, padding);
    windows.columns = windows_along(width, kernel, stride, padding);
    windows.count = windows.rows * windows.columns;
    windows.kernel = kernel;
    windows.stride = stride;
    windows.padding = padding;
    return windows;
}

/* From first to last - 1. */
struct span {
    int first, last;
};

/* Of window number `window` along one side: the pixels that lie on the plane, and not in its padding. */
static inline __device__ struct span pixels_in(int window, const struct windows &windows, int side)
{
    const int start = window * windows.stride - windows.padding, end = start + windows.kernel;
    return {start < 0 ? 0 : start, end < side ? end : side};
}

/* Of `count` windows along one side: those that contain the pixel. */
static inline __device__ struct span windows_with(int pixel, const struct windows &windows,
                                                  int count)
{
    const int place = pixel + windows.padding; /* from where the first window begins */
    const int first = place < windows.kernel ? 0 : (place - windows.kernel) / windows.stride + 1;
    const int last = place / windows.stride + 1;
    return {first, last < count ? last : count};
}

/* Where the pixel (row, column) stands in window (window_row, window_column), which contains it. */
static inline __device__ int place_in_window(int row, int column, int window_row, int window_column,
                                             const struct windows &windows)
{
    return (row + windows.padding - window_row * windows.stride) * windows.kernel + column +
           windows.padding - window_column * windows.stride;
}

#endif
