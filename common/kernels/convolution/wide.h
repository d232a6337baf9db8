/*
 * Convolution with many channels, any stride, padding and groups: what the kernels
 * of convolution_wide*.c share.
 *
 * The vectors' lanes are sixteen channels of the result: outputs in the forward,
 * inputs in the backward for the input, outputs again in the backward for the
 * weight. Every number of the other operand meets sixteen weights (or gradients)
 * that lie side by side, so nothing depends on how wide a plane is, nothing wraps
 * at the end of a row, and a stride only changes addresses. The price is that
 * results come out with their channels innermost and have to be transposed: four
 * shuffles per vector, beside inputs · kernel² multiplications.
 *
 * "A block" is such a vector's channels; the last one of a group may be partly
 * empty (zeros). Blocks are worked on in pairs where there are two.
 */
#ifndef COMMON_KERNELS_CONVOLUTION_WIDE_H
#define COMMON_KERNELS_CONVOLUTION_WIDE_H

#include "common/kernels/convolution/convolution.h"
#include "common/kernels/lanes.h"

/* Taps (places of the window) first … last - 1. */
struct tap_range {
    int first, last;
};

/* to[b][r][c] = start[b] + the sum over channels i and taps t of
 *               weight[b][i][t] · from[i][r · from_row + c · from_column + offset[t]]
 *
 * for vectors of LANES channels `to`, `start` and `weight`. Strides are in floats. */
struct correlation {
    int channels, taps;
    const int *offset;             /* of each tap */
    const struct tap_range *range; /* for each row: those that see more than padding */
    bool edges; /* taps come in threes, side by side; the first of them has only padding at column
                 * 0, the last at the last column (windows of 3, padding 1, stride 1) */
    const float *from;
    size_t from_plane;
    int from_row, from_column;
    const float *weight; /* (blocks, channels, taps, LANES) */
    size_t weight_block;
    const float *start; /* (blocks, LANES); NULL: zeros */
    float *to;
    size_t to_block;
    int to_row, to_column;
    int blocks; /* 1 or 2 */
    int rows, columns;
};

static inline bool has_edges(const struct convolution_sizes *sizes)
{
    return sizes->kernel == 3 && sizes->padding == 1 && sizes->stride == 1;
}

/* correlate.c */
void cpu_correlate(const struct correlation *work);

/* Positions of the result that are made at a time, before they leave the nearest cache. */
#define BAND_POSITIONS 64

/* So many whole rows of them, but no more than there are. */
static inline int band_rows(int rows, int columns)
{
    int fitting = (BAND_POSITIONS + columns - 1) / columns;
    return fitting < rows ? fitting : rows;
}

#endif
