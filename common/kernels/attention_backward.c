/*
 * Backwards through attention, head by head and block of queries by block (attention.c, kernels.h).
 */
#include "common/kernels/attention.h"

#include "common/base/memory.h"

#include <math.h>
#include <omp.h>

/* A thread's matrices of one head. What pads their rows is 0, or never looked at. */
struct head_scratch {
    float *query, *key, *value, *dy; /* (tokens, padded_width) */
    float *dkey, *dvalue;            /* likewise */
    float *transposed;               /* dy (head width, block) */
    float *probabilities, *gradient; /* (tokens, block), [key][query] */
    float *out;                      /* (block, padded_width) */
};

static size_t head_scratch_count(const struct attention_sizes *sizes)
{
    const size_t wide = (size_t)round_up_to_lanes(sizes->head_width);
    const size_t tokens = (size_t)sizes->tokens, block = (size_t)attention_block(sizes);
    return tokens * (6 * wide + 2 * block) + block * (wide + (size_t)sizes->head_width);
}

static struct head_scratch head_scratch_at(float *memory, const struct attention_sizes *sizes)
{
    const size_t block = (size_t)attention_block(sizes), tokens = (size_t)sizes->tokens;
    const size_t wide = tokens * (size_t)round_up_to_lanes(sizes->head_width);
    struct head_scratch scratch = {.query = memory};
    scratch.key = scratch.query + wide;
    scratch.value = scratch.key + wide;
    scratch.dy = scratch.value + wide;
    scratch.dkey = scratch.dy + wide;
    scratch.dvalue = scratch.dkey + wide;
    scratch.probabilities = scratch.dvalue + wide;
    scratch.gradient = scratch.probabilities + tokens * block;
    scratch.transposed = scratch.gradient + tokens * block;
    scratch.out = scratch.transposed + (size_t)sizes->head_width * block;
    memset(memory, 0, sizeof *memory * head_scratch_count(sizes));
    return scratch;
}

/* gradient of P becomes that of the scores: P · (dP - sum over keys of P · dP) · scale. */
static void softmax_backward(int keys, int queries, float scale, const float *probabilities,
                             float *gradient, int row)
{
    for (int query = 0; query < queries; query += LANES) {
        vector sum = {0};
        for (int key = 0; key < keys; key++) {
            size_t at = (size_t)key * row + query;
            sum += *(const vector *)(probabilities + at) * *(const vector *)(gradient + at);
        }
        for (int key = 0; key < keys; key++) {
            size_t at = (size_t)key * row + query;
            *(vector *)(gradient + at) = *(const vector *)(probabilities + at) *
                                         (*(const vector *)(gradient + at) - sum) * scale;
        }
    }
}

/* The queries first, …: adds to own.dkey and own.dvalue, and writes dquery, whose rows are 3 · all
 * apart. own.query, key, value and dy are filled. */
static void block_backward(const struct attention_sizes *sizes, const struct head_scratch *own,
                           int first, const float *probabilities, float *dquery)
{
    const int tokens = sizes->tokens, width = sizes->head_width, all = sizes->heads * width;
    const int wide = round_up_to_lanes(width), block = attention_block(sizes);
    const int queries = block < tokens - first ? block : tokens - first;
    const int keys = sizes->causal ? first + queries : tokens, padded = round_up_to_lanes(queries);
    const float *dy = own->dy + (size_t)first * wide;
    copy_rows(keys, queries, probabilities + first, (size_t)tokens, own->probabilities,
              (size_t)block);

    const struct factor value = {own->value, wide, 1};
    transpose(queries, width, dy, wide, own->transposed, block);
    small_product(keys, padded, width, value, own->transposed, block, own->gradient, block);

    const struct factor p = {own->probabilities, block, 1};
    add_small_product(keys, wide, queries, p, dy, wide, own->dvalue, wide);

    softmax_backward(keys, padded, 1.0f / sqrtf((float)width), own->probabilities, own->gradient,
                     block);
    const struct factor scores = {own->gradient, block, 1};
    add_small_product(keys, wide, queries, scores, own->query + (size_t)first * wide, wide,
                      own->dkey, wide);

    const struct factor scores_transposed = {own->gradient, 1, block};
    small_product(queries, wide, keys, scores_transposed, own->key, wide, own->out, wide);
    copy_rows(queries, width, own->out, (size_t)wide, dquery + (size_t)first * 3 * all,
              3 * (size_t)all);
}

/* One head of one sample; rows of qkv and dqkv are 3 · all apart, those of dy all. */
static void head_backward(const struct attention_sizes *sizes, const struct head_scratch *own,
                          const float *qkv, const float *probabilities, const float *dy,
                          float *dqkv)
{
    const int tokens = sizes->tokens, width = sizes->head_width, all = sizes->heads * width;
    const size_t wide = (size_t)round_up_to_lanes(width), row = 3 * (size_t)all;
    copy_rows(tokens, width, qkv, row, own->query, wide);
    copy_rows(tokens, width, qkv + all, row, own->key, wide);
    copy_rows(tokens, width, qkv + 2 * all, row, own->value, wide);
    copy_rows(tokens, width, dy, (size_t)all, own->dy, wide);
    memset(own->dkey, 0, sizeof *own->dkey * (size_t)tokens * wide);
    memset(own->dvalue, 0, sizeof *own->dvalue * (size_t)tokens * wide);
    for (int first = 0; first < tokens; first += attention_block(sizes))
        block_backward(sizes, own, first, probabilities, dqkv);
    copy_rows(tokens, width, own->dkey, wide, dqkv + all, row);
    copy_rows(tokens, width, own->dvalue, wide, dqkv + 2 * all, row);
}

size_t cpu_attention_backward_scratch(const struct attention_sizes *sizes)
{
    return sizeof(float) * head_scratch_count(sizes) * (size_t)omp_get_max_threads();
}

void cpu_attention_backward(const struct attention_sizes *sizes, const float *qkv,
                            const float *probabilities, const float *dy, float *dqkv)
{
    const int tokens = sizes->tokens, width = sizes->head_width, all = sizes->heads * width;
    const size_t count = head_scratch_count(sizes), bytes = cpu_attention_backward_scratch(sizes);
    float *memory = memory_allocate(MEMORY_WORKSPACE, bytes);
    double flops = 8.0 * sizes->samples * sizes->heads * tokens * tokens * width;

#pragma omp parallel if (flops > PARALLEL_THRESHOLD)
    {
        struct head_scratch own =
            head_scratch_at(memory + count * (size_t)omp_get_thread_num(), sizes);
#pragma omp for schedule(static)
        for (int head = 0; head < sizes->samples * sizes->heads; head++) {
            const size_t sample = (size_t)(head / sizes->heads) * (size_t)tokens * (size_t)all;
            const int column = head % sizes->heads * width;
            head_backward(sizes, &own, qkv + 3 * sample + column,
                          probabilities + (size_t)head * (size_t)tokens * (size_t)tokens,
                          dy + sample + column, dqkv + 3 * sample + column);
        }
    }
    memory_release(MEMORY_WORKSPACE, memory, bytes);
}
