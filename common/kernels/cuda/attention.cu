/*
 * Scaled dot-product attention of every sample and head:
 *
 *     P = softmax(Q · Kᵀ / sqrt(head width)),  y = P · V
 *
 * as two products of all heads at once, and a softmax between them, in place. Probabilities are stored as (key,
 * query), so neighbouring threads, which have neighbouring queries, read neighbouring numbers, and each thread
 * alone goes down its keys: nobody waits for anybody.
 */
#include "common/kernels/cuda/attention.h"

#include <float.h>

/* ---- where the heads' matrices are ----------------------------------------------------------------------------- */

static size_t width_of(const struct attention_sizes *sizes)
{
    return (size_t)sizes->heads * (size_t)sizes->head_width;
}

struct head_matrices cuda_heads_in_qkv(const struct attention_sizes *sizes, const float *qkv,
                                       int part)
{
    const size_t width = width_of(sizes);
    return {qkv + (size_t)part * width, 3 * width * (size_t)sizes->tokens,
            (size_t)sizes->head_width};
}

struct head_matrices cuda_heads_in_y(const struct attention_sizes *sizes, const float *y)
{
    return {y, width_of(sizes) * (size_t)sizes->tokens, (size_t)sizes->head_width};
}

struct head_matrices cuda_heads_in_probabilities(const struct attention_sizes *sizes,
                                                 const float *probabilities)
{
    const size_t square = (size_t)sizes->tokens * (size_t)sizes->tokens;
    return {probabilities, square * (size_t)sizes->heads, square};
}

static __global__ void list_heads(int samples, int heads, int count, struct all_head_matrices all,
                                  float **begins)
{
    const size_t i = thread_number(), every = (size_t)samples * heads;
    if (i >= every * count)
        return;
    const struct head_matrices own = all.of[i / every];
    const size_t sample = i % every / heads, head = i % heads;
    begins[i] = (float *)own.first + sample * own.sample_step + head * own.head_step;
}

void cuda_list_heads(const struct attention_sizes *sizes, int count, struct all_head_matrices all,
                     float **begins)
{
    const size_t threads = (size_t)sizes->samples * (size_t)sizes->heads * (size_t)count;
    LAUNCH(list_heads, cuda_blocks(threads), THREADS, sizes->samples, sizes->heads, count, all,
           begins);
}

/* ---- their products --------------------------------------------------------------------------------------------- */

static bool begin_at_16_bytes(int count, const struct all_head_matrices &all)
{
    const size_t numbers = 16 / sizeof(float);
    for (int i = 0; i < count; i++)
        if ((uintptr_t)all.of[i].first % 16 != 0 || all.of[i].sample_step % numbers != 0 ||
            all.of[i].head_step % numbers != 0)
            return false;
    return true;
}

head_math::head_math(int count, const struct all_head_matrices &all)
    : changed(cuda_math != CUBLAS_PEDANTIC_MATH && !begin_at_16_bytes(count, all))
{
    if (changed)
        CUBLAS_CHECK(cublasSetMathMode(cuda_blas, CUBLAS_PEDANTIC_MATH));
}

head_math::~head_math()
{
    if (changed)
        CUBLAS_CHECK(cublasSetMathMode(cuda_blas, cuda_math));
}

/* cuBLAS's matrices are column by column: it computes cᵀ = b'ᵀ · a'ᵀ (products.cu). */
void cuda_head_products(int heads, bool transpose_a, bool transpose_b, int rows, int columns,
                        int depth, float factor, struct head_factor a, struct head_factor b,
                        struct head_factor c)
{
    const float nothing = 0;
    CUBLAS_LAUNCH(cublasSgemmBatched(cuda_blas, transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
                                     transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N, columns, rows, depth,
                                     &factor, b.begins, b.row, a.begins, a.row, &nothing, c.begins,
                                     c.row, heads));
}

/* ---- forward -------------------------------------------------------------------------------------------------------- */

/* A query's scores, one for each key, become probabilities. The largest score and the sum of the powers are found
 * together: where a larger one comes, the sum so far shrinks. */
static __global__ void softmax_over_keys(size_t queries, int tokens, bool causal, float *scores)
{
    const size_t i = thread_number();
    if (i >= queries)
        return;
    const int query = (int)(i % tokens), seen = causal ? query + 1 : tokens;
    scores += i / tokens * tokens * tokens + query;
    float largest = -FLT_MAX, sum = 0;
    for (int key = 0; key < seen; key++) {
        const float score = scores[(size_t)key * tokens];
        if (score > largest) {
            sum *= expf(largest - score);
            largest = score;
        }
        sum += expf(score - largest);
    }
    const float share = 1.0f / sum;
    for (int key = 0; key < seen; key++)
        scores[(size_t)key * tokens] = expf(scores[(size_t)key * tokens] - largest) * share;
    for (int key = seen; key < tokens; key++)
        scores[(size_t)key * tokens] = 0;
}

void cuda_attention(const struct attention_sizes *sizes, const float *qkv, float *y,
                    float *probabilities)
{
    enum { QUERY, KEY, VALUE, PROBABILITIES, Y, MATRICES };
    const struct all_head_matrices all = {
        {cuda_heads_in_qkv(sizes, qkv, QUERY), cuda_heads_in_qkv(sizes, qkv, KEY),
         cuda_heads_in_qkv(sizes, qkv, VALUE), cuda_heads_in_probabilities(sizes, probabilities),
         cuda_heads_in_y(sizes, y)}};
    const int heads = sizes->samples * sizes->heads, tokens = sizes->tokens;
    const int width = sizes->head_width, row = sizes->heads * width;
    const size_t queries = (size_t)heads * (size_t)tokens;
    if (queries == 0)
        return;
    const scratch<float *> begins((size_t)MATRICES * (size_t)heads);
    const head_math math(MATRICES, all);
    cuda_list_heads(sizes, MATRICES, all, begins.data);
    const struct head_factor query = {begins.data + QUERY * heads, 3 * row};
    const struct head_factor key = {begins.data + KEY * heads, 3 * row};
    const struct head_factor value = {begins.data + VALUE * heads, 3 * row};
    const struct head_factor p = {begins.data + PROBABILITIES * heads, tokens};
    const struct head_factor out = {begins.data + Y * heads, row};
    cuda_head_products(heads, false, true, tokens, tokens, width, 1.0f / sqrtf((float)width), key,
                       query, p);
    LAUNCH(softmax_over_keys, cuda_blocks(queries), THREADS, queries, tokens, sizes->causal,
           probabilities);
    cuda_head_products(heads, true, false, tokens, width, tokens, 1, p, value, out);
}
