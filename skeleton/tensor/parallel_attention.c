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
     * Keep what the backward needs. Shapes are best taken from x as it is behind enter_forward.
     * Hint: compute_attention (common/layers/operations.h) works with the heads that it is given:
     * which of qkv's columns are which, and how many heads, it sees from the shapes.
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
     * Hint: one sum. Begin it, compute the gradients of the weights, and wait for it then.
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
     * Hint: slice_along for the first piece, slice_add for each further one (common/base/slice.h).
     * Check: make grade ASSIGNMENT=tensor CHECK=parallel_attention
     */
    todo("slices of attention by heads", place);
    return layer_custom(&layer);
}
