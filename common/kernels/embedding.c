/*
 * Token embedding: rows of a table, and their gradient (kernels.h).
 */
#include "common/kernels/cpu.h"

#include <omp.h>
#include <string.h>

/* The row of the table that is a token's; -1: it has none. */
static inline int row_of_table(const struct embedding_sizes *sizes, int32_t token)
{
    const int64_t row = (int64_t)token - sizes->first;
    return row >= 0 && row < sizes->vocabulary ? (int)row : -1;
}

/* to = from + at, where either may be NULL: nothing. */
static inline void add_rows(int width, const float *from, const float *at, float *to)
{
    if (from != NULL && at != NULL)
#pragma omp simd
        for (int j = 0; j < width; j++)
            to[j] = from[j] + at[j];
    else if (from != NULL || at != NULL)
        memcpy(to, from != NULL ? from : at, (size_t)width * sizeof *to);
    else
        memset(to, 0, (size_t)width * sizeof *to);
}

void cpu_embedding(const struct embedding_sizes *sizes, const int32_t *token, const float *table,
                   const float *position, float *y)
{
    const int rows = sizes->samples * sizes->tokens;
    const size_t width = (size_t)sizes->width;
#pragma omp parallel for schedule(static) if ((double)rows * sizes->width > PARALLEL_THRESHOLD)
    for (int row = 0; row < rows; row++) {
        const int place = row_of_table(sizes, token[row]);
        add_rows(sizes->width, place < 0 ? NULL : table + (size_t)place * width,
                 position == NULL ? NULL : position + (size_t)(row % sizes->tokens) * width,
                 y + (size_t)row * width);
    }
}

/* Neighbours in the table that a thread owns together: where two threads own neighbours, they write
 * into one cache line. */
#define TOKENS_TOGETHER 8

/* A token comes many times, so rows of dy can't be handed out to threads; rows of the table can. */
void cpu_embedding_backward(const struct embedding_sizes *sizes, const int32_t *token,
                            const float *dy, float *table_gradient)
{
    const int rows = sizes->samples * sizes->tokens, width = sizes->width;
#pragma omp parallel if ((double)rows * width > PARALLEL_THRESHOLD)
    {
        const int part = omp_get_thread_num(), parts = omp_get_num_threads();
        for (int row = 0; row < rows; row++) {
            const int place = row_of_table(sizes, token[row]);
            if (place < 0 || place / TOKENS_TOGETHER % parts != part)
                continue;
            const float *from = dy + (size_t)row * (size_t)width;
            float *to = table_gradient + (size_t)place * (size_t)width;
#pragma omp simd
            for (int j = 0; j < width; j++)
                to[j] += from[j];
        }
    }
}
