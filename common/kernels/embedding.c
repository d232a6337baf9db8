/*
 * Token embedding: rows of a table, and their gradient (kernels.h).
 */
#include "common/kernels/cpu.h"

#include <omp.h>
#include <string.h>

void cpu_embedding(const struct embedding_sizes *sizes, const int32_t *token, const float *table,
                   const float *position, float *y)
{
    const int rows = sizes->samples * sizes->tokens, width = sizes->width;
#pragma omp parallel for schedule(static) if ((double)rows * width > PARALLEL_THRESHOLD)
    for (int row = 0; row < rows; row++) {
        const float *from = table + (size_t)token[row] * (size_t)width;
        const float *at = position + (size_t)(row % sizes->tokens) * (size_t)width;
        float *to = y + (size_t)row * (size_t)width;
#pragma omp simd
        for (int j = 0; j < width; j++)
            to[j] = from[j] + at[j];
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
            if (token[row] / TOKENS_TOGETHER % parts != part)
                continue;
            const float *from = dy + (size_t)row * (size_t)width;
            float *to = table_gradient + (size_t)token[row] * (size_t)width;
#pragma omp simd
            for (int j = 0; j < width; j++)
                to[j] += from[j];
        }
    }
}
