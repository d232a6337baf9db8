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
