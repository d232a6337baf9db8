/*
 * The column-parallel linear layer: every rank computes some of the outputs, from all inputs.
 *
 *     forward             Y_r = X W_rᵀ + b_r        no message (or a gather of Y)
 *     backward, input     dX  = Σ_r dY_r W_r        a sum over the ranks
 *     backward, weight    dW_r = dY_rᵀ X            no message
 *
 * While the sum of dX is under way, dW_r is computed: neither needs the other. (Shoeybi et al. 2019.)
 */
#include "assignments/tensor/tensor.h"

enum { WEIGHT, BIAS };

/* BEGIN SOLUTION */
enum { X };

/* END SOLUTION */
static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    struct tensor *weight = call->parameter[WEIGHT];
    x = enter_forward(place, x);
    struct tensor *y = compute_new(x->device, shape_with_last(x->shape, weight->shape.size[0]));
    compute_matrix_product(false, true, x, weight, 0.0f, y);
    if (call->layer->parameters > BIAS)
        compute_add_bias(call->parameter[BIAS], y);
    layer_keep(call, X, x);
    if (place->form == FORM_COLUMN)
        return y;
    return gather_forward(place->group, y, y->shape.dimensions - 1,
                          shape_last(place->whole->output));
    /* END SOLUTION */
    //| /* TODO: y of this rank's columns, from x (samples, …, inputs), which is whole.
    //|  *
    //|  * Given: call->own is the place (struct tensor_place); call->parameter[WEIGHT] (this rank's
    //|  * outputs, inputs) and, if call->layer->parameters > BIAS, call->parameter[BIAS] (this rank's
    //|  * outputs). y is (samples, …, this rank's outputs); with FORM_COLUMN_GATHERED it is gathered, and
    //|  * (samples, …, outputs). Keep what the backward needs (layer_keep).
    //|  * Hint: common/layers/custom_layer.h has a linear layer as a whole (compute_matrix_product,
    //|  * compute_add_bias). What is between whole and split is one of the operators: copy_forward here
    //|  * (enter_forward does just that, and by tokens, too, when you come to sequence_parallel.c). The shape of
    //|  * y is best taken from x behind it (compute_new, shape_with_last): layer_output_new is what comes out
    //|  * behind the gather, whose size is shape_last(place->whole->output).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=column_parallel_linear
    //|  */
    //| todo("column-parallel linear layer, forward", call, x);
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    struct exchange exchange;
    if (place->form == FORM_COLUMN_GATHERED)
        dy = gather_backward(place->group, dy, dy->shape.dimensions - 1);
    if (want_dx) {
        struct tensor *dx = compute_new_like(layer_kept(call, X));
        compute_matrix_product(false, false, dy, call->parameter[WEIGHT], 0.0f, dx);
        exchange = enter_backward_begin(place, dx);
    }
    compute_matrix_product(true, false, dy, layer_kept(call, X), 1.0f, call->gradient[WEIGHT]);
    if (call->layer->parameters > BIAS)
        compute_add_column_sums(dy, call->gradient[BIAS]);
    tensor_free(dy);
    tensor_free(layer_take(call, X));
    return want_dx ? enter_backward_end(place, &exchange) : NULL;
    /* END SOLUTION */
    //| /* TODO: dx, whole, from dy; and the gradients of this rank's weight and bias.
    //|  *
    //|  * dy comes as y left: of this rank's columns, or, with FORM_COLUMN_GATHERED, whole. want_dx is
    //|  * false where nobody needs dx: no message then, and NULL is returned.
    //|  * Gradients are added to (+=): call->gradient[WEIGHT], and call->gradient[BIAS] if there is one
    //|  * (compute_matrix_product with beta 1, compute_add_column_sums). dy is yours to free (tensor_free).
    //|  * Hint: begin the sum of dx (copy_backward_begin, or enter_backward_begin), compute the gradients,
    //|  * and only then wait for it. What is summed has the shape of the x that you kept (layer_kept, or
    //|  * layer_take where it is used for the last time; compute_new_like).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=column_parallel_linear, then column_overlap, which
    //|  * wants to see the sum hidden behind the gradients
    //|  */
    //| todo("column-parallel linear layer, backward", call, dy, want_dx);
}

/* backward_input has added the gradients already. */
static void backward_weight(struct layer_call *call)
{
    (void)call;
}

struct layer column_parallel_linear(const struct tensor_place *place)
{
    struct custom_layer layer = tensor_layer(place);
    layer.kind = "column-parallel linear";
    layer.forward = forward;
    layer.backward_input = backward_input;
    layer.backward_weight = backward_weight;
    /* BEGIN SOLUTION */
    const struct layer *whole = place->whole;
    const int outputs = shape_last(whole->output);
    const struct part own = split(outputs, place->group->ranks, place->group->rank);
    for (int k = WEIGHT; k < whole->parameters; k++)
        layer.parameter[k] = layer_parameter_part(
            &whole->parameter[k], slice_along(whole->parameter[k].shape, 0, own.begin, own.end));
    if (place->form == FORM_COLUMN)
        layer.output.size[layer.output.dimensions - 1] = own.end - own.begin;
    /* END SOLUTION */
    //| /* TODO: which slices this rank has, and, with FORM_COLUMN, the last size of layer.output.
    //|  *
    //|  * whole->parameter[WEIGHT] is (outputs, inputs): which dimension is cut? There may be no bias
    //|  * (place->whole->parameters).
    //|  * Hint: layer.parameter[k] = layer_parameter_part(&place->whole->parameter[k],
    //|  * slice_along(place->whole->parameter[k].shape, dimension, begin, end));
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=column_parallel_linear
    //|  */
    //| todo("slices of the column-parallel linear layer", place);
    return layer_custom(&layer);
}
