/*
 * Small matrices, and a thread's scratch for one head: what the two files of attention share.
 *
 * Queries are taken in blocks, so that no scratch is as large as a head's square of scores: for each
 * block of queries there are scores of all keys, [key][query], and nothing else grows with both.
 */
#ifndef COMMON_KERNELS_ATTENTION_H
#define COMMON_KERNELS_ATTENTION_H

#include "common/kernels/transpose.h"

#include <string.h>

/* How many queries of a head make a block; whole vectors, and the length of its rows in scratch. Causal
 * blocks compute scores of later keys only within themselves: the smaller, the less. Measured with
 * heads of 16, 32 and 64 numbers: 16 queries take 0.75 of the time of 64 at 64 and 128 tokens, 0.85 at
 * 256, and 1.3 times as long at 1024, where they use each key and value too seldom. */
static inline int attention_block(const struct attention_sizes *sizes)
{
    const int most = sizes->causal && sizes->tokens <= 256 ? LANES : 4 * LANES;
    const int padded = round_up_to_lanes(sizes->tokens);
    return padded < most ? padded : most;
}

/* One factor of a product: element (i, j) is at data[i · row + j · column]. */
struct factor {
    const float *data;
    int row, column;
};

#define ROWS_TOGETHER 8

static inline __attribute__((always_inline)) void product_rows(int columns, int depth,
                                                               struct factor a, const float *b,
                                                               int b_row, float *c, int c_row,
                                                               const bool add, const int rows)
{
    for (int column = 0; column < columns; column += LANES) {
        vector sum[ROWS_TOGETHER] = {{0}};
        for (int i = 0; add && i < rows; i++)
            sum[i] = *(const vector *)(c + (size_t)i * c_row + column);
        for (int k = 0; k < depth; k++) {
            vector from = *(const vector *)(b + (size_t)k * b_row + column);
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++)
                sum[i] += a.data[i * a.row + k * a.column] * from;
        }
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
            *(vector *)(c + (size_t)i * c_row + column) = sum[i];
    }
}

static inline __attribute__((always_inline)) void any_product(int rows, int columns, int depth,
                                                              struct factor a, const float *b,
                                                              int b_row, float *c, int c_row,
                                                              const bool add)
{
    int i = 0;
    for (; i + ROWS_TOGETHER <= rows; i += ROWS_TOGETHER, a.data += ROWS_TOGETHER * a.row)
        product_rows(columns, depth, a, b, b_row, c + (size_t)i * c_row, c_row, add, ROWS_TOGETHER);
    for (; i < rows; i++, a.data += a.row)
        product_rows(columns, depth, a, b, b_row, c + (size_t)i * c_row, c_row, add, 1);
}

/* c (rows, columns) = a (rows, depth) · b (depth, columns); columns is a multiple of LANES. */
static inline void small_product(int rows, int columns, int depth, struct factor a, const float *b,
                                 int b_row, float *c, int c_row)
{
    any_product(rows, columns, depth, a, b, b_row, c, c_row, false);
}

/* The same, added to c. */
static inline void add_small_product(int rows, int columns, int depth, struct factor a,
                                     const float *b, int b_row, float *c, int c_row)
{
    any_product(rows, columns, depth, a, b, b_row, c, c_row, true);
}

/* Rows of `columns` floats, with distances between rows that may differ. */
static inline void copy_rows(int rows, int columns, const float *from, size_t from_row, float *to,
                             size_t to_row)
{
    if (columns == LANES) /* a call of memcpy costs more than the copy */
        for (int i = 0; i < rows; i++)
            *(vector *)(to + i * to_row) = *(const vector *)(from + i * from_row);
    else
        for (int i = 0; i < rows; i++)
            memcpy(to + i * to_row, from + i * from_row, sizeof *to * (size_t)columns);
}

#endif
