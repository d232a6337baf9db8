/*
 * Token embedding: rows of a table, and their gradient.
 *
 * A token comes many times, so two of them may add to the same row of the gradient. To have the same sums every time,
 * and no thread wait for another, the tokens are sorted first: then those of one row stand side by side, in
 * their order, and for each row and column one thread adds up. It begins where the row's tokens do; the other
 * threads have nothing to do.
 *
 * To sort, each token counts those that belong before it: a comparison for each pair, 64 million for 8000 tokens, in one
 * launch. A thread for each number of the table, that looks through all tokens, would need no sorting, and 400 million
 * comparisons for each of the columns of a table of 50 000 rows.
 */
#include "common/kernels/cuda/cuda.h"

/* The row of the table that is a token's; at least `vocabulary`: it has none. */
static __device__ uint32_t row_of_table(const struct embedding_sizes &sizes, int32_t token)
{
    const int64_t row = (int64_t)token - sizes.first;
    return row >= 0 && row < sizes.vocabulary ? (uint32_t)row : 0xffffffffu;
}

/* Element (token, column). */
static __global__ void embed(struct embedding_sizes sizes, size_t count, const int32_t *token,
                             const float *table, const float *position, float *y)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const size_t at = i / sizes.width, column = i % sizes.width;
    const uint32_t row = row_of_table(sizes, token[at]);
    float sum = row < (uint32_t)sizes.vocabulary ? table[(size_t)row * sizes.width + column] : 0;
    if (position != NULL)
        sum += position[at % sizes.tokens * sizes.width + column];
    y[i] = sum;
}

/* order: the numbers of the tokens by the rows of the table, and, of one row, as they come. */
static __global__ void sort_tokens(struct embedding_sizes sizes, int count, const int32_t *token,
                                   int32_t *order)
{
    const size_t i = thread_number();
    if (i >= (size_t)count)
        return;
    const uint32_t own = row_of_table(sizes, token[i]);
    int before = 0;
    for (int k = 0; k < count; k++) {
        const uint32_t other = row_of_table(sizes, token[k]);
        before += other < own || (other == own && k < (int)i);
    }
    order[before] = (int32_t)i;
}

/* Thread (place in the order, column). */
static __global__ void add_rows(struct embedding_sizes sizes, int count, const int32_t *token,
                                const int32_t *order, const float *dy, float *table_gradient)
{
    const size_t i = thread_number();
    if (i >= (size_t)count * sizes.width)
        return;
    const int place = (int)(i / sizes.width), column = (int)(i % sizes.width);
    const int32_t own = token[order[place]];
    const uint32_t row = row_of_table(sizes, own);
    if (row >= (uint32_t)sizes.vocabulary || (place > 0 && token[order[place - 1]] == own))
        return;
    int end = place + 1;
    while (end < count && token[order[end]] == own)
        end++;
    float sum = table_gradient[(size_t)row * sizes.width + column];
    for (int k = place; k < end; k++)
        sum += dy[(size_t)order[k] * sizes.width + column];
    table_gradient[(size_t)row * sizes.width + column] = sum;
}

void cuda_embedding(const struct embedding_sizes *sizes, const int32_t *token, const float *table,
                    const float *position, float *y)
{
    const size_t count = (size_t)sizes->samples * (size_t)sizes->tokens * (size_t)sizes->width;
    LAUNCH(embed, cuda_blocks(count), THREADS, *sizes, count, token, table, position, y);
}

/* Threads of a block that sorts: few, so that a few thousand tokens are on all of a GPU. */
#define SORT_THREADS 64

void cuda_embedding_backward(const struct embedding_sizes *sizes, const int32_t *token,
                             const float *dy, float *table_gradient)
{
    const int count = sizes->samples * sizes->tokens;
    const size_t threads = (size_t)count * (size_t)sizes->width;
    const scratch<int32_t> order((size_t)count);
    LAUNCH(sort_tokens, cuda_blocks((size_t)count, SORT_THREADS), SORT_THREADS, *sizes, count,
           token, order.data);
    LAUNCH(add_rows, cuda_blocks(threads), THREADS, *sizes, count, token, order.data, dy,
           table_gradient);
}
