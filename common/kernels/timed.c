/*
 * The table of kernels whose time is charged or measured: each function is a piece
 * of work (work.h) and calls its twin in the device's own table.
 *
 * The cost of a kernel is a number of operations that its time is about proportional
 * to where sizes differ little. It need not be the layer's FLOPs.
 */
#include "common/kernels/work_parts.h"

static const struct kernels *own; /* the device's, which was asked for last */

/* A call of the device's function as a piece of work. The cost is the product of all sizes. */
#define TIMED(kind_of_work, cost, sizes, call)                                                     \
    do {                                                                                           \
        work_begin((struct work){WORK_##kind_of_work, cost, sizes});                               \
        own->call;                                                                                 \
        work_end();                                                                                \
    } while (0)
#define SIZE(...)                                                                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void matrix_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                           const float *a, const float *b, float beta, float *c)
{
    /* No layer transposes both. */
    const enum work_kind kind = transpose_a   ? WORK_matrix_product_tn
                                : transpose_b ? WORK_matrix_product_nt
                                              : WORK_matrix_product_nn;
    work_begin((struct work){kind, (double)rows * columns * depth, {rows, columns, depth}});
    own->matrix_product(transpose_a, transpose_b, rows, columns, depth, a, b, beta, c);
    work_end();
}

static void fill_rows(int rows, int columns, const float *row, float *y)
{
    TIMED(fill_rows, (double)rows * columns, SIZE(rows, columns), fill_rows(rows, columns, row, y));
}

static void add_column_sums(int rows, int columns, const float *y, float *sums)
{
    TIMED(add_column_sums, (double)rows * columns, SIZE(rows, columns),
          add_column_sums(rows, columns, y, sums));
}

static void add(size_t count, const float *x, float *y)
{
    TIMED(add, (double)count, SIZE((double)count), add(count, x, y));
}

static void multiply(size_t count, const float *a, const float *b, float *y)
{
    TIMED(multiply, (double)count, SIZE((double)count), multiply(count, a, b, y));
}

static void relu(size_t count, const float *x, float *y)
{
    TIMED(relu, (double)count, SIZE((double)count), relu(count, x, y));
}

static void relu_backward(size_t count, const float *y, const float *dy, float *dx)
{
    TIMED(relu_backward, (double)count, SIZE((double)count), relu_backward(count, y, dy, dx));
}

static void gelu(size_t count, const float *x, float *y, float *derivative)
{
    TIMED(gelu, (double)count, SIZE((double)count), gelu(count, x, y, derivative));
}

static void dropout(const struct dropout_draw *draw, uint64_t first, size_t count, const float *x,
                    float *y)
{
    TIMED(dropout, (double)count, SIZE((double)count), dropout(draw, first, count, x, y));
}

/* ---- rows and columns ---- */

/* A function of (rows, columns), an array of one and one of both. */
#define ROWS_AND_COLUMNS(name, first, second)                                                      \
    static void name(int rows, int columns, const float *first, float *second)                     \
    {                                                                                              \
        TIMED(name, (double)rows *columns, SIZE(rows, columns),                                    \
              name(rows, columns, first, second));                                                 \
    }
ROWS_AND_COLUMNS(add_to_columns, values, y)
ROWS_AND_COLUMNS(multiply_columns, factors, y)
ROWS_AND_COLUMNS(add_to_rows, values, y)
ROWS_AND_COLUMNS(multiply_rows, factors, y)
ROWS_AND_COLUMNS(row_sums, x, sums)

static void scale_all(size_t count, float factor, float *y)
{
    TIMED(scale, (double)count, SIZE((double)count), scale(count, factor, y));
}

static void inverse_square_root(size_t count, float epsilon, float *y)
{
    TIMED(inverse_square_root, (double)count, SIZE((double)count),
          inverse_square_root(count, epsilon, y));
}

static void copy_blocks(size_t blocks, size_t length, const float *from, size_t from_step,
                        float *to, size_t to_step)
{
    TIMED(copy_blocks, (double)blocks * (double)length, SIZE((double)blocks, (double)length),
          copy_blocks(blocks, length, from, from_step, to, to_step));
}

/* ---- layer norm ---- */

static void layer_norm(int rows, int columns, const float *x, const float *weight,
                       const float *bias, float *y, float *statistics)
{
    TIMED(layer_norm, (double)rows * columns, SIZE(rows, columns),
          layer_norm(rows, columns, x, weight, bias, y, statistics));
}

static void layer_norm_backward_input(int rows, int columns, const float *x,
                                      const float *statistics, const float *weight, const float *dy,
                                      float *dx)
{
    TIMED(layer_norm_backward_input, (double)rows * columns, SIZE(rows, columns),
          layer_norm_backward_input(rows, columns, x, statistics, weight, dy, dx));
}

static void layer_norm_backward_weight(int rows, int columns, const float *x,
                                       const float *statistics, const float *dy,
                                       float *weight_gradient, float *bias_gradient)
{
    TIMED(layer_norm_backward_weight, (double)rows * columns, SIZE(rows, columns),
          layer_norm_backward_weight(rows, columns, x, statistics, dy, weight_gradient,
                                     bias_gradient));
}

/* ---- batch norm ---- */

static struct work batch_norm_work(enum work_kind kind, const struct batch_norm_sizes *sizes)
{
    return (struct work){kind,
                         (double)sizes->samples * sizes->channels * sizes->plane,
                         {sizes->samples, sizes->channels, sizes->plane}};
}

static void batch_norm(const struct batch_norm_sizes *sizes, const float *x, const float *weight,
                       const float *bias, float *y, float *statistics)
{
    work_begin(batch_norm_work(WORK_batch_norm, sizes));
    own->batch_norm(sizes, x, weight, bias, y, statistics);
    work_end();
}

static void batch_norm_with(const struct batch_norm_sizes *sizes, const float *x,
                            const float *statistics, const float *weight, const float *bias,
                            float *y)
{
    work_begin(batch_norm_work(WORK_batch_norm_with, sizes));
    own->batch_norm_with(sizes, x, statistics, weight, bias, y);
    work_end();
}

static void batch_norm_backward(const struct batch_norm_sizes *sizes, const float *x,
                                const float *statistics, const float *weight, const float *dy,
                                float *dx, float *sums)
{
    work_begin(batch_norm_work(WORK_batch_norm_backward, sizes));
    own->batch_norm_backward(sizes, x, statistics, weight, dy, dx, sums);
    work_end();
}

/* ---- convolution and pooling ---- */

static struct work convolution_work(enum work_kind kind, const struct convolution_sizes *sizes)
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

static void convolution(const struct convolution_sizes *sizes, const float *x, const float *weight,
                        const float *bias, float *y)
{
    work_begin(convolution_work(WORK_convolution, sizes));
    own->convolution(sizes, x, weight, bias, y);
    work_end();
}

static void convolution_backward_input(const struct convolution_sizes *sizes, const float *weight,
                                       const float *dy, float *dx)
{
    work_begin(convolution_work(WORK_convolution_backward_input, sizes));
    own->convolution_backward_input(sizes, weight, dy, dx);
    work_end();
}

static void convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                        const float *dy, float *weight_gradient,
                                        float *bias_gradient)
{
    work_begin(convolution_work(WORK_convolution_backward_weight, sizes));
    own->convolution_backward_weight(sizes, x, dy, weight_gradient, bias_gradient);
    work_end();
}

static struct work pooling_work(enum work_kind kind, const struct pooling_sizes *sizes)
{
    const double places =
        (double)windows_along(sizes->height, sizes->kernel, sizes->stride, sizes->padding) *
        windows_along(sizes->width, sizes->kernel, sizes->stride, sizes->padding);
    return (struct work){kind,
                         sizes->planes * places * sizes->kernel * sizes->kernel,
                         {sizes->planes, places, sizes->kernel, sizes->stride}};
}

static void max_pool(const struct pooling_sizes *sizes, const float *x, float *y, int32_t *where)
{
    work_begin(pooling_work(WORK_max_pool, sizes));
    own->max_pool(sizes, x, y, where);
    work_end();
}

static void max_pool_backward(const struct pooling_sizes *sizes, const int32_t *where,
                              const float *dy, float *dx)
{
    work_begin(pooling_work(WORK_max_pool_backward, sizes));
    own->max_pool_backward(sizes, where, dy, dx);
    work_end();
}

static void average_pool(const struct pooling_sizes *sizes, const float *x, float *y)
{
    work_begin(pooling_work(WORK_average_pool, sizes));
    own->average_pool(sizes, x, y);
    work_end();
}

static void average_pool_backward(const struct pooling_sizes *sizes, const float *dy, float *dx)
{
    work_begin(pooling_work(WORK_average_pool_backward, sizes));
    own->average_pool_backward(sizes, dy, dx);
    work_end();
}

static void plane_means(int planes, int count, const float *x, float *y)
{
    TIMED(plane_means, (double)planes * count, SIZE(planes, count),
          plane_means(planes, count, x, y));
}

static void plane_means_backward(int planes, int count, const float *dy, float *dx)
{
    TIMED(plane_means_backward, (double)planes * count, SIZE(planes, count),
          plane_means_backward(planes, count, dy, dx));
}

/* ---- attention and tokens ---- */

/* A causal one looks at half of the pairs of tokens. */
static struct work attention_work(enum work_kind kind, const struct attention_sizes *sizes)
{
    return (struct work){kind,
                         (sizes->causal ? 0.5 : 1.0) * sizes->samples * sizes->heads *
                             sizes->tokens * sizes->tokens * sizes->head_width,
                         {sizes->samples, sizes->tokens, sizes->heads, sizes->head_width}};
}

static void attention(const struct attention_sizes *sizes, const float *qkv, float *y,
                      float *probabilities)
{
    work_begin(attention_work(WORK_attention, sizes));
    own->attention(sizes, qkv, y, probabilities);
    work_end();
}

static void attention_backward(const struct attention_sizes *sizes, const float *qkv,
                               const float *probabilities, const float *dy, float *dqkv)
{
    work_begin(attention_work(WORK_attention_backward, sizes));
    own->attention_backward(sizes, qkv, probabilities, dy, dqkv);
    work_end();
}

static struct work embedding_work(enum work_kind kind, const struct embedding_sizes *sizes)
{
    const double tokens = (double)sizes->samples * sizes->tokens;
    return (struct work){kind, tokens * sizes->width, {tokens, sizes->vocabulary, sizes->width}};
}

static void embedding(const struct embedding_sizes *sizes, const int32_t *token, const float *table,
                      const float *position, float *y)
{
    work_begin(embedding_work(WORK_embedding, sizes));
    own->embedding(sizes, token, table, position, y);
    work_end();
}

static void embedding_backward(const struct embedding_sizes *sizes, const int32_t *token,
                               const float *dy, float *table_gradient)
{
    work_begin(embedding_work(WORK_embedding_backward, sizes));
    own->embedding_backward(sizes, token, dy, table_gradient);
    work_end();
}

static void mean_tokens(int samples, int tokens, int width, const float *x, float *y)
{
    TIMED(mean_tokens, (double)samples * tokens * width, SIZE(samples, tokens, width),
          mean_tokens(samples, tokens, width, x, y));
}

static void mean_tokens_backward(int samples, int tokens, int width, const float *dy, float *dx)
{
    TIMED(mean_tokens_backward, (double)samples * tokens * width, SIZE(samples, tokens, width),
          mean_tokens_backward(samples, tokens, width, dy, dx));
}

static struct work patches_work(enum work_kind kind, const struct patch_sizes *sizes)
{
    const double image = (double)sizes->channels * sizes->height * sizes->width;
    return (struct work){kind, sizes->samples * image, {sizes->samples, image, sizes->patch}};
}

static void cut_patches(const struct patch_sizes *sizes, const float *images, float *patches)
{
    work_begin(patches_work(WORK_cut_patches, sizes));
    own->cut_patches(sizes, images, patches);
    work_end();
}

static void paste_patches(const struct patch_sizes *sizes, const float *patches, float *images)
{
    work_begin(patches_work(WORK_paste_patches, sizes));
    own->paste_patches(sizes, patches, images);
    work_end();
}

/* ---- the loss ---- */

static double cross_entropy(int rows, int classes, const float *x, const int32_t *labels,
                            int *right)
{
    work_begin((struct work){WORK_cross_entropy, (double)rows * classes, {rows, classes}});
    const double sum = own->cross_entropy(rows, classes, x, labels, right);
    work_end();
    return sum;
}

static void cross_entropy_backward(int rows, int classes, const float *x, const int32_t *labels,
                                   float scale, float *dx)
{
    TIMED(cross_entropy_backward, (double)rows * classes, SIZE(rows, classes),
          cross_entropy_backward(rows, classes, x, labels, scale, dx));
}

/* ---- optimizers ---- */

static void sgd_step(size_t count, float *parameter, float *buffer, const float *gradient,
                     float rate, float momentum)
{
    TIMED(sgd_step, (double)count, SIZE((double)count),
          sgd_step(count, parameter, buffer, gradient, rate, momentum));
}

static void adamw_step(size_t count, float *parameter, float *average, float *square,
                       const float *gradient, struct adamw_factors factors)
{
    TIMED(adamw_step, (double)count, SIZE((double)count),
          adamw_step(count, parameter, average, square, gradient, factors));
}

const struct kernels *timed_table(const struct kernels *table)
{
    static const struct kernels timed = {
        .matrix_product = matrix_product,
        .fill_rows = fill_rows,
        .add_column_sums = add_column_sums,
        .add = add,
        .multiply = multiply,
        .relu = relu,
        .relu_backward = relu_backward,
        .gelu = gelu,
        .dropout = dropout,
        .add_to_columns = add_to_columns,
        .multiply_columns = multiply_columns,
        .add_to_rows = add_to_rows,
        .multiply_rows = multiply_rows,
        .row_sums = row_sums,
        .scale = scale_all,
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
