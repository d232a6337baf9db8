/*
 * Multi-head self-attention (Vaswani et al. 2017): one linear map from x to
 * queries, keys and values of all heads, attention in each head, and one linear
 * map from the heads' results to y. In causal attention a query looks at no later key.
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

#include <stddef.h>

enum { SAVED_X, SAVED_QKV, SAVED_PROBABILITIES, SAVED_HEADS, SAVED_DY, SAVED_DQKV };
enum { QKV_WEIGHT, QKV_BIAS, PROJECTION_WEIGHT, PROJECTION_BIAS };

static struct attention_sizes sizes_of(const struct layer *layer, const struct tensor *x)
{
    return (struct attention_sizes){.samples = x->shape.size[0],
                                    .tokens = layer->input.size[0],
                                    .heads = layer->heads,
                                    .head_width = layer->input.size[1] / layer->heads,
                                    .causal = layer->causal};
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    const struct kernels *kernels = kernels_for(x->device);
    struct attention_sizes sizes = sizes_of(layer, x);
    int rows = tensor_rows(x), tokens = sizes.tokens, width = layer->input.size[1];
    const struct parameter *parameter = layer->parameter;

    struct tensor *qkv = layer_tensor_new(x, SHAPE(tokens, 3 * width));
    kernels->fill_rows(rows, 3 * width, memory.parameters + parameter[QKV_BIAS].offset,
                       tensor_floats(qkv));
    layer_product_of(kernels, saved)(false, true, rows, 3 * width, width, tensor_floats(x),
                                     memory.parameters + parameter[QKV_WEIGHT].offset, 1.0f,
                                     tensor_floats(qkv));
    saved_keep(saved, SAVED_X, x);

    struct tensor *heads = layer_tensor_new(qkv, layer->input);
    struct tensor *probabilities = layer_tensor_new(qkv, SHAPE(layer->heads, tokens, tokens));
    kernels->attention(&sizes, tensor_floats(qkv), tensor_floats(heads),
                       tensor_floats(probabilities));
    saved_keep(saved, SAVED_QKV, qkv);
    saved_keep(saved, SAVED_PROBABILITIES, probabilities);

    struct tensor *y = layer_tensor_new(heads, layer->output);
    kernels->fill_rows(rows, width, memory.parameters + parameter[PROJECTION_BIAS].offset,
                       tensor_floats(y));
    kernels->matrix_product(false, true, rows, width, width, tensor_floats(heads),
                            memory.parameters + parameter[PROJECTION_WEIGHT].offset, 1.0f,
                            tensor_floats(y));
    saved_keep(saved, SAVED_HEADS, heads);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    const struct kernels *kernels = kernels_for(dy->device);
    struct attention_sizes sizes = sizes_of(layer, dy);
    int rows = tensor_rows(dy), width = layer->input.size[1];
    struct tensor *qkv = saved_take(saved, SAVED_QKV);
    struct tensor *probabilities = saved_take(saved, SAVED_PROBABILITIES);

    struct tensor *dheads = layer_tensor_new(dy, layer->input);
    layer_product_of(kernels, saved)(false, false, rows, width, width, tensor_floats(dy),
                                     memory.parameters + layer->parameter[PROJECTION_WEIGHT].offset,
                                     0.0f, tensor_floats(dheads));
    struct tensor *dqkv = layer_tensor_new(dy, SHAPE(sizes.tokens, 3 * width));
    kernels->attention_backward(&sizes, tensor_floats(qkv), tensor_floats(probabilities),
                                tensor_floats(dheads), tensor_floats(dqkv));
    tensor_free(qkv);
    tensor_free(probabilities);
    tensor_free(dheads);

    struct tensor *dx = NULL;
    if (want_dx) {
        dx = layer_tensor_new(dy, layer->input);
        kernels->matrix_product(false, false, rows, width, 3 * width, tensor_floats(dqkv),
                                memory.parameters + layer->parameter[QKV_WEIGHT].offset, 0.0f,
                                tensor_floats(dx));
    }
    saved_keep(saved, SAVED_DY, dy);
    saved_keep(saved, SAVED_DQKV, dqkv);
    return dx;
}

/* Gradients of one of the two linear maps. Takes over both tensors. */
static void linear_backward_weight(const struct layer *layer, struct layer_memory memory,
                                   const struct saved *saved, int weight, int bias,
                                   struct tensor *x, struct tensor *dy)
{
    const struct kernels *kernels = kernels_for(x->device);
    int rows = tensor_rows(x), inputs = shape_last(x->shape), outputs = shape_last(dy->shape);
    layer_product_of(kernels, saved)(true, false, outputs, inputs, rows, tensor_floats(dy),
                                     tensor_floats(x), 1.0f,
                                     memory.gradients + layer->parameter[weight].offset);
    kernels->add_column_sums(rows, outputs, tensor_floats(dy),
                             memory.gradients + layer->parameter[bias].offset);
    tensor_free(x);
    tensor_free(dy);
}

static void backward_weight(const struct layer *layer, struct layer_memory memory,
                            struct saved *saved)
{
    linear_backward_weight(layer, memory, saved, PROJECTION_WEIGHT, PROJECTION_BIAS,
                           saved_take(saved, SAVED_HEADS), saved_take(saved, SAVED_DY));
    linear_backward_weight(layer, memory, saved, QKV_WEIGHT, QKV_BIAS, saved_take(saved, SAVED_X),
                           saved_take(saved, SAVED_DQKV));
}

static const struct layer_operations operations = {"attention", forward, backward_input,
                                                   backward_weight};
static const struct layer_operations causal_operations = {"causal_attention", forward,
                                                          backward_input, backward_weight};

static struct layer new_layer(struct shape input, int heads, bool causal)
{
    if (input.dimensions != 2 || heads < 1 || input.size[1] % heads != 0) {
        char text[SHAPE_TEXT_SIZE];
        fatal("attention with %d heads needs an input (tokens, width) whose width the heads divide,"
              " not %s",
              heads, shape_text(input, text));
    }
    int tokens = input.size[0], width = input.size[1];
    struct layer layer = {.operations = causal ? &causal_operations : &operations,
                          .input = input,
                          .output = input,
                          .heads = heads,
                          .causal = causal};
    layer_add_weight_and_bias(&layer, "qkv.", SHAPE(3 * width, width), 3 * width, width);
    layer_add_weight_and_bias(&layer, "projection.", SHAPE(width, width), width, width);

    double maps = 8.0 * tokens * width * width, biases = 4.0 * tokens * width;
    double pairs = causal ? 0.5 * tokens * (tokens + 1.0) : (double)tokens * tokens;
    double product = 2.0 * pairs * width; /* one of Q·Kᵀ and P·V, all heads */
    double softmax = layer.heads * pairs;
    layer.forward_flops = maps + biases + 2 * product + 20 * softmax;
    layer.backward_input_flops = maps + 4 * product + 4 * softmax;
    layer.backward_input_flops_without_dx = maps / 4 + 4 * product + 4 * softmax;
    layer.backward_weight_flops = maps + biases;
    return layer_made(layer);
}

struct layer layer_attention(struct shape input, int heads)
{
    return new_layer(input, heads, false);
}

struct layer layer_causal_attention(struct shape input, int heads)
{
    return new_layer(input, heads, true);
}
