/*
 * The table of kernels whose time is charged or measured: each function is a piece
 * of work (work.h) and calls its twin in the device's own table.
 *
 * The cost of a kernel is a number of operations that its time is about proportional
 * to where sizes differ little. It need not be the layer's FLOPs.
 */
#include "common/kernels/work/parts.h"

static const struct kernels *own; /* the device's, which was asked for last */

/* ---- sizes and costs ---- */

static struct work of_numbers(enum work_kind kind, size_t count)
{
    return (struct work){kind, (double)count, {(double)count}};
}

static struct work of_matrix(enum work_kind kind, double rows, double columns)
{
    return (struct work){kind, rows * columns, {rows, columns}};
}

static struct work of_cube(enum work_kind kind, double planes, double rows, double columns)
{
    return (struct work){kind, planes * rows * columns, {planes, rows, columns}};
}

/* One number of each row is looked at. */
static struct work of_rows(enum work_kind kind, double rows, double columns)
{
    return (struct work){kind, rows, {rows, columns}};
}

/* No layer transposes both. */
static enum work_kind product_kind(bool transpose_a, bool transpose_b)
{
    return transpose_a   ? WORK_matrix_product_tn
           : transpose_b ? WORK_matrix_product_nt
                         : WORK_matrix_product_nn;
}

static enum work_kind bfloat16_kind(bool transpose_a, bool transpose_b)
{
    return transpose_a   ? WORK_bfloat16_product_tn
           : transpose_b ? WORK_bfloat16_product_nt
                         : WORK_bfloat16_product_nn;
}

static struct work of_batch_norm(enum work_kind kind, const struct batch_norm_sizes *sizes)
{
    return of_cube(kind, sizes->samples, sizes->channels, sizes->plane);
}

static struct work of_convolution(enum work_kind kind, const struct convolution_sizes *sizes)
{
    const double places =
        (double)windows_along(sizes->height, sizes->kernel, sizes->stride, sizes->padding) *
        windows_along(sizes->width, sizes->kernel, sizes->stride, sizes->padding);
    const double window = (double)sizes->kernel * sizes->kernel;
    const int inputs = sizes->inputs / sizes->groups; /* of one output */
    return (struct work){kind,
                         (double)sizes->samples * inputs * sizes->outputs * places * window,
                         {sizes->samples, inputs, sizes->outputs, places, window, sizes->stride}};
}

static struct work of_pooling(enum work_kind kind, const struct pooling_sizes *sizes)
{
    const double places =
        (double)windows_along(sizes->height, sizes->kernel, sizes->stride, sizes->padding) *
        windows_along(sizes->width, sizes->kernel, sizes->stride, sizes->padding);
    return (struct work){kind,
                         sizes->planes * places * sizes->kernel * sizes->kernel,
                         {sizes->planes, places, sizes->kernel, sizes->stride}};
}

/* A causal one looks at half of the pairs of tokens. */
static struct work of_attention(enum work_kind kind, const struct attention_sizes *sizes)
{
    return (struct work){kind,
                         (sizes->causal ? 0.5 : 1.0) * sizes->samples * sizes->heads *
                             sizes->tokens * sizes->tokens * sizes->head_width,
                         {sizes->samples, sizes->tokens, sizes->heads, sizes->head_width}};
}

static struct work of_embedding(enum work_kind kind, const struct embedding_sizes *sizes)
{
    const double tokens = (double)sizes->samples * sizes->tokens;
    return (struct work){kind, tokens * sizes->width, {tokens, sizes->vocabulary, sizes->width}};
}

static struct work of_patches(enum work_kind kind, const struct patch_sizes *sizes)
{
    const double image = (double)sizes->channels * sizes->height * sizes->width;
    return (struct work){kind, sizes->samples * image, {sizes->samples, image, sizes->patch}};
}

/* ---- the kernels ---- */

/* A function of the table: what work it is, its parameters, and the arguments for its twin. */
#define TIMED(kernel, work, parameters, arguments)                                                 \
    static void kernel parameters                                                                  \
    {                                                                                              \
        work_begin(work);                                                                          \
        own->kernel arguments;                                                                     \
        work_end();                                                                                \
    }

TIMED(matrix_product, of_cube(product_kind(transpose_a, transpose_b), rows, columns, depth),
      (bool transpose_a, bool transpose_b, int rows, int columns, int depth, const float *a,
       const float *b, float beta, float *c),
      (transpose_a, transpose_b, rows, columns, depth, a, b, beta, c))
TIMED(bfloat16_product, of_cube(bfloat16_kind(transpose_a, transpose_b), rows, columns, depth),
      (bool transpose_a, bool transpose_b, int rows, int columns, int depth, const float *a,
       const float *b, float beta, float *c),
      (transpose_a, transpose_b, rows, columns, depth, a, b, beta, c))
TIMED(fill_rows, of_matrix(WORK_fill_rows, rows, columns),
      (int rows, int columns, const float *row, float *y), (rows, columns, row, y))
TIMED(add_column_sums, of_matrix(WORK_add_column_sums, rows, columns),
      (int rows, int columns, const float *y, float *sums), (rows, columns, y, sums))
TIMED(add, of_numbers(WORK_add, count), (size_t count, const float *x, float *y), (count, x, y))
TIMED(multiply, of_numbers(WORK_multiply, count),
      (size_t count, const float *a, const float *b, float *y), (count, a, b, y))
TIMED(relu, of_numbers(WORK_relu, count), (size_t count, const float *x, float *y), (count, x, y))
TIMED(relu_backward, of_numbers(WORK_relu_backward, count),
      (size_t count, const float *y, const float *dy, float *dx), (count, y, dy, dx))
TIMED(gelu, of_numbers(WORK_gelu, count),
      (size_t count, const float *x, float *y, float *derivative), (count, x, y, derivative))
TIMED(exponential, of_numbers(WORK_exponential, count), (size_t count, const float *x, float *y),
      (count, x, y))
TIMED(logarithm, of_numbers(WORK_logarithm, count), (size_t count, const float *x, float *y),
      (count, x, y))
TIMED(dropout, of_numbers(WORK_dropout, count),
      (const struct dropout_draw *draw, uint64_t first, size_t count, const float *x, float *y),
      (draw, first, count, x, y))
/* An addition in all but its factors. */
TIMED(follow, of_numbers(WORK_add, count),
      (size_t count, float momentum, float factor, const float *numbers, float *running),
      (count, momentum, factor, numbers, running))
TIMED(widen, of_numbers(WORK_widen, count),
      (enum dtype from, size_t count, const void *numbers, float *to), (from, count, numbers, to))
TIMED(narrow, of_numbers(WORK_narrow, count),
      (enum dtype to, size_t count, const float *numbers, void *narrowed),
      (to, count, numbers, narrowed))
TIMED(add_to_columns, of_matrix(WORK_add_to_columns, rows, columns),
      (int rows, int columns, const float *values, float *y), (rows, columns, values, y))
TIMED(multiply_columns, of_matrix(WORK_multiply_columns, rows, columns),
      (int rows, int columns, const float *factors, float *y), (rows, columns, factors, y))
TIMED(add_to_rows, of_matrix(WORK_add_to_rows, rows, columns),
      (int rows, int columns, const float *values, float *y), (rows, columns, values, y))
TIMED(multiply_rows, of_matrix(WORK_multiply_rows, rows, columns),
      (int rows, int columns, const float *factors, float *y), (rows, columns, factors, y))
TIMED(row_sums, of_matrix(WORK_row_sums, rows, columns),
      (int rows, int columns, const float *x, float *sums), (rows, columns, x, sums))
TIMED(row_maxima, of_matrix(WORK_row_maxima, rows, columns),
      (int rows, int columns, const float *x, float *maxima), (rows, columns, x, maxima))
TIMED(pick, of_rows(WORK_pick, rows, columns),
      (int rows, int columns, int first, const int32_t *index, const float *x, float *values),
      (rows, columns, first, index, x, values))
TIMED(add_to_picked, of_rows(WORK_add_to_picked, rows, columns),
      (int rows, int columns, int first, const int32_t *index, float value, float *y),
      (rows, columns, first, index, value, y))

static double sum(size_t count, const float *x)
{
    work_begin(of_numbers(WORK_sum, count));
    const double total = own->sum(count, x);
    work_end();
    return total;
}

TIMED(scale, of_numbers(WORK_scale, count), (size_t count, float factor, float *y),
      (count, factor, y))
TIMED(inverse_square_root, of_numbers(WORK_inverse_square_root, count),
      (size_t count, float epsilon, float *y), (count, epsilon, y))
TIMED(copy_blocks, of_matrix(WORK_copy_blocks, (double)blocks, (double)length),
      (size_t blocks, size_t length, const float *from, size_t from_step, float *to,
       size_t to_step),
      (blocks, length, from, from_step, to, to_step))
TIMED(layer_norm, of_matrix(WORK_layer_norm, rows, columns),
      (int rows, int columns, const float *x, const float *weight, const float *bias, float *y,
       float *statistics),
      (rows, columns, x, weight, bias, y, statistics))
TIMED(layer_norm_backward_input, of_matrix(WORK_layer_norm_backward_input, rows, columns),
      (int rows, int columns, const float *x, const float *statistics, const float *weight,
       const float *dy, float *dx),
      (rows, columns, x, statistics, weight, dy, dx))
TIMED(layer_norm_backward_weight, of_matrix(WORK_layer_norm_backward_weight, rows, columns),
      (int rows, int columns, const float *x, const float *statistics, const float *dy,
       float *weight_gradient, float *bias_gradient),
      (rows, columns, x, statistics, dy, weight_gradient, bias_gradient))
TIMED(batch_norm, of_batch_norm(WORK_batch_norm, sizes),
      (const struct batch_norm_sizes *sizes, const float *x, const float *weight, const float *bias,
       float *y, float *statistics),
      (sizes, x, weight, bias, y, statistics))
TIMED(batch_norm_with, of_batch_norm(WORK_batch_norm_with, sizes),
      (const struct batch_norm_sizes *sizes, const float *x, const float *statistics,
       const float *weight, const float *bias, float *y),
      (sizes, x, statistics, weight, bias, y))
TIMED(batch_norm_backward, of_batch_norm(WORK_batch_norm_backward, sizes),
      (const struct batch_norm_sizes *sizes, const float *x, const float *statistics,
       const float *weight, const float *dy, float *dx, float *sums),
      (sizes, x, statistics, weight, dy, dx, sums))
TIMED(convolution, of_convolution(WORK_convolution, sizes),
      (const struct convolution_sizes *sizes, const float *x, const float *weight,
       const float *bias, float *y),
      (sizes, x, weight, bias, y))
TIMED(convolution_backward_input, of_convolution(WORK_convolution_backward_input, sizes),
      (const struct convolution_sizes *sizes, const float *weight, const float *dy, float *dx),
      (sizes, weight, dy, dx))
TIMED(convolution_backward_weight, of_convolution(WORK_convolution_backward_weight, sizes),
      (const struct convolution_sizes *sizes, const float *x, const float *dy,
       float *weight_gradient, float *bias_gradient),
      (sizes, x, dy, weight_gradient, bias_gradient))
TIMED(max_pool, of_pooling(WORK_max_pool, sizes),
      (const struct pooling_sizes *sizes, const float *x, float *y, int32_t *where),
      (sizes, x, y, where))
TIMED(max_pool_backward, of_pooling(WORK_max_pool_backward, sizes),
      (const struct pooling_sizes *sizes, const int32_t *where, const float *dy, float *dx),
      (sizes, where, dy, dx))
TIMED(average_pool, of_pooling(WORK_average_pool, sizes),
      (const struct pooling_sizes *sizes, const float *x, float *y), (sizes, x, y))
TIMED(average_pool_backward, of_pooling(WORK_average_pool_backward, sizes),
      (const struct pooling_sizes *sizes, const float *dy, float *dx), (sizes, dy, dx))
TIMED(plane_means, of_matrix(WORK_plane_means, planes, count),
      (int planes, int count, const float *x, float *y), (planes, count, x, y))
TIMED(plane_means_backward, of_matrix(WORK_plane_means_backward, planes, count),
      (int planes, int count, const float *dy, float *dx), (planes, count, dy, dx))
TIMED(attention, of_attention(WORK_attention, sizes),
      (const struct attention_sizes *sizes, const float *qkv, float *y, float *probabilities),
      (sizes, qkv, y, probabilities))
TIMED(attention_backward, of_attention(WORK_attention_backward, sizes),
      (const struct attention_sizes *sizes, const float *qkv, const float *probabilities,
       const float *dy, float *dqkv),
      (sizes, qkv, probabilities, dy, dqkv))
TIMED(embedding, of_embedding(WORK_embedding, sizes),
      (const struct embedding_sizes *sizes, const int32_t *token, const float *table,
       const float *position, float *y),
      (sizes, token, table, position, y))
TIMED(embedding_backward, of_embedding(WORK_embedding_backward, sizes),
      (const struct embedding_sizes *sizes, const int32_t *token, const float *dy,
       float *table_gradient),
      (sizes, token, dy, table_gradient))
TIMED(mean_tokens, of_cube(WORK_mean_tokens, samples, tokens, width),
      (int samples, int tokens, int width, const float *x, float *y),
      (samples, tokens, width, x, y))
TIMED(mean_tokens_backward, of_cube(WORK_mean_tokens_backward, samples, tokens, width),
      (int samples, int tokens, int width, const float *dy, float *dx),
      (samples, tokens, width, dy, dx))
TIMED(cut_patches, of_patches(WORK_cut_patches, sizes),
      (const struct patch_sizes *sizes, const float *images, float *patches),
      (sizes, images, patches))
TIMED(paste_patches, of_patches(WORK_paste_patches, sizes),
      (const struct patch_sizes *sizes, const float *patches, float *images),
      (sizes, patches, images))

static double cross_entropy(int rows, int classes, const float *x, const int32_t *labels,
                            int *right)
{
    work_begin(of_matrix(WORK_cross_entropy, rows, classes));
    const double sum = own->cross_entropy(rows, classes, x, labels, right);
    work_end();
    return sum;
}

TIMED(cross_entropy_backward, of_matrix(WORK_cross_entropy_backward, rows, classes),
      (int rows, int classes, const float *x, const int32_t *labels, float scale, float *dx),
      (rows, classes, x, labels, scale, dx))
TIMED(sgd_step, of_numbers(WORK_sgd_step, count),
      (size_t count, float *parameter, float *buffer, const float *gradient, float rate,
       float momentum),
      (count, parameter, buffer, gradient, rate, momentum))
TIMED(adamw_step, of_numbers(WORK_adamw_step, count),
      (size_t count, float *parameter, float *average, float *square, const float *gradient,
       struct adamw_factors factors),
      (count, parameter, average, square, gradient, factors))

const struct kernels *timed_table(const struct kernels *table)
{
    static const struct kernels timed = {
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
        .follow = follow,
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
    own = table;
    return &timed;
}
