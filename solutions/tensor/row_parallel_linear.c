/*
 * The row-parallel linear layer: every rank computes a term of all outputs, from its part of the inputs.
 *
 *     forward             Y    = Σ_r X_r W_rᵀ + b      a sum over the ranks; b once, behind it
 *     backward, input     dX_r = dY W_r               no message
 *     backward, weight    dW_r = dYᵀ X_r              no message
 *
 * (Shoeybi et al. 2019.)
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
    struct tensor *weight = call->parameter[WEIGHT];
    struct tensor *y = compute_new(x->device, shape_with_last(x->shape, weight->shape.size[0]));
    compute_matrix_product(false, true, x, weight, 0.0f, y);
    layer_keep(call, X, x);
    y = leave_forward(place, y);
    if (call->layer->parameters > BIAS)
        compute_add_bias(call->parameter[BIAS], y);
    return y;
    /* END SOLUTION */
    //| /* TODO: y (samples, …, outputs), whole, from x (samples, …, this rank's inputs).
    //|  *
    //|  * Given: call->own is the place; call->parameter[WEIGHT] (outputs, this rank's inputs) and, if
    //|  * call->layer->parameters > BIAS, call->parameter[BIAS] (outputs), whole on each rank.
    //|  * Hint: compute_matrix_product, reduce_forward (leave_forward does just that, and by tokens, too, when
    //|  * you come to sequence_parallel.c: so make the term with compute_new, of x's rows (shape_with_last);
    //|  * layer_output_new is what comes out) and compute_add_bias. How often is the bias in y if each rank adds
    //|  * it before the sum? Keep what the gradients need (layer_keep).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=row_parallel_linear
    //|  */
    //| todo("row-parallel linear layer, forward", call, x);
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    /* BEGIN SOLUTION */
    dy = leave_backward(call->own, dy);
    struct tensor *dx = want_dx ? layer_input_new(call) : NULL;
    if (want_dx)
        compute_matrix_product(false, false, dy, call->parameter[WEIGHT], 0.0f, dx);
    layer_keep(call, DY, dy);
    return dx;
    /* END SOLUTION */
    //| /* TODO: dx of this rank's inputs, from dy, which is whole; NULL unless want_dx.
    //|  * Hint: reduce_backward (leave_backward does just that), layer_input_new, compute_matrix_product. Keep
    //|  * the dy that comes back from it for the weight's gradient.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=row_parallel_linear
    //|  */
    //| todo("row-parallel linear layer, backward for the input", call, dy, want_dx);
}

static void backward_weight(struct layer_call *call)
{
    /* BEGIN SOLUTION */
    struct tensor *dy = layer_kept(call, DY);
    compute_matrix_product(true, false, dy, layer_kept(call, X), 1.0f, call->gradient[WEIGHT]);
    if (call->layer->parameters > BIAS)
        compute_add_column_sums(dy, call->gradient[BIAS]);
    /* END SOLUTION */
    //| /* TODO: add the gradients of this rank's slice of the weight and, if there is one, of the bias.
    //|  *
    //|  * Every rank has the whole bias, and the whole dy: is its gradient complete? (call->gradient[BIAS]
    //|  * has those of earlier micro-batches in it already.)
    //|  * Hint: layer_kept, compute_matrix_product with beta 1, compute_add_column_sums.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=row_parallel_linear
    //|  */
    //| todo("row-parallel linear layer, backward for the weights", call);
}

struct layer row_parallel_linear(const struct tensor_place *place)
{
    struct custom_layer layer = tensor_layer(place);
    layer.kind = "row-parallel linear";
    layer.forward = forward;
    layer.backward_input = backward_input;
    layer.backward_weight = backward_weight;
    /* BEGIN SOLUTION */
    const struct parameter *weight = &place->whole->parameter[WEIGHT];
    layer.parameter[WEIGHT] = layer_parameter_part(
        weight, slice_along(weight->shape, 1, place->inputs.begin, place->inputs.end));
    /* END SOLUTION */
    //| /* TODO: which slice of the weight (outputs, inputs) this rank has: that of place->inputs.
    //|  * Hint: layer_parameter_part and slice_along, as in column_parallel_linear.c.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=row_parallel_linear
    //|  */
    //| todo("slices of the row-parallel linear layer", place);
    return layer_custom(&layer);
}
