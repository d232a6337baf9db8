/*
 * Scaled dot-product attention of every sample and head:
 *
 *     P = softmax(Q · Kᵀ / sqrt(head width)),  y = P · V
 *
 * The matrices of one head are small (16 tokens of 16 numbers in the default
 * model), too small for a library call each. They are copied to scratch whose
 * rows are padded to whole vectors and multiplied there.
 *
 * Scores and probabilities are kept transposed, [key][query], so that a vector
 * holds sixteen queries: the maximum and the sums of the softmax then run down
 * the vectors, and nothing is ever summed across one.
 */
#include "common/kernels/cpu.h"
#include "common/kernels/functions.h"

#include "common/base/memory.h"

#include <omp.h>
#include <string.h>

/* One factor of a product: element (i, j) is at data[i · row + j · column]. */
struct factor {
    const float *data;
    int row, column;
};

#define ROWS_TOGETHER 8

static inline __attribute__((always_inline)) void product_rows(int columns, int depth,
                                                               struct factor a, const float *b,
                                                               int b_row, float *c, int c_row,
                                                               const int rows)
{
    for (int column = 0; column < columns; column += LANES) {
        vector sum[ROWS_TOGETHER] = {{0}};
        for (int k = 0; k < depth; k++) {
            vector from = *(const vector *)(b + (size_t)k * b_row + column);
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++)
                sum[i] += a.data[i * a.row + k * a.column] * from;
        }
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
            *(vector *)(c + (size_t)i * c_row + column) = sum[i];
    }
}

/* c (rows, columns) = a (rows, depth) · b (depth, columns); columns is a multiple of LANES. */
static void small_product(int rows, int columns, int depth, struct factor a, const float *b,
                          int b_row, float *c, int c_row)
{
    int i = 0;
    for (; i + ROWS_TOGETHER <= rows; i += ROWS_TOGETHER, a.data += ROWS_TOGETHER * a.row)
        product_rows(columns, depth, a, b, b_row, c + (size_t)i * c_row, c_row, ROWS_TOGETHER);
    for (; i < rows; i++, a.data += a.row)
        product_rows(columns, depth, a, b, b_row, c + (size_t)i * c_row, c_row, 1);
}

/* A thread's matrices of one head. What pads their rows is 0. */
struct head_scratch {
    float *query, *key, *value, *dy; /* (tokens, padded_width) */
    float *transposed;               /* (head width, padded_tokens) */
    float *probabilities, *gradient; /* (tokens, padded_tokens), [key][query] */
    float *out;                      /* (tokens, padded_width) */
};

static size_t head_scratch_count(int tokens, int width)
{
    size_t padded_width = (size_t)round_up_to_lanes(width);
    size_t padded_tokens = (size_t)round_up_to_lanes(tokens);
    return (size_t)tokens * (5 * padded_width + 2 * padded_tokens) + (size_t)width * padded_tokens;
}

static struct head_scratch head_scratch_at(float *memory, int tokens, int width)
{
    size_t wide = (size_t)tokens * (size_t)round_up_to_lanes(width);
    size_t square = (size_t)tokens * (size_t)round_up_to_lanes(tokens);
    struct head_scratch scratch = {.query = memory};
    scratch.key = scratch.query + wide;
    scratch.value = scratch.key + wide;
    scratch.dy = scratch.value + wide;
    scratch.out = scratch.dy + wide;
    scratch.probabilities = scratch.out + wide;
    scratch.gradient = scratch.probabilities + square;
    scratch.transposed = scratch.gradient + square;
    memset(memory, 0, sizeof *memory * head_scratch_count(tokens, width));
    return scratch;
}

/* Rows of `columns` floats, with distances between rows that may differ. */
static void copy_rows(int rows, int columns, const float *from, size_t from_row, float *to,
                      size_t to_row)
{
    if (columns == LANES) /* a call of memcpy costs more than the copy */
        for (int i = 0; i < rows; i++)
            *(vector *)(to + i * to_row) = *(const vector *)(from + i * from_row);
    else
        for (int i = 0; i < rows; i++)
            memcpy(to + i * to_row, from + i * from_row, sizeof *to * (size_t)columns);
}

static void transpose(int rows, int columns, const float *from, int from_row, float *to, int to_row)
{
    for (int j = 0; j < columns; j++)
#pragma omp simd
        for (int i = 0; i < rows; i++)
            to[(size_t)j * to_row + i] = from[(size_t)i * from_row + j];
}

/* scores [key][query], in place: softmax of scale · scores over the keys, for each query. */
static void softmax_over_keys(int keys, int padded_queries, float scale, float *scores)
{
    for (int query = 0; query < padded_queries; query += LANES) {
        float largest[LANES], sum[LANES] = {0}, share[LANES];
        memcpy(largest, scores + query, sizeof largest);
        for (int key = 1; key < keys; key++) {
            const float *score = scores + (size_t)key * padded_queries + query;
#pragma omp simd
            for (int lane = 0; lane < LANES; lane++)
                largest[lane] = score[lane] > largest[lane] ? score[lane] : largest[lane];
        }
        for (int key = 0; key < keys; key++) {
            float *score = scores + (size_t)key * padded_queries + query;
#pragma omp simd
            for (int lane = 0; lane < LANES; lane++) {
                score[lane] = exponential(scale * (score[lane] - largest[lane]));
                sum[lane] += score[lane];
            }
        }
#pragma omp simd
        for (int lane = 0; lane < LANES; lane++)
            share[lane] = 1.0f / sum[lane];
        for (int key = 0; key < keys; key++)
            *(vector *)(scores + (size_t)key * padded_queries + query) *= *(vector *)share;
    }
}

size_t cpu_attention_scratch(const struct attention_sizes *sizes)
{
    size_t count = head_scratch_count(sizes->tokens, sizes->head_width);
    return sizeof(float) * count * (size_t)omp_get_max_threads();
}

void cpu_attention(const struct attention_sizes *sizes, const float *qkv, float *y,
                   float *probabilities)
{
    int tokens = sizes->tokens, width = sizes->head_width, all = sizes->heads * width;
    int padded_width = round_up_to_lanes(width), padded_tokens = round_up_to_lanes(tokens);
    float scale = 1.0f / sqrtf((float)width);
    size_t count = head_scratch_count(tokens, width);
    size_t bytes = cpu_attention_scratch(sizes);
    float *memory = memory_allocate(MEMORY_WORKSPACE, bytes);
    double flops = 4.0 * sizes->samples * sizes->heads * tokens * tokens * width;

#pragma omp parallel if (flops > PARALLEL_THRESHOLD)
    {
        struct head_scratch own =
            head_scratch_at(memory + count * (size_t)omp_get_thread_num(), tokens, width);
#pragma omp for schedule(static)
        for (int head = 0; head < sizes->samples * sizes->heads; head++) {
            size_t sample = (size_t)(head / sizes->heads) * tokens * all;
            const float *query = qkv + 3 * sample + head % sizes->heads * width;
            size_t row = 3 * (size_t)all;
            transpose(tokens, width, query, 3 * all, own.transposed, padded_tokens);
            copy_rows(tokens, width, query + 2 * all, row, own.value, (size_t)padded_width);

            struct factor key = {query + all, 3 * all, 1};
            small_product(tokens, padded_tokens, width, key, own.transposed, padded_tokens,
                          own.probabilities, padded_tokens);
            softmax_over_keys(tokens, padded_tokens, scale, own.probabilities);
            struct factor p = {own.probabilities, 1, padded_tokens};
            small_product(tokens, padded_width, tokens, p, own.value, padded_width, own.out,
                          padded_width);

            copy_rows(tokens, width, own.out, (size_t)padded_width,
                      y + sample + head % sizes->heads * width, (size_t)all);
            copy_rows(tokens, tokens, own.probabilities, (size_t)padded_tokens,
                      probabilities + (size_t)head * tokens * tokens, (size_t)tokens);
        }
    }
    memory_release(MEMORY_WORKSPACE, memory, bytes);
}

/* gradient of P becomes that of the scores: P · (dP - sum over keys of P · dP) · scale. */
static void softmax_backward(int keys, int padded_queries, float scale, const float *probabilities,
                             float *gradient)
{
    for (int query = 0; query < padded_queries; query += LANES) {
        vector sum = {0};
        for (int key = 0; key < keys; key++) {
            size_t at = (size_t)key * padded_queries + query;
            sum += *(const vector *)(probabilities + at) * *(const vector *)(gradient + at);
        }
        for (int key = 0; key < keys; key++) {
            size_t at = (size_t)key * padded_queries + query;
            *(vector *)(gradient + at) = *(const vector *)(probabilities + at) *
                                         (*(const vector *)(gradient + at) - sum) * scale;
        }
    }
}

/* One head: own.query, key, value, dy and probabilities are filled. dquery, dkey and dvalue are
 * written to dqkv, whose rows are 3 · all apart. */
static void head_backward(int tokens, int width, int all, const struct head_scratch *own,
                          float *dqkv)
{
    int padded_width = round_up_to_lanes(width), padded_tokens = round_up_to_lanes(tokens);
    size_t row = 3 * (size_t)all;

    struct factor value = {own->value, padded_width, 1};
    transpose(tokens, width, own->dy, padded_width, own->transposed, padded_tokens);
    small_product(tokens, padded_tokens, width, value, own->transposed, padded_tokens,
                  own->gradient, padded_tokens);

    struct factor probabilities = {own->probabilities, padded_tokens, 1};
    small_product(tokens, padded_width, tokens, probabilities, own->dy, padded_width, own->out,
                  padded_width);
    copy_rows(tokens, width, own->out, (size_t)padded_width, dqkv + 2 * all, row);

    softmax_backward(tokens, padded_tokens, 1.0f / sqrtf((float)width), own->probabilities,
                     own->gradient);
    struct factor scores = {own->gradient, padded_tokens, 1};
    small_product(tokens, padded_width, tokens, scores, own->query, padded_width, own->out,
                  padded_width);
    copy_rows(tokens, width, own->out, (size_t)padded_width, dqkv + all, row);

    struct factor scores_transposed = {own->gradient, 1, padded_tokens};
    small_product(tokens, padded_width, tokens, scores_transposed, own->key, padded_width, own->out,
                  padded_width);
    copy_rows(tokens, width, own->out, (size_t)padded_width, dqkv, row);
}

void cpu_attention_backward(const struct attention_sizes *sizes, const float *qkv,
                            const float *probabilities, const float *dy, float *dqkv)
{
    int tokens = sizes->tokens, width = sizes->head_width, all = sizes->heads * width;
    size_t padded_width = (size_t)round_up_to_lanes(width), row = 3 * (size_t)all;
    size_t count = head_scratch_count(tokens, width);
    size_t bytes = cpu_attention_scratch(sizes);
    float *memory = memory_allocate(MEMORY_WORKSPACE, bytes);
    double flops = 8.0 * sizes->samples * sizes->heads * tokens * tokens * width;

#pragma omp parallel if (flops > PARALLEL_THRESHOLD)
    {
        struct head_scratch own =
            head_scratch_at(memory + count * (size_t)omp_get_thread_num(), tokens, width);
#pragma omp for schedule(static)
        for (int head = 0; head < sizes->samples * sizes->heads; head++) {
            size_t sample = (size_t)(head / sizes->heads) * tokens * all;
            int first = head % sizes->heads * width;
            const float *query = qkv + 3 * sample + first;
            copy_rows(tokens, width, query, row, own.query, padded_width);
            copy_rows(tokens, width, query + all, row, own.key, padded_width);
            copy_rows(tokens, width, query + 2 * all, row, own.value, padded_width);
            copy_rows(tokens, width, dy + sample + first, (size_t)all, own.dy, padded_width);
            copy_rows(tokens, tokens, probabilities + (size_t)head * tokens * tokens,
                      (size_t)tokens, own.probabilities, (size_t)round_up_to_lanes(tokens));
            head_backward(tokens, width, all, &own, dqkv + 3 * sample + first);
        }
    }
    memory_release(MEMORY_WORKSPACE, memory, bytes);
}
