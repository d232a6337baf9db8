/*
 * Attention by heads: every rank has some of the heads, from queries, keys and values to its columns of the
 * projection. A head looks at no other head, so there is one sum each way, as in a linear layer by columns
 * and one by rows behind it:
 *
 *     forward     Q_r, K_r, V_r = X W_rᵀ + b_r      no message
 *                 Z_r = softmax(Q_r K_rᵀ / √d) V_r  of each head; d: the width of a head
 *                 Y   = Σ_r Z_r P_rᵀ + p            a sum over the ranks; p once, behind it
 *     backward    dX  = Σ_r …                       a sum over the ranks
 *
 * (Shoeybi et al. 2019.)
 */
#include "assignments/tensor/tensor.h"

#include <stdio.h>

enum { QKV_WEIGHT, QKV_BIAS, PROJECTION_WEIGHT, PROJECTION_BIAS };

bool can_split_heads(int heads, int ranks, char *reason, size_t reason_size)
{
    /* TODO: can each rank have heads of its own? If not, write to reason why not and what the user can
     * do. 4 heads on 3 ranks: refuse them, or spread them (2, 1, 1), as you like; but say so in the
     * reason, or handle it below.
     * Check: make grade ASSIGNMENT=tensor CHECK=parallel_attention
     */
    todo("say whether heads can be split", heads, ranks, reason, reason_size);
}

static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    /* TODO: y (samples, tokens, width), whole, from x of the same shape, whole.
     *
     * Given: call->own is the place; call->parameter[QKV_WEIGHT] (3 · this rank's columns, width), a
     * column for each number of a head of this rank's: queries, then keys, then values; [QKV_BIAS];
     * [PROJECTION_WEIGHT] (width, this rank's columns); [PROJECTION_BIAS] (width), whole.
     * place->whole->heads: the heads of all ranks; ->causal. Keep what the backward needs (layer_keep): four
     * tensors. Shapes are best taken from x as it is behind enter_forward (compute_new, shape_with_last).
     * Hint: compute_matrix_product and compute_add_bias lead into the heads and out of them.
     * compute_attention (common/layers/operations.h) works with the heads that it is given: how many they
     * are it sees from the shape of `probabilities`, (samples, heads of this rank, tokens, tokens). The sum
     * and the bias behind it are those of row_parallel_linear.c (leave_forward).
     * Check: make grade ASSIGNMENT=tensor CHECK=parallel_attention
     */
    todo("attention by heads, forward", call, x);
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    /* TODO: dx, whole, from dy, whole (NULL unless want_dx); and the gradients of all four parameters,
     * which are added to (+=).
     *
     * From behind: through the projection, through the heads (compute_attention_backward), through
     * queries, keys and values. Every rank has the whole dy, and its own heads.
     * Hint: one sum. Begin it, compute the gradients of the weights (compute_matrix_product with beta 1,
     * compute_add_column_sums), and wait for it then. layer_kept, or layer_take where a tensor is used for
     * the last time; compute_new_like; what is made here is freed here (tensor_free).
     * Check: make grade ASSIGNMENT=tensor CHECK=parallel_attention
     */
    todo("attention by heads, backward", call, dy, want_dx);
}

/* backward_input has added the gradients already. */
static void backward_weight(struct layer_call *call)
{
    (void)call;
}

struct layer parallel_attention(const struct tensor_place *place)
{
    struct custom_layer layer = tensor_layer(place);
    layer.kind = "parallel attention";
    layer.forward = forward;
    layer.backward_input = backward_input;
    layer.backward_weight = backward_weight;
    /* TODO: which slices this rank has of the four parameters.
     *
     * "qkv.weight" (3 · width, width) is three matrices in one: is what belongs to heads 2 and 3 one
     * piece of it?
     * Hint: split the heads, not the rows: a head has shape_last(place->whole->input) / heads rows of each.
     * slice_along for the first piece, slice_add for each further one (common/base/slice.h);
     * layer_parameter_part. The bias of the projection stays as tensor_layer has made it.
     * Check: make grade ASSIGNMENT=tensor CHECK=parallel_attention, then scaling_block
     */
    todo("slices of attention by heads", place);
    return layer_custom(&layer);
}
