/*
 * Kernels: the table of operations that a device offers to the layers.
 *
 * Every function works on plain arrays of floats, row-major, and knows nothing
 * of layers, tensors or schedules. Names and sizes are those of the layer that
 * calls. Where a result is written "+=", it is added to what is there. Results
 * do not depend on anything but the arguments and the number of threads.
 *
 * The CPU's table: OpenBLAS for matrix products, loops that the compiler
 * vectorises for the rest, OpenMP over samples or rows where there is enough
 * to do. Scratch space is accounted as MEMORY_WORKSPACE.
 *
 * The meta device's table: nothing is computed, and the scratch space that the
 * CPU would take is accounted. FLOPs are the layers' affair on either.
 */
#ifndef COMMON_KERNELS_KERNELS_H
#define COMMON_KERNELS_KERNELS_H

#include "common/base/tensor.h"

struct convolution_sizes {
    int samples;
    int inputs;        /* channels of x */
    int height, width; /* of x */
    int outputs;       /* channels of y */
    int kernel;        /* side of the window */
    int stride;        /* between windows, both ways */
    int padding;       /* rows and columns of zeros around x */
    int groups;        /* each group of outputs looks at its own group of inputs only */
};

struct pooling_sizes {
    int planes;        /* samples · channels */
    int height, width; /* of x */
    int kernel;        /* side of the window */
    int stride;        /* between windows, both ways */
    int padding;       /* rows and columns around x: -infinity for the maximum, 0 for the average */
};

/* Windows that fit on so many pixels of one side, padding included. */
static inline int windows_along(int pixels, int kernel, int stride, int padding)
{
    return (pixels + 2 * padding - kernel) / stride + 1;
}

struct batch_norm_sizes {
    int samples;
    int channels;
    int plane;    /* numbers of each channel in a sample: height · width, or 1 */
    int together; /* so many samples, one after the other, share statistics; divides samples */
};

struct attention_sizes {
    int samples;
    int tokens;
    int heads;
    int head_width; /* width / heads */
    bool causal;    /* a query looks at keys up to its own place only */
};

struct embedding_sizes {
    int samples;
    int tokens;     /* of a sample */
    int vocabulary; /* rows of the table … */
    int width;
    int first; /* … which are those of the tokens first, first + 1, … */
};

/* Number i of a stream (random.h) decides whether element i is dropped: where it is below the rate. */
struct dropout_draw {
    uint64_t seed, stream;
    float rate;
};

struct patch_sizes {
    int samples;
    int channels;
    int height, width; /* multiples of patch */
    int patch;         /* side */
};

struct adamw_factors {
    float keep;         /* parameter *= keep: 1 - rate · weight decay */
    float average_gain; /* 1 - beta1 */
    float square_keep;  /* beta2 */
    float square_gain;  /* 1 - beta2 */
    float step_size;    /* rate / (1 - beta1^t) */
    float correction;   /* √(1 - beta2^t) */
    float epsilon;
};

struct kernels {
    /* ---- matrix products and what belongs to linear layers ---- */

    /* c = a' · b' + beta · c, where a' is (rows, depth), b' is (depth, columns) and c is
     * (rows, columns). transpose_a: a holds a' transposed, (depth, rows); likewise b. */
    void (*matrix_product)(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                           const float *a, const float *b, float beta, float *c);
    /* The same for a and b of numbers that bfloat16 holds exactly, with sums in float32: faster where the
     * processor has dot products of such pairs. (It may round what bfloat16 does not hold, and take
     * subnormal numbers for 0.) */
    void (*bfloat16_product)(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                             const float *a, const float *b, float beta, float *c);
    /* Every row of y (rows, columns) becomes `row`. */
    void (*fill_rows)(int rows, int columns, const float *row, float *y);
    /* sums[j] += the sum over i of y[i][j]. */
    void (*add_column_sums)(int rows, int columns, const float *y, float *sums);

    /* ---- element by element; in place where the pointers are equal ---- */

    void (*add)(size_t count, const float *x, float *y); /* y += x */
    void (*multiply)(size_t count, const float *a, const float *b, float *y);
    void (*relu)(size_t count, const float *x, float *y); /* NaN stays NaN */
    /* dx = dy where y > 0, else 0 */
    void (*relu_backward)(size_t count, const float *y, const float *dy, float *dx);
    /* y = x · Φ(x); derivative = Φ(x) + x · φ(x). derivative may be x itself. */
    void (*gelu)(size_t count, const float *x, float *y, float *derivative);
    /* y = e^x, with e^-87 the smallest and e^88 the largest; y = ln x */
    void (*exponential)(size_t count, const float *x, float *y);
    void (*logarithm)(size_t count, const float *x, float *y);
    /* Elements first … first+count-1: y = 0 where dropped, else x / (1 - rate). */
    void (*dropout)(const struct dropout_draw *draw, uint64_t first, size_t count, const float *x,
                    float *y);

    /* ---- numbers of 16 bits (bfloat16 or float16; sixteen_bits.h): exact, and to the nearest, the
     * even one of two. What is written may not overlap what is read. ---- */

    void (*widen)(enum dtype from, size_t count, const void *numbers, float *to);
    void (*narrow)(enum dtype to, size_t count, const float *numbers, void *narrowed);

    /* ---- rows and columns of y (rows, columns) ---- */

    void (*add_to_columns)(int rows, int columns, const float *values,
                           float *y); /* y[i][j] += values[j] */
    void (*multiply_columns)(int rows, int columns, const float *factors,
                             float *y); /* y[i][j] *= factors[j] */
    void (*add_to_rows)(int rows, int columns, const float *values,
                        float *y); /* y[i][j] += values[i] */
    void (*multiply_rows)(int rows, int columns, const float *factors,
                          float *y); /* y[i][j] *= factors[i] */
    void (*row_sums)(int rows, int columns, const float *x,
                     float *sums); /* sums[i] = the sum over j of x[i][j] */
    /* maxima[i] = the largest of row i; NaN where there is one */
    void (*row_maxima)(int rows, int columns, const float *x, float *maxima);
    /* values[i] = x[i][index[i] - first], or 0 where x has no such column */
    void (*pick)(int rows, int columns, int first, const int32_t *index, const float *x,
                 float *values);
    /* The same elements of y += value. */
    void (*add_to_picked)(int rows, int columns, int first, const int32_t *index, float value,
                          float *y);
    /* The sum of all numbers, in double precision. */
    double (*sum)(size_t count, const float *x);
    /* y *= factor; y = 1 / √(y + epsilon) */
    void (*scale)(size_t count, float factor, float *y);
    void (*inverse_square_root)(size_t count, float epsilon, float *y);
    /* `blocks` times `length` numbers, whose begins are so many apart; bits, so int32 as well. */
    void (*copy_blocks)(size_t blocks, size_t length, const float *from, size_t from_step,
                        float *to, size_t to_step);

    /* ---- layer norm over the columns of x (rows, columns) ---- */

    /* statistics (rows, 2): mean and 1/deviation of each row */
    void (*layer_norm)(int rows, int columns, const float *x, const float *weight,
                       const float *bias, float *y, float *statistics);
    void (*layer_norm_backward_input)(int rows, int columns, const float *x,
                                      const float *statistics, const float *weight, const float *dy,
                                      float *dx);
    void (*layer_norm_backward_weight)(int rows, int columns, const float *x,
                                       const float *statistics, const float *dy,
                                       float *weight_gradient, float *bias_gradient); /* += */

    /* ---- batch norm: x and y (samples, channels, plane) ---- */

    /* statistics (groups, 2, channels): means, then variances that divide by the number of numbers */
    void (*batch_norm)(const struct batch_norm_sizes *sizes, const float *x, const float *weight,
                       const float *bias, float *y, float *statistics);
    /* With one (2, channels) statistics that were taken before, for all groups. */
    void (*batch_norm_with)(const struct batch_norm_sizes *sizes, const float *x,
                            const float *statistics, const float *weight, const float *bias,
                            float *y);
    /* sums (2, channels): the gradients of weight and of bias. dx: NULL where it is not wanted; may
     * be dy itself. */
    void (*batch_norm_backward)(const struct batch_norm_sizes *sizes, const float *x,
                                const float *statistics, const float *weight, const float *dy,
                                float *dx, float *sums);
    /* running = (1 - momentum) · running + momentum · (factor · own), as PyTorch rounds it. */
    void (*follow)(size_t count, float momentum, float factor, const float *own, float *running);

    /* ---- convolution: weight (outputs, inputs / groups, kernel, kernel); bias and bias_gradient
     * may be NULL: there is none ---- */

    void (*convolution)(const struct convolution_sizes *sizes, const float *x, const float *weight,
                        const float *bias, float *y);
    void (*convolution_backward_input)(const struct convolution_sizes *sizes, const float *weight,
                                       const float *dy, float *dx);
    void (*convolution_backward_weight)(const struct convolution_sizes *sizes, const float *x,
                                        const float *dy, float *weight_gradient,
                                        float *bias_gradient); /* += */

    /* ---- pooling: place (as y) is the number of the maximum within its window ---- */

    void (*max_pool)(const struct pooling_sizes *sizes, const float *x, float *y, int32_t *place);
    void (*max_pool_backward)(const struct pooling_sizes *sizes, const int32_t *place,
                              const float *dy, float *dx);
    /* The mean of each window of kernel² numbers, those of the padding included. */
    void (*average_pool)(const struct pooling_sizes *sizes, const float *x, float *y);
    void (*average_pool_backward)(const struct pooling_sizes *sizes, const float *dy, float *dx);
    /* The mean of each plane of `count` numbers, and back. */
    void (*plane_means)(int planes, int count, const float *x, float *y);
    void (*plane_means_backward)(int planes, int count, const float *dy, float *dx);

    /* ---- attention: qkv (samples, tokens, 3, heads, head_width), y (samples, tokens, heads,
     * head_width), probabilities (samples, heads, key, query), 0 for the later keys of a causal one ---- */

    void (*attention)(const struct attention_sizes *sizes, const float *qkv, float *y,
                      float *probabilities);
    void (*attention_backward)(const struct attention_sizes *sizes, const float *qkv,
                               const float *probabilities, const float *dy, float *dqkv);

    /* ---- tokens ---- */

    /* y (samples, tokens, width) = rows of table (vocabulary, width) + position (tokens, width).
     * position: NULL where nothing is added. A token without a row in the table has a row of zeros,
     * and backward no gradient. */
    void (*embedding)(const struct embedding_sizes *sizes, const int32_t *token, const float *table,
                      const float *position, float *y);
    /* += into the table's gradient, in the order of the tokens, whatever the number of threads */
    void (*embedding_backward)(const struct embedding_sizes *sizes, const int32_t *token,
                               const float *dy, float *table_gradient);
    /* Means over the tokens of x (samples, tokens, width), and back. */
    void (*mean_tokens)(int samples, int tokens, int width, const float *x, float *y);
    void (*mean_tokens_backward)(int samples, int tokens, int width, const float *dy, float *dx);
    /* Images (samples, channels, height, width) to patches (samples, tokens, channels · patch ·
     * patch), the patches row by row; and back. */
    void (*cut_patches)(const struct patch_sizes *sizes, const float *images, float *patches);
    void (*paste_patches)(const struct patch_sizes *sizes, const float *patches, float *images);

    /* ---- cross-entropy of the rows of x (rows, classes) with labels 0 … classes-1 (rows) ---- */

    /* The sum over the rows of log Σ exp(x) - x[label], in double precision; right: of how many rows
     * the label's is the first of the largest elements. NaN makes the sum NaN. */
    double (*cross_entropy)(int rows, int classes, const float *x, const int32_t *labels,
                            int *right);
    /* dx = scale · (softmax(x) - 1 at the label): the gradient of scale · that sum */
    void (*cross_entropy_backward)(int rows, int classes, const float *x, const int32_t *labels,
                                   float scale, float *dx);

    /* ---- optimizers, over flat arrays of `count` floats that do not overlap ---- */

    /* buffer = momentum · buffer + gradient; parameter -= rate · buffer */
    void (*sgd_step)(size_t count, float *parameter, float *buffer, const float *gradient,
                     float rate, float momentum);
    /* average and square: the running means of the gradient and of its square */
    void (*adamw_step)(size_t count, float *parameter, float *average, float *square,
                       const float *gradient, struct adamw_factors factors);
};

/* The table of a device; fatal if this program was built without it. */
const struct kernels *kernels_for(enum device device);

#endif
