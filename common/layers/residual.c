/*
 * Residual: y = x + inner(x), where inner is a list of layers of its own. Their
 * parameters are the residual's, under the names "0.weight", "2.bias" and so on.
 */
#include "common/fatal.h"
#include "common/layers/layers.h"

#include <stdio.h>
#include <stdlib.h>

/* The part of the residual's memory that belongs to inner layer i. */
static struct layer_memory inner_memory(const struct layer *layer, struct layer_memory memory,
                                        int i)
{
    size_t offset = 0;
    for (int before = 0; before < i; before++)
        offset += layer->inner[before].parameter_count;
    memory.parameters += offset;
    if (memory.gradients != NULL)
        memory.gradients += offset;
    return memory;
}

/* sum + part. Takes over both; adds in place where `sum` belongs to nobody else. */
static struct tensor *add(struct tensor *sum, struct tensor *part)
{
    struct tensor *result = layer_in_place_or_new(sum);
    if (result != sum)
        tensor_copy(result, sum);
    kernels_for(sum->device)->add((size_t)sum->count, tensor_floats(part), tensor_floats(result));
    tensor_free(sum);
    tensor_free(part);
    return result;
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    struct tensor *y = tensor_retain(x);
    for (int i = 0; i < layer->inner_layers; i++) {
        const struct layer *inner = &layer->inner[i];
        y = inner->operations->forward(inner, inner_memory(layer, memory, i), saved->inner[i], y);
    }
    return add(y, x);
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    struct tensor *dx = tensor_retain(dy);
    for (int i = layer->inner_layers - 1; i >= 0; i--) {
        const struct layer *inner = &layer->inner[i];
        dx = inner->operations->backward_input(inner, inner_memory(layer, memory, i),
                                               saved->inner[i], dx, want_dx || i > 0);
    }
    if (want_dx)
        return add(dx, dy);
    tensor_free(dy);
    return NULL;
}

static void backward_weight(const struct layer *layer, struct layer_memory memory,
                            struct saved *saved)
{
    for (int i = layer->inner_layers - 1; i >= 0; i--) {
        const struct layer *inner = &layer->inner[i];
        inner->operations->backward_weight(inner, inner_memory(layer, memory, i), saved->inner[i]);
    }
}

static const struct layer_operations operations = {"residual", forward, backward_input,
                                                   backward_weight};

struct layer layer_residual(struct shape input, const struct layer *inner, int inner_layers)
{
    char text[SHAPE_TEXT_SIZE], other[SHAPE_TEXT_SIZE];
    if (inner_layers < 1)
        fatal("a residual needs a layer inside");
    if (!shape_equal(inner[inner_layers - 1].output, input))
        fatal("what goes round a residual has shape %s, but what goes through it ends as %s",
              shape_text(input, text), shape_text(inner[inner_layers - 1].output, other));
    struct layer layer = {.operations = &operations, .input = input, .output = input};
    layer.inner = calloc((size_t)inner_layers, sizeof *layer.inner);
    if (layer.inner == NULL)
        fatal("no memory left for a residual of %d layers", inner_layers);
    layer.inner_layers = inner_layers;
    layer.forward_flops = layer.backward_input_flops = shape_count(input);
    for (int i = 0; i < inner_layers; i++) {
        layer.inner[i] = inner[i];
        layer.forward_flops += inner[i].forward_flops;
        layer.backward_input_flops += inner[i].backward_input_flops;
        layer.backward_weight_flops += inner[i].backward_weight_flops;
        for (int k = 0; k < inner[i].parameters; k++) {
            const struct parameter *parameter = &inner[i].parameter[k];
            char name[LAYER_NAME_SIZE + 12];
            snprintf(name, sizeof name, "%d.%s", i, parameter->name);
            layer_add_parameter(&layer, name, parameter->shape, parameter->initial,
                                parameter->scale);
        }
    }
    return layer;
}
