/*
 * Selective recomputation: an attention's probabilities, tokens² for each head and sample, are by far the most that a
 * transformer's layer keeps where sequences are long, and cost little to compute again. (Korthikanti et al. 2022)
 *
 *     forward     Q, K, V = X Wᵀ + b,  P = softmax(Q Kᵀ / √d),  Z = P V,  Y = Z Uᵀ + u
 *     backward    dZ = dY U,  then dQ, dK, dV from Q, K, V, P and dZ,  dX = d(Q, K, V) W
 */
#include "assignments/memory/memory.h"

enum { QKV_WEIGHT, QKV_BIAS, PROJECTION_WEIGHT, PROJECTION_BIAS };

/* What is kept from forward to backward, and from one half of the backward to the other. */
enum { X, QKV, HEADS, DY, DQKV };

/* x times a weight's transposed, plus the bias. */
static struct tensor *linear(const struct tensor *x, const struct tensor *weight,
                             const struct tensor *bias)
{
    struct tensor *y = compute_new(x->device, shape_with_last(x->shape, weight->shape.size[0]));
    compute_matrix_product(false, true, x, weight, 0.0f, y);
    compute_add_bias(bias, y);
    return y;
}

/* Adds the gradients of a linear map from x to y, and frees both. */
static void add_gradients(struct tensor *x, struct tensor *dy, struct tensor *weight_gradient,
                          struct tensor *bias_gradient)
{
    compute_matrix_product(true, false, dy, x, 1.0f, weight_gradient);
    compute_add_column_sums(dy, bias_gradient);
    tensor_free(x);
    tensor_free(dy);
}

static struct tensor *new_probabilities(const struct layer_call *call, const struct tensor *qkv)
{
    const struct layer *kit = call->own;
    const int samples = qkv->shape.size[0], tokens = qkv->shape.size[1];
    return compute_new(call->device, SHAPE(samples, kit->heads, tokens, tokens));
}

static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    struct tensor *qkv = linear(x, call->parameter[QKV_WEIGHT], call->parameter[QKV_BIAS]);
    struct tensor *heads = layer_output_new(call);
    /* BEGIN SOLUTION */
    const struct layer *kit = call->own;
    struct tensor *probabilities = new_probabilities(call, qkv);
    compute_attention(kit->causal, qkv, heads, probabilities);
    tensor_free(probabilities);
    layer_keep(call, X, x);
    layer_keep(call, QKV, qkv);
    layer_keep(call, HEADS, tensor_retain(heads));
    /* END SOLUTION */
    //| /* TODO: what the heads put out, and keep what the backward will need; but not the
    //|  * probabilities.
    //|  *
    //|  * Given: compute_attention (common/layers/operations.h), new_probabilities and tensor_free.
    //|  * call->own is the kit's layer (struct layer, common/layers/layer.h), whose member `causal`
    //|  * says whether it is. layer_keep takes over a tensor, of which tensor_retain makes one
    //|  * reference more: `heads` is needed below, too.
    //|  * Hint: what does the backward begin with, if the probabilities are not there?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=selective, as soon as the backward below is
    //|  * written, too
    //|  */
    //| todo("let the heads look, and forget the probabilities", call, x, qkv, heads,
    //|      new_probabilities);
    struct tensor *y =
        linear(heads, call->parameter[PROJECTION_WEIGHT], call->parameter[PROJECTION_BIAS]);
    tensor_free(heads);
    return y;
}

/* dqkv, from what the heads' outputs are given. */
static struct tensor *backward_through_heads(struct layer_call *call, const struct tensor *dheads)
{
    struct tensor *qkv = layer_take(call, QKV);
    struct tensor *dqkv = compute_new_like(qkv);
    /* BEGIN SOLUTION */
    const struct layer *kit = call->own;
    struct tensor *probabilities = new_probabilities(call, qkv);
    struct tensor *again = layer_output_new(call);
    compute_attention(kit->causal, qkv, again, probabilities);
    tensor_free(again);
    compute_attention_backward(kit->causal, qkv, probabilities, dheads, dqkv);
    tensor_free(probabilities);
    /* END SOLUTION */
    //| /* TODO: compute the probabilities again, and with them dqkv.
    //|  *
    //|  * Given: compute_attention, whose output nobody needs any more (layer_output_new is room for
    //|  * it), new_probabilities, compute_attention_backward. What is made here is freed here
    //|  * (tensor_free), but for dqkv.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=selective
    //|  */
    //| todo("compute the probabilities again", call, dheads, dqkv);
    tensor_free(qkv);
    return dqkv;
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    struct tensor *dheads = layer_output_new(call);
    compute_matrix_product(false, false, dy, call->parameter[PROJECTION_WEIGHT], 0.0f, dheads);
    struct tensor *dqkv = backward_through_heads(call, dheads);
    struct tensor *dx = want_dx ? layer_input_new(call) : NULL;
    if (want_dx)
        compute_matrix_product(false, false, dqkv, call->parameter[QKV_WEIGHT], 0.0f, dx);
    tensor_free(dheads);
    layer_keep(call, DY, dy);
    layer_keep(call, DQKV, dqkv);
    return dx;
}

static void backward_weight(struct layer_call *call)
{
    add_gradients(layer_take(call, HEADS), layer_take(call, DY), call->gradient[PROJECTION_WEIGHT],
                  call->gradient[PROJECTION_BIAS]);
    add_gradients(layer_take(call, X), layer_take(call, DQKV), call->gradient[QKV_WEIGHT],
                  call->gradient[QKV_BIAS]);
}

struct layer selective_attention(struct layer *kit)
{
    struct custom_layer description = {.kind = "selective attention",
                                       .input = kit->input,
                                       .output = kit->output,
                                       .parameters = kit->parameters,
                                       .forward_flops = kit->forward_flops,
                                       .backward_input_flops = kit->backward_input_flops,
                                       .backward_weight_flops = kit->backward_weight_flops,
                                       .own = kit,
                                       .forward = forward,
                                       .backward_input = backward_input,
                                       .backward_weight = backward_weight};
    for (int i = 0; i < kit->parameters; i++)
        description.parameter[i] = kit->parameter[i];
    return layer_custom(&description);
}
