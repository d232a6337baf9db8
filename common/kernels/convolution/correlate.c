/*
 * The sum of products that both the forward and the backward for the input of wide
 * convolutions are made of (wide.h).
 *
 * One or two blocks of a few neighbouring columns are kept in registers while
 * channels and taps go by: each vector of weights is used by all columns, each
 * number of `from`, spread over the lanes, by both blocks.
 */
#include "common/kernels/convolution/wide.h"

#include <limits.h>

#define MOST_COLUMNS 16
/* Vectors of sums that fit into the registers beside weights and an address or two. */
#define MOST_SUMS 28

/* One tap's products for columns first … last - 1 of each block. Inlined with constants, as are the
 * functions around it, so that sum[][] is in registers. */
SPECIALISED void add_tap(const float *at, const float *weight, size_t weight_block,
                         const int from_column, const int blocks, const int first, const int last,
                         vector sum[2][MOST_COLUMNS])
{
    vector weights = *(const vector *)weight, second;
    if (blocks == 2)
        second = *(const vector *)(weight + weight_block);
#pragma GCC unroll 16
    for (int c = first; c < last; c++) {
        sum[0][c] += at[c * from_column] * weights;
        if (blocks == 2)
            sum[1][c] += at[c * from_column] * second;
    }
}

/* edges: these columns are a whole row, whose first and last see padding on one side
 * (wide.h); two products in twenty-four are left out where a row has eight columns. */
SPECIALISED void correlate_columns(const struct correlation *work, struct tap_range range,
                                   const float *from, float *to, const int from_column,
                                   const int blocks, const int columns, const bool edges)
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
    size_t block = work->weight_block;
    for (int i = 0; i < work->channels; i++, from += work->from_plane, weight += work->taps * LANES)
        for (int t = range.first; t < range.last; t += edges ? 3 : 1) {
            const float *at = from + work->offset[t], *w = weight + t * LANES;
            add_tap(at, w, block, from_column, blocks, edges, columns, sum);
            if (edges) {
                add_tap(at + 1, w + LANES, block, 1, blocks, 0, columns, sum);
                add_tap(at + 2, w + 2 * LANES, block, 1, blocks, 0, columns - 1, sum);
            }
        }
#pragma GCC unroll 2
    for (int b = 0; b < blocks; b++)
#pragma GCC unroll 16
        for (int c = 0; c < columns; c++)
            *(vector *)(to + b * work->to_block + (size_t)c * work->to_column) = sum[b][c];
}

/* All rows, so many columns at a time; the last ones overlap those before. */
SPECIALISED void correlate_rows(const struct correlation *work, const int from_column,
                                const int blocks, const int together, const bool edges)
{
    for (int r = 0; r < work->rows; r++)
        for (int c = 0; c < work->columns; c += together) {
            int at = c + together <= work->columns ? c : work->columns - together;
            correlate_columns(work, work->range[r],
                              work->from + (size_t)r * work->from_row + (size_t)at * from_column,
                              work->to + (size_t)r * work->to_row + (size_t)at * work->to_column,
                              from_column, blocks, together, edges);
        }
}

/* The number of columns with which a row takes the least time: each tap of each turn takes one
 * multiplication per block and column, and about three more for its weights and addresses; and a
 * sum can't be added to again before about five others were. */
static int columns_together(int columns, int blocks)
{
    static const int choice[] = {16, 14, 12, 10, 8, 7, 6, 5, 4, 2, 1};
    int best = 1, least = INT_MAX;
    for (size_t k = 0; k < sizeof choice / sizeof *choice; k++) {
        int together = choice[k], sums = together * blocks;
        int time = (columns + together - 1) / together * ((sums < 5 ? 5 : sums) + 3);
        if (together <= columns && sums <= MOST_SUMS && time < least) {
            best = together;
            least = time;
        }
    }
    return best;
}

SPECIALISED void correlate(const struct correlation *work, const int from_column, const int blocks)
{
    switch (columns_together(work->columns, blocks)) {
#define CASE(together)                                                                             \
    case together:                                                                                 \
        if (from_column == 1 && work->edges && work->columns == together &&                        \
            together * blocks <= 16)                                                               \
            correlate_rows(work, from_column, blocks, together, true);                             \
        else                                                                                       \
            correlate_rows(work, from_column, blocks, together, false);                            \
        break
        CASE(16);
        CASE(14);
        CASE(12);
        CASE(10);
        CASE(8);
        CASE(7);
        CASE(6);
        CASE(5);
        CASE(4);
        CASE(2);
        CASE(1);
#undef CASE
    }
}

void cpu_correlate(const struct correlation *work)
{
    if (work->from_column == 1 && work->blocks == 2)
        correlate(work, 1, 2);
    else if (work->from_column == 1)
        correlate(work, 1, 1);
    else if (work->from_column == 2 && work->blocks == 2)
        correlate(work, 2, 2);
    else if (work->from_column == 2)
        correlate(work, 2, 1);
    else if (work->blocks == 2)
        correlate(work, work->from_column, 2);
    else
        correlate(work, work->from_column, 1);
}
