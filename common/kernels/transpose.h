/*
 * Rows become columns, in registers and in memory.
 */
#ifndef COMMON_KERNELS_TRANSPOSE_H
#define COMMON_KERNELS_TRANSPOSE_H

#include "common/kernels/cpu.h"

/* Sixteen vectors. Each round puts row i and row i + 8 together, lane by lane: a number's row and
 * lane, written as one number of eight bits, are rotated by one bit, and four rounds exchange row and
 * lane. */
static inline __attribute__((always_inline)) void transpose_vectors(vector matrix[LANES])
{
    typedef int places __attribute__((vector_size(4 * LANES)));
    const places low = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
    const places high = low + LANES / 2;
#pragma GCC unroll 4
    for (int round = 0; round < 4; round++) {
        vector next[LANES] = {{0}};
#pragma GCC unroll 8
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = __builtin_shuffle(matrix[i], matrix[i + LANES / 2], low);
            next[2 * i + 1] = __builtin_shuffle(matrix[i], matrix[i + LANES / 2], high);
        }
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++)
            matrix[i] = next[i];
    }
}

/* to[j][i] = from[i][j]; rows are from_row and to_row floats apart. */
static inline void transpose(int rows, int columns, const float *from, int from_row, float *to,
                             int to_row)
{
    if (rows < LANES || columns < LANES) {
        for (int j = 0; j < columns; j++)
#pragma omp simd
            for (int i = 0; i < rows; i++)
                to[(size_t)j * to_row + i] = from[(size_t)i * from_row + j];
        return;
    }
    for (int row = 0; row < rows; row += LANES)
        for (int column = 0; column < columns; column += LANES) {
            /* The last square overlaps the one before. */
            const int i = row + LANES <= rows ? row : rows - LANES;
            const int j = column + LANES <= columns ? column : columns - LANES;
            vector matrix[LANES];
#pragma GCC unroll 16
            for (int n = 0; n < LANES; n++)
                matrix[n] = *(const vector *)(from + (size_t)(i + n) * from_row + j);
            transpose_vectors(matrix);
#pragma GCC unroll 16
            for (int n = 0; n < LANES; n++)
                *(vector *)(to + (size_t)(j + n) * to_row + i) = matrix[n];
        }
}

#endif
