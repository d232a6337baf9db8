/*
 * The row-parallel convolution: every rank computes a term of all output channels, from its part of the input
 * channels. Each output channel sees all inputs: its terms are summed over the ranks.
 *
 *     forward             Y    = Σ_r X_r * W_r + b      a sum over the ranks; b once, behind it
 *     backward, input     dX_r from dY and W_r          no message
 *     backward, weight    dW_r from X_r and dY          no message
 *
 * (Where outputs see the inputs of their own rank only, as in most layers of AlexNet, there is no sum and no
 * message, but it is another network.)
 */
#include "assignments/tensor/tensor.h"

enum { WEIGHT, BIAS };

/* BEGIN SOLUTION */
enum { X, DY };

/* END SOLUTION */
static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    const struct layer *whole = place->whole;
    struct tensor *y = layer_output_new(call);
    compute_convolution(x, call->parameter[WEIGHT], NULL, whole->stride, whole->padding, y);
    layer_keep(call, X, x);
    y = reduce_forward(place->group, y);
    if (whole->parameters > BIAS)
        compute_add_channel_bias(call->parameter[BIAS], y);
    return y;
    /* END SOLUTION */
    //| /* TODO: y (samples, outputs, height', width'), whole, from x (samples, this rank's inputs, height,
    //|  * width).
    //|  *
    //|  * Given: call->parameter[WEIGHT] (outputs, this rank's inputs, kernel, kernel) and, if
    //|  * call->layer->parameters > BIAS, call->parameter[BIAS] (outputs), whole on each rank.
    //|  * place->whole->stride and ->padding are what they are in one process.
    //|  * Hint: compute_convolution takes NULL for a bias; compute_add_channel_bias adds it by itself.
    //|  * The rest is as in row_parallel_linear.c, with layer_output_new for y: no convolution has tokens.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=convolutions
    //|  */
    //| todo("row-parallel convolution, forward", call, x);
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    const struct layer *whole = place->whole;
    dy = reduce_backward(place->group, dy);
    struct tensor *dx = want_dx ? layer_input_new(call) : NULL;
    if (want_dx)
        compute_convolution_backward_input(call->parameter[WEIGHT], dy, whole->stride,
                                           whole->padding, dx);
    layer_keep(call, DY, dy);
    return dx;
    /* END SOLUTION */
    //| /* TODO: dx of this rank's input channels, from dy, which is whole; NULL unless want_dx.
    //|  * Hint: layer_input_new, compute_convolution_backward_input.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=convolutions
    //|  */
    //| todo("row-parallel convolution, backward for the input", call, dy, want_dx);
}

static void backward_weight(struct layer_call *call)
{
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    const struct layer *whole = place->whole;
    compute_convolution_backward_weight(layer_kept(call, X), layer_kept(call, DY), whole->stride,
                                        whole->padding, call->gradient[WEIGHT],
                                        whole->parameters > BIAS ? call->gradient[BIAS] : NULL);
    /* END SOLUTION */
    //| /* TODO: add the gradients of this rank's slice of the weight and, if there is one, of the bias.
    //|  * Hint: layer_kept, compute_convolution_backward_weight (NULL where there is no bias).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=convolutions
    //|  */
    //| todo("row-parallel convolution, backward for the weights", call);
}

struct layer row_parallel_convolution(const struct tensor_place *place)
{
    struct custom_layer layer = tensor_layer(place);
    layer.kind = "row-parallel convolution";
    layer.forward = forward;
    layer.backward_input = backward_input;
    layer.backward_weight = backward_weight;
    /* BEGIN SOLUTION */
    const struct parameter *weight = &place->whole->parameter[WEIGHT];
    layer.parameter[WEIGHT] = layer_parameter_part(
        weight, slice_along(weight->shape, 1, place->inputs.begin, place->inputs.end));
    /* END SOLUTION */
    //| /* TODO: which slice of the weight (outputs, inputs, kernel, kernel) this rank has.
    //|  * Hint: as in row_parallel_linear.c.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=convolutions
    //|  */
    //| todo("slices of the row-parallel convolution", place);
    return layer_custom(&layer);
}
