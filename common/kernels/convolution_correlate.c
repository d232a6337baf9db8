/*
 * The sum of products that both the forward and the backward for the input of wide
 * convolutions are made of (convolution_wide.h).
 *
 * One or two blocks of a few neighbouring columns are kept in registers while
 * channels and taps go by: each vector of weights is used by all columns, each
 * number of `from`, spread over the lanes, by both blocks.
 */
#include "common/kernels/convolution_wide.h"

#define MOST_COLUMNS 16

/* Inlined with constants, so that sum[][] is in registers. */
static inline __attribute__((always_inline)) void
correlate_columns(const struct correlation *work, struct tap_range range, const float *from,
                  float *to, const int from_column, const int blocks, const int columns)
{
    vector sum[2][MOST_COLUMNS];
#pragma GCC unroll 2
    for (int b = 0; b < blocks; b++) {
        vector start = work->start ? *(const vector *)(work->start + b * LANES) : (vector){0};
#pragma GCC unroll 16
        for (int c = 0; c < columns; c++)
            sum[b][c] = start;
    }
    const float *weight = work->weight;
    for (int i = 0; i < work->channels; i++, from += work->from_plane, weight += work->taps * LANES)
        for (int t = range.first; t < range.last; t++) {
            const float *at = from + work->offset[t];
            vector first_weight = *(const vector *)(weight + t * LANES), second_weight;
            if (blocks == 2)
                second_weight = *(const vector *)(weight + work->weight_block + t * LANES);
#pragma GCC unroll 16
            for (int c = 0; c < columns; c++) {
                sum[0][c] += at[c * from_column] * first_weight;
                if (blocks == 2)
                    sum[1][c] += at[c * from_column] * second_weight;
            }
        }
#pragma GCC unroll 2
    for (int b = 0; b < blocks; b++)
#pragma GCC unroll 16
        for (int c = 0; c < columns; c++)
            *(vector *)(to + b * work->to_block + (size_t)c * work->to_column) = sum[b][c];
}

/* A row, so many columns at a time; the last ones overlap those before. */
static inline __attribute__((always_inline)) void
correlate_row(const struct correlation *work, struct tap_range range, const float *from, float *to,
              const int from_column, const int blocks, const int together)
{
    for (int c = 0; c < work->columns; c += together) {
        int at = c + together <= work->columns ? c : work->columns - together;
        correlate_columns(work, range, from + (size_t)at * from_column,
                          to + (size_t)at * work->to_column, from_column, blocks, together);
    }
}

static inline __attribute__((always_inline)) void
correlate_rows(const struct correlation *work, const int from_column, const int blocks)
{
    for (int r = 0; r < work->rows; r++) {
        const float *from = work->from + (size_t)r * work->from_row;
        float *to = work->to + (size_t)r * work->to_row;
        if (blocks == 1 && work->columns >= 16 && (work->columns - 1) % 16 >= 8)
            correlate_row(work, work->range[r], from, to, from_column, blocks, 16);
        else if (work->columns >= 8)
            correlate_row(work, work->range[r], from, to, from_column, blocks, 8);
        else if (work->columns >= 4)
            correlate_row(work, work->range[r], from, to, from_column, blocks, 4);
        else
            correlate_row(work, work->range[r], from, to, from_column, blocks, 1);
    }
}

void cpu_correlate(const struct correlation *work)
{
    if (work->from_column == 1 && work->blocks == 2)
        correlate_rows(work, 1, 2);
    else if (work->from_column == 1)
        correlate_rows(work, 1, 1);
    else if (work->from_column == 2 && work->blocks == 2)
        correlate_rows(work, 2, 2);
    else if (work->from_column == 2)
        correlate_rows(work, 2, 1);
    else if (work->blocks == 2)
        correlate_rows(work, work->from_column, 2);
    else
        correlate_rows(work, work->from_column, 1);
}
