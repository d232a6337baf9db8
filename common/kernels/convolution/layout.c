/*
 * Moving planes about: copies with room around each row, and between planes (a
 * channel after the other) and lanes (the channels of a position side by side).
 */
#include "common/kernels/convolution/wide.h"
#include "common/kernels/transpose.h"

typedef float half_vector __attribute__((vector_size(2 * LANES), aligned(4), may_alias));

/* Whole vectors, the last one overlapping the one before, where a row is long enough. */
static inline void copy_row(int columns, const float *from, float *to)
{
    if (columns >= LANES)
        for (int c = 0; c < columns; c += LANES) {
            int at = c + LANES <= columns ? c : columns - LANES;
            *(vector *)(to + at) = *(const vector *)(from + at);
        }
    else if (columns >= LANES / 2) {
        const int at = columns - LANES / 2;
        half_vector first = *(const half_vector *)from, last = *(const half_vector *)(from + at);
        *(half_vector *)to = first;
        *(half_vector *)(to + at) = last;
    } else
        for (int c = 0; c < columns; c++)
            to[c] = from[c];
}

void cpu_copy_planes(int planes, int rows, int columns, struct planes from, struct planes to)
{
    for (int plane = 0; plane < planes; plane++)
        for (int row = 0; row < rows; row++)
            copy_row(columns, from.data + plane * from.plane_stride + row * from.row_stride,
                     to.data + plane * to.plane_stride + row * to.row_stride);
}

void cpu_planes_to_lanes(int channels, int positions, const float *from, size_t plane, float *to)
{
    if (positions < LANES) {
        for (int p = 0; p < positions; p++)
            for (int lane = 0; lane < LANES; lane++)
                to[p * LANES + lane] = lane < channels ? from[(size_t)lane * plane + p] : 0.0f;
        return;
    }
    for (int p = 0; p < positions; p += LANES) {
        int at = p + LANES <= positions ? p : positions - LANES;
        vector matrix[LANES];
#pragma GCC unroll 16
        for (int lane = 0; lane < LANES; lane++)
            matrix[lane] =
                lane < channels ? *(const vector *)(from + (size_t)lane * plane + at) : (vector){0};
        transpose_vectors(matrix);
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++)
            *(vector *)(to + (size_t)(at + i) * LANES) = matrix[i];
    }
}

void cpu_lanes_to_planes(int channels, int positions, const float *from, float *to, size_t plane)
{
    if (positions < LANES) {
        for (int lane = 0; lane < channels; lane++)
            for (int p = 0; p < positions; p++)
                to[(size_t)lane * plane + p] = from[p * LANES + lane];
        return;
    }
    for (int p = 0; p < positions; p += LANES) {
        int at = p + LANES <= positions ? p : positions - LANES;
        vector matrix[LANES];
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++)
            matrix[i] = *(const vector *)(from + (size_t)(at + i) * LANES);
        transpose_vectors(matrix);
#pragma GCC unroll 16
        for (int lane = 0; lane < LANES; lane++)
            if (lane < channels)
                *(vector *)(to + (size_t)lane * plane + at) = matrix[lane];
    }
}

void cpu_add_lanes_to_planes(int channels, int positions, const float *from, float *to,
                             size_t plane)
{
    int p = 0;
    for (; p + LANES <= positions; p += LANES) {
        vector matrix[LANES];
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++)
            matrix[i] = *(const vector *)(from + (size_t)(p + i) * LANES);
        transpose_vectors(matrix);
#pragma GCC unroll 16
        for (int lane = 0; lane < LANES; lane++)
            if (lane < channels)
                *(vector *)(to + (size_t)lane * plane + p) += matrix[lane];
    }
    for (int lane = 0; lane < channels; lane++)
        for (int rest = p; rest < positions; rest++)
            to[(size_t)lane * plane + rest] += from[rest * LANES + lane];
}
