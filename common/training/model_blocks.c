/*
 * Transformer blocks: what vit, transformer and gpt are made of (model_parts.h).
 */
#include "common/training/model_parts.h"

void model_inner_append(struct model_inner *to, struct layer layer)
{
    to->layer[to->layers++] = layer;
    to->shape = layer.output;
}

void model_inner_append_dropout(struct model_inner *to, float rate)
{
    if (rate > 0)
        model_inner_append(to, layer_dropout(to->shape, rate));
}

struct layer model_attention_half(struct shape shape, const struct model_block *block)
{
    struct model_inner inner = {.shape = shape};
    model_inner_append(&inner, layer_norm(shape));
    model_inner_append(&inner, block->causal ? layer_causal_attention(shape, block->heads)
                                             : layer_attention(shape, block->heads));
    model_inner_append_dropout(&inner, block->dropout);
    return layer_residual(shape, inner.layer, inner.layers);
}

struct layer model_perceptron_half(struct shape shape, const struct model_block *block)
{
    const int width = shape_last(shape);
    struct model_inner inner = {.shape = shape};
    model_inner_append(&inner, layer_norm(shape));
    model_inner_append(&inner, layer_linear(inner.shape, 4 * width));
    model_inner_append(&inner, layer_gelu(inner.shape));
    model_inner_append_dropout(&inner, block->dropout_between);
    model_inner_append(&inner, layer_linear(inner.shape, width));
    model_inner_append_dropout(&inner, block->dropout);
    return layer_residual(shape, inner.layer, inner.layers);
}
