/*
 * Backwards through attention (attention.cu):
 *
 *     dV = P · dy      dP = V · dyᵀ      dS = P · (dP - sum over keys of P · dP)
 *     dQ = dSᵀ · K / sqrt(head width)    dK = dS · Q / sqrt(head width)
 *
 * where P, dP and dS are stored as (key, query). dP becomes dS in place. It is as large as the probabilities, so it
 * is there for some heads at a time.
 */
#include "common/kernels/cuda/attention.h"

/* Down the keys of one query, as in softmax_over_keys. */
static __global__ void softmax_backward(size_t queries, int tokens, bool causal,
                                        const float *probabilities, float *gradient)
{
    const size_t i = thread_number();
    if (i >= queries)
        return;
    const int query = (int)(i % tokens), seen = causal ? query + 1 : tokens;
    const size_t first = i / tokens * tokens * tokens + query;
    probabilities += first;
    gradient += first;
    float sum = 0;
    for (int key = 0; key < seen; key++)
        sum += probabilities[(size_t)key * tokens] * gradient[(size_t)key * tokens];
    for (int key = 0; key < seen; key++) {
        const size_t at = (size_t)key * tokens;
        gradient[at] = probabilities[at] * (gradient[at] - sum);
    }
    for (int key = seen; key < tokens; key++)
        gradient[(size_t)key * tokens] = 0;
}

enum matrices { QUERY, KEY, VALUE, DQUERY, DKEY, DVALUE, PROBABILITIES, DY, DPROBABILITIES, ALL };

/* Those of the heads first, first + 1, … */
static struct head_factor factor_of(const struct attention_sizes *sizes, float *const *begins,
                                    enum matrices which, int first)
{
    const int heads = sizes->samples * sizes->heads, width = sizes->heads * sizes->head_width;
    const bool square = which == PROBABILITIES || which == DPROBABILITIES;
    return {begins + (size_t)which * (size_t)heads + first, square        ? sizes->tokens
                                                            : which == DY ? width
                                                                          : 3 * width};
}

/* The heads first … first + count - 1. */
static void some_heads(const struct attention_sizes *sizes, float *const *begins, int first,
                       int count, const float *probabilities, float *dprobabilities)
{
    const int tokens = sizes->tokens, width = sizes->head_width;
    const size_t queries = (size_t)count * (size_t)tokens;
    const size_t square = (size_t)tokens * (size_t)tokens;
    const float scale = 1.0f / sqrtf((float)width);
    const struct head_factor dp = factor_of(sizes, begins, DPROBABILITIES, 0); /* always there */
    cuda_head_products(count, false, true, tokens, tokens, width, 1,
                       factor_of(sizes, begins, VALUE, first), factor_of(sizes, begins, DY, first),
                       dp);
    LAUNCH(softmax_backward, cuda_blocks(queries), THREADS, queries, tokens, sizes->causal,
           probabilities + (size_t)first * square, dprobabilities);
    cuda_head_products(count, true, false, tokens, width, tokens, scale, dp,
                       factor_of(sizes, begins, KEY, first),
                       factor_of(sizes, begins, DQUERY, first));
    cuda_head_products(count, false, false, tokens, width, tokens, scale, dp,
                       factor_of(sizes, begins, QUERY, first),
                       factor_of(sizes, begins, DKEY, first));
}

void cuda_attention_backward(const struct attention_sizes *sizes, const float *qkv,
                             const float *probabilities, const float *dy, float *dqkv)
{
    const int heads = sizes->samples * sizes->heads, tokens = sizes->tokens;
    const size_t square = (size_t)tokens * (size_t)tokens;
    if (heads == 0 || tokens == 0)
        return;
    const size_t fit = SCRATCH_NUMBERS / square;
    const int together = fit < 1 ? 1 : fit < (size_t)heads ? (int)fit : heads;
    const scratch<float> dprobabilities((size_t)together * square);
    const scratch<float *> begins((size_t)ALL * (size_t)heads);
    struct all_head_matrices all;
    for (int part = 0; part < 3; part++) {
        all.of[QUERY + part] = cuda_heads_in_qkv(sizes, qkv, part);
        all.of[DQUERY + part] = cuda_heads_in_qkv(sizes, dqkv, part);
    }
    all.of[PROBABILITIES] = cuda_heads_in_probabilities(sizes, probabilities);
    all.of[DY] = cuda_heads_in_y(sizes, dy);
    all.of[DPROBABILITIES] = cuda_heads_in_probabilities(sizes, dprobabilities.data);
    const head_math math(ALL, all);
    cuda_list_heads(sizes, ALL, all, begins.data);
    cuda_head_products(heads, false, false, tokens, sizes->head_width, tokens, 1,
                       factor_of(sizes, begins.data, PROBABILITIES, 0),
                       factor_of(sizes, begins.data, DY, 0),
                       factor_of(sizes, begins.data, DVALUE, 0));
    for (int first = 0; first < heads; first += together)
        some_heads(sizes, begins.data, first, heads - first < together ? heads - first : together,
                   probabilities, dprobabilities.data);
}
