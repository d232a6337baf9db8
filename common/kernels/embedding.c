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

/* A token comes many times, so rows of dy can't be handed out to threads; columns can. */
void cpu_embedding_backward(const struct embedding_sizes *sizes, const int32_t *token,
                            const float *dy, float *table_gradient)
{
    const int rows = sizes->samples * sizes->tokens, width = sizes->width;
#pragma omp parallel if ((double)rows * width > PARALLEL_THRESHOLD)
    {
        const long part = omp_get_thread_num(), parts = omp_get_num_threads();
        const int first = (int)(part * width / parts / LANES * LANES);
        const int next =
            part + 1 == parts ? width : (int)((part + 1) * width / parts / LANES * LANES);
        for (int row = 0; row < rows; row++) {
            const float *from = dy + (size_t)row * (size_t)width;
            float *to = table_gradient + (size_t)token[row] * (size_t)width;
#pragma omp simd
            for (int j = first; j < next; j++)
                to[j] += from[j];
        }
    }
}
