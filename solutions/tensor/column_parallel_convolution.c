/*
 * The column-parallel convolution: every rank computes some of the output channels, from all input channels.
 *
 *     forward             Y_r = X * W_r + b_r       no message (or a gather of Y)
 *     backward, input     dX  = Σ_r dX from dY_r    a sum over the ranks
 *     backward, weight    dW_r from X and dY_r      no message
 *
 * A convolution is a linear layer at each place of the window: what holds there holds here, with channels for
 * columns.
 */
#include "assignments/tensor/tensor.h"

enum { WEIGHT, BIAS };

/* BEGIN SOLUTION */
enum { X };
enum { CHANNELS = 1 }; /* the dimension of (samples, channels, height, width) */

/* y of this rank's channels, also where it is gathered afterwards. */
static struct tensor *new_output(const struct layer_call *call)
{
    const struct shape output = shape_with_batch(call->samples, call->layer->output);
    const int channels = call->parameter[WEIGHT]->shape.size[0];
    return compute_new(call->device, shape_with(output, CHANNELS, channels));
}

/* call->parameter[BIAS], or NULL: there is none. */
static struct tensor *bias_of(const struct layer_call *call, struct tensor **parameter)
{
    return call->layer->parameters > BIAS ? parameter[BIAS] : NULL;
}

/* END SOLUTION */
static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    const struct layer *whole = place->whole;
    x = copy_forward(place->group, x);
    struct tensor *y = new_output(call);
    compute_convolution(x, call->parameter[WEIGHT], bias_of(call, call->parameter), whole->stride,
                        whole->padding, y);
    layer_keep(call, X, x);
    if (place->form == FORM_COLUMN)
        return y;
    return gather_forward(place->group, y, CHANNELS, whole->output.size[0]);
    /* END SOLUTION */
    //| /* TODO: y of this rank's output channels, from x (samples, channels, height, width), which is whole.
    //|  *
    //|  * Given: call->parameter[WEIGHT] (this rank's outputs, inputs, kernel, kernel), and, if
    //|  * call->layer->parameters > BIAS, call->parameter[BIAS]; place->whole->stride and ->padding. y is
    //|  * (samples, this rank's outputs, height', width'); with FORM_COLUMN_GATHERED it is gathered.
    //|  * Hint: compute_convolution, and the rest as in column_parallel_linear.c. place->whole->output, one
    //|  * sample of all channels, has height' and width': y has call->samples of this rank's channels
    //|  * (compute_new, shape_with, shape_with_batch). Channels are dimension 1 of y.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=convolutions
    //|  */
    //| todo("column-parallel convolution, forward", call, x);
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    const int stride = place->whole->stride, padding = place->whole->padding;
    struct tensor *x = layer_take(call, X), *dx = NULL;
    MPI_Request request = MPI_REQUEST_NULL;
    if (place->form == FORM_COLUMN_GATHERED)
        dy = gather_backward(place->group, dy, CHANNELS);
    if (want_dx) {
        dx = layer_input_new(call);
        compute_convolution_backward_input(call->parameter[WEIGHT], dy, stride, padding, dx);
        copy_backward_begin(place->group, dx, &request);
    }
    compute_convolution_backward_weight(x, dy, stride, padding, call->gradient[WEIGHT],
                                        bias_of(call, call->gradient));
    tensor_free(dy);
    tensor_free(x);
    return want_dx ? copy_backward_end(dx, &request) : NULL;
    /* END SOLUTION */
    //| /* TODO: dx, whole, from dy; and the gradients of this rank's weight and bias.
    //|  *
    //|  * dy comes as y left: of this rank's channels, or, with FORM_COLUMN_GATHERED, whole. want_dx is
    //|  * false where nobody needs dx: no message then, and NULL is returned.
    //|  * Hint: compute_convolution_backward_input gives dx (of the kept x's shape: compute_new_like, or
    //|  * layer_input_new) from this rank's channels alone. What makes it whole can be under way while
    //|  * compute_convolution_backward_weight adds the gradients. Free dy and x behind it (layer_take,
    //|  * tensor_free).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=convolutions
    //|  */
    //| todo("column-parallel convolution, backward", call, dy, want_dx);
}

/* backward_input has added the gradients already. */
static void backward_weight(struct layer_call *call)
{
    (void)call;
}

struct layer column_parallel_convolution(const struct tensor_place *place)
{
    struct custom_layer layer = tensor_layer(place);
    layer.kind = "column-parallel convolution";
    layer.forward = forward;
    layer.backward_input = backward_input;
    layer.backward_weight = backward_weight;
    /* BEGIN SOLUTION */
    const struct layer *whole = place->whole;
    const struct part own = split(whole->output.size[0], place->group->ranks, place->group->rank);
    for (int k = WEIGHT; k < whole->parameters; k++)
        layer.parameter[k] = layer_parameter_part(
            &whole->parameter[k], slice_along(whole->parameter[k].shape, 0, own.begin, own.end));
    if (place->form == FORM_COLUMN)
        layer.output.size[0] = own.end - own.begin;
    /* END SOLUTION */
    //| /* TODO: which slices this rank has, and, with FORM_COLUMN, the channels of layer.output (channels,
    //|  * height, width).
    //|  * Hint: as in column_parallel_linear.c.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=convolutions
    //|  */
    //| todo("slices of the column-parallel convolution", place);
    return layer_custom(&layer);
}
