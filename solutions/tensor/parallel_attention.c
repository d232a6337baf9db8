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
    /* BEGIN SOLUTION */
    if (heads >= ranks)
        return true;
    snprintf(
        reason, reason_size,
        "%d heads can't be split over %d ranks, each with one at least: use %d or fewer ranks, "
        "or a model with more heads",
        heads, ranks, heads);
    return false;
    /* END SOLUTION */
    //| /* TODO: can each rank have heads of its own? If not, write to reason why not and what the user can
    //|  * do. 4 heads on 3 ranks: refuse them, or spread them (2, 1, 1), as you like; but say so in the
    //|  * reason, or handle it below.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=parallel_attention
    //|  */
    //| todo("say whether heads can be split", heads, ranks, reason, reason_size);
}

/* BEGIN SOLUTION */
enum { X, QKV, PROBABILITIES, HEADS };

static struct part own_heads(const struct tensor_place *place)
{
    return split(place->whole->heads, place->group->ranks, place->group->rank);
}

static int head_width(const struct tensor_place *place)
{
    return shape_last(place->whole->input) / place->whole->heads;
}

/* x (samples, tokens, columns) times a weight (outputs, columns). */
static struct tensor *product(const struct tensor *x, const struct tensor *weight)
{
    struct tensor *y = compute_new(x->device, shape_with_last(x->shape, weight->shape.size[0]));
    compute_matrix_product(false, true, x, weight, 0.0f, y);
    return y;
}

/* END SOLUTION */
static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    x = enter_forward(place, x);
    struct tensor *qkv = product(x, call->parameter[QKV_WEIGHT]);
    compute_add_bias(call->parameter[QKV_BIAS], qkv);
    layer_keep(call, X, x);

    const struct part own = own_heads(place);
    const int heads = own.end - own.begin, samples = qkv->shape.size[0],
              tokens = qkv->shape.size[1];
    struct tensor *z =
        compute_new(call->device, shape_with_last(qkv->shape, heads * head_width(place)));
    struct tensor *probabilities = compute_new(call->device, SHAPE(samples, heads, tokens, tokens));
    compute_attention(place->whole->causal, qkv, z, probabilities);
    layer_keep(call, QKV, qkv);
    layer_keep(call, PROBABILITIES, probabilities);

    struct tensor *y = product(z, call->parameter[PROJECTION_WEIGHT]);
    layer_keep(call, HEADS, z);
    y = leave_forward(place, y);
    compute_add_bias(call->parameter[PROJECTION_BIAS], y);
    return y;
    /* END SOLUTION */
    //| /* TODO: y (samples, tokens, width), whole, from x of the same shape, whole.
    //|  *
    //|  * Given: call->own is the place; call->parameter[QKV_WEIGHT] (3 · this rank's columns, width), a
    //|  * column for each number of a head of this rank's: queries, then keys, then values; [QKV_BIAS];
    //|  * [PROJECTION_WEIGHT] (width, this rank's columns); [PROJECTION_BIAS] (width), whole.
    //|  * place->whole->heads: the heads of all ranks; ->causal. Keep what the backward needs (layer_keep): four
    //|  * tensors. Shapes are best taken from x as it is behind enter_forward (compute_new, shape_with_last).
    //|  * Hint: compute_matrix_product and compute_add_bias lead into the heads and out of them.
    //|  * compute_attention (common/layers/operations.h) works with the heads that it is given: how many they
    //|  * are it sees from the shape of `probabilities`, (samples, heads of this rank, tokens, tokens). The sum
    //|  * and the bias behind it are those of row_parallel_linear.c (leave_forward).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=parallel_attention
    //|  */
    //| todo("attention by heads, forward", call, x);
}

/* BEGIN SOLUTION */
/* What the heads are given, for queries, keys and values; frees what only this needs. */
static struct tensor *backward_through_heads(struct layer_call *call, const struct tensor *dy)
{
    const struct tensor_place *place = call->own;
    struct tensor *qkv = layer_take(call, QKV), *probabilities = layer_take(call, PROBABILITIES);
    struct tensor *dz = compute_new_like(layer_kept(call, HEADS)), *dqkv = compute_new_like(qkv);
    compute_matrix_product(false, false, dy, call->parameter[PROJECTION_WEIGHT], 0.0f, dz);
    compute_attention_backward(place->whole->causal, qkv, probabilities, dz, dqkv);
    tensor_free(qkv);
    tensor_free(probabilities);
    tensor_free(dz);
    return dqkv;
}

/* END SOLUTION */
static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    /* BEGIN SOLUTION */
    const struct tensor_place *place = call->own;
    struct exchange exchange;
    compute_add_column_sums(dy, call->gradient[PROJECTION_BIAS]); /* was added behind the sum */
    dy = leave_backward(place, dy);
    struct tensor *dqkv = backward_through_heads(call, dy);
    if (want_dx) {
        struct tensor *dx = compute_new_like(layer_kept(call, X));
        compute_matrix_product(false, false, dqkv, call->parameter[QKV_WEIGHT], 0.0f, dx);
        exchange = enter_backward_begin(place, dx);
    }
    struct tensor *x = layer_take(call, X), *z = layer_take(call, HEADS);
    compute_matrix_product(true, false, dqkv, x, 1.0f, call->gradient[QKV_WEIGHT]);
    compute_add_column_sums(dqkv, call->gradient[QKV_BIAS]);
    compute_matrix_product(true, false, dy, z, 1.0f, call->gradient[PROJECTION_WEIGHT]);
    tensor_free(x);
    tensor_free(z);
    tensor_free(dqkv);
    tensor_free(dy);
    return want_dx ? enter_backward_end(place, &exchange) : NULL;
    /* END SOLUTION */
    //| /* TODO: dx, whole, from dy, whole (NULL unless want_dx); and the gradients of all four parameters,
    //|  * which are added to (+=).
    //|  *
    //|  * From behind: through the projection, through the heads (compute_attention_backward), through
    //|  * queries, keys and values. Every rank has the whole dy, and its own heads.
    //|  * Hint: one sum. Begin it, compute the gradients of the weights (compute_matrix_product with beta 1,
    //|  * compute_add_column_sums), and wait for it then. layer_kept, or layer_take where a tensor is used for
    //|  * the last time; compute_new_like; what is made here is freed here (tensor_free).
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=parallel_attention
    //|  */
    //| todo("attention by heads, backward", call, dy, want_dx);
}

/* backward_input has added the gradients already. */
static void backward_weight(struct layer_call *call)
{
    (void)call;
}

/* BEGIN SOLUTION */
/* The rows of the own heads: some of the queries', some of the keys', some of the values'. */
static struct parameter part_of_qkv(const struct tensor_place *place, int k)
{
    const struct parameter *whole = &place->whole->parameter[k];
    const struct part own = own_heads(place);
    const int width = shape_last(place->whole->input), each = head_width(place);
    const int begin = own.begin * each, end = own.end * each;
    struct slice slice = slice_along(whole->shape, 0, begin, end);
    slice_add(&slice, 0, width + begin, width + end);
    slice_add(&slice, 0, 2 * width + begin, 2 * width + end);
    return layer_parameter_part(whole, slice);
}

/* END SOLUTION */
struct layer parallel_attention(const struct tensor_place *place)
{
    struct custom_layer layer = tensor_layer(place);
    layer.kind = "parallel attention";
    layer.forward = forward;
    layer.backward_input = backward_input;
    layer.backward_weight = backward_weight;
    /* BEGIN SOLUTION */
    const struct parameter *projection = &place->whole->parameter[PROJECTION_WEIGHT];
    const struct part own = own_heads(place);
    const int each = head_width(place);
    layer.parameter[QKV_WEIGHT] = part_of_qkv(place, QKV_WEIGHT);
    layer.parameter[QKV_BIAS] = part_of_qkv(place, QKV_BIAS);
    layer.parameter[PROJECTION_WEIGHT] = layer_parameter_part(
        projection, slice_along(projection->shape, 1, own.begin * each, own.end * each));
    /* END SOLUTION */
    //| /* TODO: which slices this rank has of the four parameters.
    //|  *
    //|  * "qkv.weight" (3 · width, width) is three matrices in one: is what belongs to heads 2 and 3 one
    //|  * piece of it?
    //|  * Hint: split the heads, not the rows: a head has shape_last(place->whole->input) / heads rows of each.
    //|  * slice_along for the first piece, slice_add for each further one (common/base/slice.h);
    //|  * layer_parameter_part. The bias of the projection stays as tensor_layer has made it.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=parallel_attention, then scaling_block
    //|  */
    //| todo("slices of attention by heads", place);
    return layer_custom(&layer);
}
