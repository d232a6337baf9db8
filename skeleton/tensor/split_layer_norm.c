/*
 * Layer norm over columns of which each rank has some: mean and variance are those of all of them.
 *
 *     forward             n = (x - mean) / √(variance + ε),  y = γ n + β
 *     backward, input     dx = (g - mean of g - n · mean of g n) / √(variance + ε),  g = γ dy
 *     backward, weight    dγ += Σ dy n,  dβ += Σ dy
 *
 * The means are over a row: the columns of all ranks. Each rank has the γ and β of its own columns, and all
 * of dy that their gradients need. (Ba, Kiros and Hinton 2016.)
 */
#include "assignments/tensor/tensor.h"

enum { WEIGHT, BIAS };

static const float epsilon = 1e-5f;

static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    /* TODO: y from x, of which this rank has some columns (samples, …, this rank's), or channels (samples,
     * this rank's, height, width).
     *
     * Given: call->own is the place; call->parameter[WEIGHT] and [BIAS], γ and β of this rank's columns; they
     * have as many numbers as this rank has columns of a row. place->whole->parameter[WEIGHT].shape has those
     * of all ranks; shape_count counts them. Keep what the backward needs (layer_keep): n, and 1/√(variance
     * + ε). x is yours to free (tensor_free).
     * Hint: look at x and y (layer_output_new) as matrices with tensor_view: one row for each mean. γ and β
     * may have any shape. Two sums for each row (compute_row_sums, into a tensor of compute_new) go over all
     * ranks (reduce_forward): that of x, and then that of the squares (compute_multiply) of what is left
     * without the mean. By how many columns is each divided (compute_scale)? compute_copy_part and
     * compute_new_like make a copy; compute_add_to_rows, compute_inverse_square_root, compute_multiply_rows,
     * and then compute_multiply_columns and compute_add_bias.
     * Check: make grade ASSIGNMENT=tensor CHECK=norm
     */
    (void)epsilon;
    todo("split layer norm, forward", call, x);
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    /* TODO: dx of this rank's columns, from dy of the same; NULL unless want_dx.
     *
     * Every column of a row has moved mean and variance, so each dx depends on the dy of all ranks: two
     * sums for each row again, that of g = γ dy and that of g n.
     * Hint: the formula is at the top of this file; compute_multiply_columns makes g, compute_add puts
     * together what it says. Both sums fit into one message (copy_backward). Keep dy for γ and β.
     * Check: make grade ASSIGNMENT=tensor CHECK=norm
     */
    todo("split layer norm, backward for the input", call, dy, want_dx);
}

static void backward_weight(struct layer_call *call)
{
    /* TODO: add the gradients of this rank's γ and β.
     * Hint: layer_kept, compute_multiply, compute_add_column_sums. Who else has anything to add to them?
     * Check: make grade ASSIGNMENT=tensor CHECK=norm
     */
    todo("split layer norm, backward for the weights", call);
}

struct layer split_layer_norm(const struct tensor_place *place)
{
    struct custom_layer layer = tensor_layer(place);
    layer.kind = "split layer norm";
    layer.output = place->input;
    layer.forward = forward;
    layer.backward_input = backward_input;
    layer.backward_weight = backward_weight;
    /* TODO: which slices of γ (layer.parameter[WEIGHT]) and β ([BIAS]) this rank has.
     *
     * Both have the shape of a row: (columns), or (channels, height, width).
     * Hint: place->inputs are the columns, or channels, that come in; layer_parameter_part and slice_along, as
     * in column_parallel_linear.c.
     * Check: make grade ASSIGNMENT=tensor CHECK=norm, for which this norm or that of split_batch_norm.c is
     * enough, then both_norms
     */
    todo("slices of the split layer norm", place);
    return layer_custom(&layer);
}
