/*
 * Windows that slide over planes, sixteen planes at a time: the lanes of a vector are the planes'
 * numbers at one place, so that nothing depends on how wide a plane is, and windows may overlap and
 * reach into the padding as they like. Planes are transposed before and after.
 */
#ifndef COMMON_KERNELS_WINDOWS_H
#define COMMON_KERNELS_WINDOWS_H

#include "common/kernels/lanes.h"

#include <omp.h>

/* The part [first, last) of a window that lies on the plane, and not in its padding. */
struct span {
    int first, last;
};

/* Of a window that begins at `start`, along one side. */
static inline struct span on_plane(int start, int kernel, int pixels)
{
    return (struct span){start < 0 ? 0 : start, start + kernel < pixels ? start + kernel : pixels};
}

/* Planes, in blocks of LANES, and the windows on each. */
struct windows {
    int pixels;               /* of a plane */
    int rows, columns, count; /* of windows */
    int blocks, threads;
};

static inline struct windows windows_of(const struct pooling_sizes *sizes)
{
    struct windows windows = {
        .pixels = sizes->height * sizes->width,
        .rows = windows_along(sizes->height, sizes->kernel, sizes->stride, sizes->padding),
        .columns = windows_along(sizes->width, sizes->kernel, sizes->stride, sizes->padding),
        .blocks = blocks_of(sizes->planes),
        .threads = 1};
    windows.count = windows.rows * windows.columns;
    double work = (double)sizes->planes * windows.count * sizes->kernel * sizes->kernel;
    if (work > PARALLEL_THRESHOLD)
        windows.threads = omp_get_max_threads();
    if (windows.threads > windows.blocks)
        windows.threads = windows.blocks;
    return windows;
}

/* A block's first plane, and how many it has. */
static inline int planes_of_block(int planes, int block)
{
    int left = planes - block * LANES;
    return left < LANES ? left : LANES;
}

#endif
