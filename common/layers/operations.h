/*
 * Arithmetic with whole tensors, for layers that you write (custom_layer.h).
 *
 * Nothing is hidden: each function reads its inputs, writes the tensor that is named last, and
 * allocates nothing. All are float32 and on one device; on the meta device only the cost is
 * counted. Each charges the floating-point operations that it does, which is how the log, the
 * simulated cluster and the checks know what a layer costs: arithmetic in a loop of your own
 * would go unseen.
 *
 * A tensor (samples, tokens, width) counts as a matrix of samples · tokens rows and width
 * columns: the last dimension are the columns, all before it are rows. What is said to be in place
 * may be given the same tensor as input and as output. Tensors that do not fit are fatal.
 */
#ifndef COMMON_LAYERS_OPERATIONS_H
#define COMMON_LAYERS_OPERATIONS_H

#include "common/base/tensor.h"

/* A new tensor for an activation, contents undefined; or one of the same shape as x. */
struct tensor *compute_new(enum device device, struct shape shape);
struct tensor *compute_new_like(const struct tensor *x);

/* ---- matrix products ----------------------------------------------------------------------------- */

/* c = a' · b' + beta · c; beta 0 overwrites c, 1 adds to it. a' is a, or with transpose_a a
 * transposed; likewise b'. 2 · rows · columns · depth operations. */
void compute_matrix_product(bool transpose_a, bool transpose_b, const struct tensor *a,
                            const struct tensor *b, float beta, struct tensor *c);

/* ---- element by element, one operation each; in place ---------------------------------------------- */

void compute_add(const struct tensor *x, struct tensor *y); /* y += x */
void compute_scale(float factor, struct tensor *y);         /* y *= factor */
void compute_multiply(const struct tensor *a, const struct tensor *b,
                      struct tensor *y);                     /* y = a · b */
void compute_relu(const struct tensor *x, struct tensor *y); /* y = max(x, 0) */
/* dx = dy where y > 0, else 0 */
void compute_relu_backward(const struct tensor *y, const struct tensor *dy, struct tensor *dx);
/* y = x · Φ(x), and the derivative of that, by which dy is multiplied. 32 operations each. */
void compute_gelu(const struct tensor *x, struct tensor *y, struct tensor *derivative);
/* y = e^x, of e^-87 at least and e^88 at most; y = ln x. Ten operations each. */
void compute_exponential(const struct tensor *x, struct tensor *y);
void compute_logarithm(const struct tensor *x, struct tensor *y);
/* y = 1 / √(y + epsilon). Three operations each. */
void compute_inverse_square_root(float epsilon, struct tensor *y);

/* ---- rows and columns, one operation for each element of the matrix --------------------------------- */

/* bias: one number per column, added to each row of y. */
void compute_add_bias(const struct tensor *bias, struct tensor *y);
/* sums[j] += the sum of column j: the gradient of a bias. */
void compute_add_column_sums(const struct tensor *y, struct tensor *sums);
/* Column j of y *= factors[j]. */
void compute_multiply_columns(const struct tensor *factors, struct tensor *y);
/* sums[i] = the sum of row i. */
void compute_row_sums(const struct tensor *x, struct tensor *sums);
/* maxima[i] = the largest number of row i. */
void compute_row_maxima(const struct tensor *x, struct tensor *maxima);
/* One number per row: row i of y += values[i], or *= factors[i]. */
void compute_add_to_rows(const struct tensor *values, struct tensor *y);
void compute_multiply_rows(const struct tensor *factors, struct tensor *y);

/* ---- convolutions ------------------------------------------------------------------------------------ */

/* x (samples, inputs, height, width), weight (outputs, inputs, kernel, kernel), and y (samples, outputs,
 * height', width') as layer_convolution_with (layer.h) gives it; `stride` lies between two windows, and around
 * x are `padding` rows and columns of zeros. They charge what that layer does. */

/* y = x * weight, + bias, one number for each output, unless that is NULL. */
void compute_convolution(const struct tensor *x, const struct tensor *weight,
                         const struct tensor *bias, int stride, int padding, struct tensor *y);
/* dx, of x's shape. */
void compute_convolution_backward_input(const struct tensor *weight, const struct tensor *dy,
                                        int stride, int padding, struct tensor *dx);
/* weight_gradient += …, and bias_gradient += …, unless that is NULL. */
void compute_convolution_backward_weight(const struct tensor *x, const struct tensor *dy,
                                         int stride, int padding, struct tensor *weight_gradient,
                                         struct tensor *bias_gradient);
/* bias: one number for each channel, added to each plane of y (samples, channels, height, width). */
void compute_add_channel_bias(const struct tensor *bias, struct tensor *y);

/* The sum of all numbers, in double precision; 0 on the meta device. */
double compute_sum(const struct tensor *x);

/* ---- one number of each row ---------------------------------------------------------------------------- */

/* index: an int32 tensor, one number per row. Of row i is meant column index[i] - first; where x has no
 * such column, as where another rank has it, nothing.
 *
 * values[i] = that number, or 0. No operations. */
void compute_pick(const struct tensor *index, int first, const struct tensor *x,
                  struct tensor *values);
/* That number of y += value. One operation for each row. */
void compute_add_to_picked(const struct tensor *index, int first, float value, struct tensor *y);

/* ---- tokens: rows of a table ---------------------------------------------------------------------------- */

/* table (rows, width) has the rows of the tokens first, first + 1, …; tokens is int32 (samples, tokens).
 *
 * y (samples, tokens, width) = the row of each token; zeros where the table has none. No operations. */
void compute_look_up(const struct tensor *tokens, int first, const struct tensor *table,
                     struct tensor *y);
/* The row of each token in `gradient`, of the table's shape, += its row of dy: nothing where the table has
 * none. One operation for each number of dy. */
void compute_add_looked_up(const struct tensor *tokens, int first, const struct tensor *dy,
                           struct tensor *gradient);

/* ---- attention ------------------------------------------------------------------------------------------- */

/* Each head by itself: probabilities = softmax(q · kᵀ / √head width), y = probabilities · v.
 *
 * qkv (samples, tokens, 3 · heads · head width): the queries of all heads one beside the other, then their
 * keys, then their values; y (samples, tokens, heads · head width). probabilities (samples, heads, tokens,
 * tokens) says how many heads there are; the backward needs them. causal: a token looks at no later one.
 * Charged are 4 · head width + 20 operations for each head and pair of tokens that is looked at … */
void compute_attention(bool causal, const struct tensor *qkv, struct tensor *y,
                       struct tensor *probabilities);
/* … and 8 · head width + 4. dqkv from dy, of the shapes of qkv and y. */
void compute_attention_backward(bool causal, const struct tensor *qkv,
                                const struct tensor *probabilities, const struct tensor *dy,
                                struct tensor *dqkv);

/* ---- copying: no floating-point operations ------------------------------------------------------------ */

/* Copies part of a tensor into part of another, of float32 or int32: along `dimension` the indices
 * from_begin, …, from_begin + count - 1 become to_begin, …; all other sizes are the same. So slices
 * are cut out, and pieces from other ranks put together:
 *
 *     compute_copy_part(piece, 0, 2, whole, rank * width, width);   whole (samples, tokens, …)
 */
void compute_copy_part(const struct tensor *from, int from_begin, int dimension, struct tensor *to,
                       int to_begin, int count);

#endif
