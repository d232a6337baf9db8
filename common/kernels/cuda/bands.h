/*
 * Bands of rows: a sum over the rows of a matrix is made of sums over bands of them, a thread for each column of each
 * band (sums.cu, layer_norm.cu).
 */
#ifndef COMMON_KERNELS_CUDA_BANDS_H
#define COMMON_KERNELS_CUDA_BANDS_H

#include "common/kernels/cuda/cuda.h"

#define ROWS_OF_BAND 64

static inline __host__ __device__ int bands_of(int rows)
{
    return (rows + ROWS_OF_BAND - 1) / ROWS_OF_BAND;
}

/* Rows first … end - 1 of a column. */
struct band {
    int first, end;
    unsigned column;
};

/* That of thread i, of bands_of(rows) · columns. */
static inline __device__ struct band band_of(int rows, int columns, size_t i)
{
    const int first = (int)quotient(i, (unsigned)columns) * ROWS_OF_BAND;
    const int end = rows - first < ROWS_OF_BAND ? rows : first + ROWS_OF_BAND;
    return {first, end, rest_of(i, (unsigned)columns)};
}

#endif
