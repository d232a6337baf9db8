/*
 * The table of the meta device, whose tensors have no numbers (kernels.h).
 *
 * Every function is empty, except that those whose twin on the CPU takes scratch
 * space account for it, so that a run on this device has the CPU's peaks.
 */
#include "common/kernels/cpu.h"

/* That they look at nothing is what these functions are for. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Taken and given back. */
static void account_scratch(size_t bytes)
{
    memory_account(MEMORY_WORKSPACE, (int64_t)bytes);
    memory_account(MEMORY_WORKSPACE, -(int64_t)bytes);
}

static void matrix_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                           const float *a, const float *b, float beta, float *c)
{
}

static void bfloat16_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                             const float *a, const float *b, float beta, float *c)
{
}

static void fill_rows(int rows, int columns, const float *row, float *y) {}

static void add_column_sums(int rows, int columns, const float *y, float *sums) {}

static void add(size_t count, const float *x, float *y) {}

static void multiply(size_t count, const float *a, const float *b, float *y) {}

static void relu(size_t count, const float *x, float *y) {}

static void relu_backward(size_t count, const float *y, const float *dy, float *dx) {}

static void gelu(size_t count, const float *x, float *y, float *derivative) {}

static void exponential(size_t count, const float *x, float *y) {}

static void logarithm(size_t count, const float *x, float *y) {}

static void dropout(const struct dropout_draw *draw, uint64_t first, size_t count, const float *x,
                    float *y)
{
}

static void widen(enum dtype from, size_t count, const void *numbers, float *to) {}

static void narrow(enum dtype to, size_t count, const float *numbers, void *narrowed) {}

static void add_to_columns(int rows, int columns, const float *values, float *y) {}

static void multiply_columns(int rows, int columns, const float *factors, float *y) {}

static void add_to_rows(int rows, int columns, const float *values, float *y) {}

static void multiply_rows(int rows, int columns, const float *factors, float *y) {}

static void row_sums(int rows, int columns, const float *x, float *sums) {}

static void row_maxima(int rows, int columns, const float *x, float *maxima) {}

static void pick(int rows, int columns, int first, const int32_t *index, const float *x,
                 float *values)
{
}

static void add_to_picked(int rows, int columns, int first, const int32_t *index, float value,
                          float *y)
{
}

static double sum(size_t count, const float *x)
{
    return 0;
}

static void scale(size_t count, float factor, float *y) {}

static void inverse_square_root(size_t count, float epsilon, float *y) {}

static void copy_blocks(size_t blocks, size_t length, const float *from, size_t from_step,
                        float *to, size_t to_step)
{
}

static void layer_norm(int rows, int columns, const float *x, const float *weight,
                       const float *bias, float *y, float *statistics)
{
}

static void layer_norm_backward_input(int rows, int columns, const float *x,
                                      const float *statistics, const float *weight, const float *dy,
                                      float *dx)
{
}

static void layer_norm_backward_weight(int rows, int columns, const float *x,
                                       const float *statistics, const float *dy,
                                       float *weight_gradient, float *bias_gradient)
{
}

static void batch_norm(const struct batch_norm_sizes *sizes, const float *x, const float *weight,
                       const float *bias, float *y, float *statistics)
{
}

static void batch_norm_with(const struct batch_norm_sizes *sizes, const float *x,
                            const float *statistics, const float *weight, const float *bias,
                            float *y)
{
}

static void batch_norm_backward(const struct batch_norm_sizes *sizes, const float *x,
                                const float *statistics, const float *weight, const float *dy,
                                float *dx, float *sums)
{
}

static void follow(size_t count, float momentum, float factor, const float *own, float *running) {}

static void convolution(const struct convolution_sizes *sizes, const float *x, const float *weight,
                        const float *bias, float *y)
{
    account_scratch(cpu_convolution_scratch(sizes));
}

static void convolution_backward_input(const struct convolution_sizes *sizes, const float *weight,
                                       const float *dy, float *dx)
{
    account_scratch(cpu_convolution_backward_input_scratch(sizes));
}

static void convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                        const float *dy, float *weight_gradient,
                                        float *bias_gradient)
{
    account_scratch(cpu_convolution_backward_weight_scratch(sizes));
}

static void max_pool(const struct pooling_sizes *sizes, const float *x, float *y, int32_t *place)
{
    account_scratch(cpu_max_pool_scratch(sizes));
}

static void max_pool_backward(const struct pooling_sizes *sizes, const int32_t *place,
                              const float *dy, float *dx)
{
    account_scratch(cpu_max_pool_scratch(sizes));
}

static void average_pool(const struct pooling_sizes *sizes, const float *x, float *y)
{
    account_scratch(cpu_average_pool_scratch(sizes));
}

static void average_pool_backward(const struct pooling_sizes *sizes, const float *dy, float *dx)
{
    account_scratch(cpu_average_pool_scratch(sizes));
}

static void plane_means(int planes, int count, const float *x, float *y) {}

static void plane_means_backward(int planes, int count, const float *dy, float *dx) {}

static void attention(const struct attention_sizes *sizes, const float *qkv, float *y,
                      float *probabilities)
{
    account_scratch(cpu_attention_scratch(sizes));
}

static void attention_backward(const struct attention_sizes *sizes, const float *qkv,
                               const float *probabilities, const float *dy, float *dqkv)
{
    account_scratch(cpu_attention_backward_scratch(sizes));
}

static void embedding(const struct embedding_sizes *sizes, const int32_t *token, const float *table,
                      const float *position, float *y)
{
}

static void embedding_backward(const struct embedding_sizes *sizes, const int32_t *token,
                               const float *dy, float *table_gradient)
{
}

static void mean_tokens(int samples, int tokens, int width, const float *x, float *y) {}

static void mean_tokens_backward(int samples, int tokens, int width, const float *dy, float *dx) {}

static void cut_patches(const struct patch_sizes *sizes, const float *images, float *patches) {}

static void paste_patches(const struct patch_sizes *sizes, const float *patches, float *images) {}

static double cross_entropy(int rows, int classes, const float *x, const int32_t *labels,
                            int *right)
{
    *right = 0;
    return 0;
}

static void cross_entropy_backward(int rows, int classes, const float *x, const int32_t *labels,
                                   float scale, float *dx)
{
}

static void sgd_step(size_t count, float *parameter, float *buffer, const float *gradient,
                     float rate, float momentum)
{
}

static void adamw_step(size_t count, float *parameter, float *average, float *square,
                       const float *gradient, struct adamw_factors factors)
{
}

const struct kernels meta_kernels = {
    .matrix_product = matrix_product,
    .bfloat16_product = bfloat16_product,
    .fill_rows = fill_rows,
    .add_column_sums = add_column_sums,
    .add = add,
    .multiply = multiply,
    .relu = relu,
    .relu_backward = relu_backward,
    .gelu = gelu,
    .exponential = exponential,
    .logarithm = logarithm,
    .dropout = dropout,
    .widen = widen,
    .narrow = narrow,
    .add_to_columns = add_to_columns,
    .multiply_columns = multiply_columns,
    .add_to_rows = add_to_rows,
    .multiply_rows = multiply_rows,
    .row_sums = row_sums,
    .row_maxima = row_maxima,
    .pick = pick,
    .add_to_picked = add_to_picked,
    .sum = sum,
    .scale = scale,
    .inverse_square_root = inverse_square_root,
    .copy_blocks = copy_blocks,
    .layer_norm = layer_norm,
    .layer_norm_backward_input = layer_norm_backward_input,
    .layer_norm_backward_weight = layer_norm_backward_weight,
    .batch_norm = batch_norm,
    .batch_norm_with = batch_norm_with,
    .batch_norm_backward = batch_norm_backward,
    .follow = follow,
    .convolution = convolution,
    .convolution_backward_input = convolution_backward_input,
    .convolution_backward_weight = convolution_backward_weight,
    .max_pool = max_pool,
    .max_pool_backward = max_pool_backward,
    .average_pool = average_pool,
    .average_pool_backward = average_pool_backward,
    .plane_means = plane_means,
    .plane_means_backward = plane_means_backward,
    .attention = attention,
    .attention_backward = attention_backward,
    .embedding = embedding,
    .embedding_backward = embedding_backward,
    .mean_tokens = mean_tokens,
    .mean_tokens_backward = mean_tokens_backward,
    .cut_patches = cut_patches,
    .paste_patches = paste_patches,
    .cross_entropy = cross_entropy,
    .cross_entropy_backward = cross_entropy_backward,
    .sgd_step = sgd_step,
    .adamw_step = adamw_step,
};
