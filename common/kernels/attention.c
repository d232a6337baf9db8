/*
 * Scaled dot-product attention of every sample and head:
 *
 *     P = softmax(Q · Kᵀ / sqrt(head width)),  y = P · V
 *
 * In causal attention P is 0 for keys later than the query. A block of queries then looks at no key
 * behind its last query, which leaves out almost half of the work of long sequences.
 *
 * The matrices of one head are small (16 tokens of 16 numbers in the default
 * model), too small for a library call each. They are copied to scratch whose
 * rows are padded to whole vectors and multiplied there.
 *
 * Scores and probabilities are kept transposed, [key][query], so that a vector
 * holds sixteen queries: the maximum and the sums of the softmax then run down
 * the vectors, and nothing is ever summed across one.
 */
#include "common/kernels/attention.h"
#include "common/kernels/functions.h"

#include "common/base/memory.h"

#include <omp.h>

/* A thread's matrices of one head. What pads their rows is 0, or never looked at. */
struct head_scratch {
    float *value;         /* (tokens, padded_width) */
    float *transposed;    /* queries (head width, block) */
    float *probabilities; /* (tokens, block), [key][query] */
    float *out;           /* (block, padded_width) */
};

static size_t head_scratch_count(const struct attention_sizes *sizes)
{
    const size_t wide = (size_t)round_up_to_lanes(sizes->head_width);
    const size_t tokens = (size_t)sizes->tokens, block = (size_t)attention_block(sizes);
    return tokens * (wide + block) + block * (wide + (size_t)sizes->head_width);
}

static struct head_scratch head_scratch_at(float *memory, const struct attention_sizes *sizes)
{
    const size_t wide = (size_t)round_up_to_lanes(sizes->head_width);
    const size_t tokens = (size_t)sizes->tokens, block = (size_t)attention_block(sizes);
    struct head_scratch scratch = {.value = memory};
    scratch.probabilities = scratch.value + tokens * wide;
    scratch.out = scratch.probabilities + tokens * block;
    scratch.transposed = scratch.out + block * wide;
    memset(memory, 0, sizeof *memory * head_scratch_count(sizes));
    return scratch;
}

/* ---- softmax ---- */

/* Of sixteen queries, first … first + 15: which keys they look at. */
struct seen {
    int first;
    int by_all; /* keys 0 … by_all - 1 */
    int by_any; /* keys by_all … by_any - 1: those queries that are not before the key */
};

static inline bool sees(const struct seen *seen, int lane, int key)
{
    return seen->first + lane >= key;
}

static void softmax_of_lanes(const struct seen *seen, int keys, float scale, float *scores, int row)
{
    float largest[LANES], sum[LANES] = {0}, share[LANES];
    memcpy(largest, scores, sizeof largest);
    for (int key = 1; key < seen->by_any; key++) {
        const float *score = scores + (size_t)key * row;
        if (key < seen->by_all)
#pragma omp simd
            for (int lane = 0; lane < LANES; lane++)
                largest[lane] = score[lane] > largest[lane] ? score[lane] : largest[lane];
        else
#pragma omp simd
            for (int lane = 0; lane < LANES; lane++)
                largest[lane] = sees(seen, lane, key) && score[lane] > largest[lane]
                                    ? score[lane]
                                    : largest[lane];
    }
    for (int key = 0; key < seen->by_any; key++) {
        float *score = scores + (size_t)key * row;
#pragma omp simd
        for (int lane = 0; lane < LANES; lane++) {
            const float power = exponential(scale * (score[lane] - largest[lane]));
            score[lane] = key < seen->by_all || sees(seen, lane, key) ? power : 0;
            sum[lane] += score[lane];
        }
    }
#pragma omp simd
    for (int lane = 0; lane < LANES; lane++)
        share[lane] = 1.0f / sum[lane];
    for (int key = 0; key < seen->by_any; key++)
        *(vector *)(scores + (size_t)key * row) *= *(vector *)share;
    for (int key = seen->by_any; key < keys; key++)
        *(vector *)(scores + (size_t)key * row) = (vector){0};
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* scores [key][query] of the queries first, …, in place: softmax of scale · scores over the keys, for
 * each query. */
static void softmax_over_keys(bool causal, int first, int keys, int queries, float scale,
                              float *scores, int row)
{
    for (int query = 0; query < queries; query += LANES) {
        struct seen seen = {.first = first + query, .by_all = keys, .by_any = keys};
        if (causal) {
            seen.by_all = smaller(keys, seen.first + 1);
            seen.by_any = smaller(keys, seen.first + LANES);
        }
        softmax_of_lanes(&seen, keys, scale, scores + query, row);
    }
}

/* ---- attention ---- */

/* One head of one sample: y (rows all apart) and probabilities (tokens, tokens) of qkv (rows 3 · all
 * apart). */
static void attend(const struct attention_sizes *sizes, const struct head_scratch *own,
                   const float *qkv, float *y, float *probabilities)
{
    const int tokens = sizes->tokens, width = sizes->head_width, all = sizes->heads * width;
    const int wide = round_up_to_lanes(width), block = attention_block(sizes);
    const float scale = 1.0f / sqrtf((float)width);
    copy_rows(tokens, width, qkv + 2 * all, 3 * (size_t)all, own->value, (size_t)wide);
    for (int first = 0; first < tokens; first += block) {
        const int queries = smaller(block, tokens - first), padded = round_up_to_lanes(queries);
        const int keys = sizes->causal ? first + queries : tokens;
        transpose(queries, width, qkv + (size_t)first * 3 * all, 3 * all, own->transposed, block);
        const struct factor key = {qkv + all, 3 * all, 1};
        small_product(keys, padded, width, key, own->transposed, block, own->probabilities, block);
        softmax_over_keys(sizes->causal, first, keys, padded, scale, own->probabilities, block);
        const struct factor p = {own->probabilities, 1, block};
        small_product(queries, wide, keys, p, own->value, wide, own->out, wide);

        copy_rows(queries, width, own->out, (size_t)wide, y + (size_t)first * all, (size_t)all);
        copy_rows(keys, queries, own->probabilities, (size_t)block, probabilities + first,
                  (size_t)tokens);
        for (int later = keys; later < tokens; later++)
            memset(probabilities + (size_t)later * tokens + first, 0,
                   sizeof *probabilities * (size_t)queries);
    }
}

size_t cpu_attention_scratch(const struct attention_sizes *sizes)
{
    return sizeof(float) * head_scratch_count(sizes) * (size_t)omp_get_max_threads();
}

void cpu_attention(const struct attention_sizes *sizes, const float *qkv, float *y,
                   float *probabilities)
{
    const int tokens = sizes->tokens, width = sizes->head_width, all = sizes->heads * width;
    const size_t count = head_scratch_count(sizes), bytes = cpu_attention_scratch(sizes);
    float *memory = memory_allocate(MEMORY_WORKSPACE, bytes);
    double flops = 4.0 * sizes->samples * sizes->heads * tokens * tokens * width;

#pragma omp parallel if (flops > PARALLEL_THRESHOLD)
    {
        struct head_scratch own =
            head_scratch_at(memory + count * (size_t)omp_get_thread_num(), sizes);
#pragma omp for schedule(static)
        for (int head = 0; head < sizes->samples * sizes->heads; head++) {
            const size_t sample = (size_t)(head / sizes->heads) * (size_t)tokens * (size_t)all;
            const int column = head % sizes->heads * width;
            attend(sizes, &own, qkv + 3 * sample + column, y + sample + column,
                   probabilities + (size_t)head * (size_t)tokens * (size_t)tokens);
        }
    }
    memory_release(MEMORY_WORKSPACE, memory, bytes);
}
