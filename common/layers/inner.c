/*
 * Lists of layers inside a layer (inner.h).
 */
#include "common/layers/inner.h"

#include "common/base/fatal.h"

#include <stdio.h>
#include <stdlib.h>

/* The part of the outer layer's memory that belongs to inner layer i. */
static struct layer_memory inner_memory(const struct layer *layer, struct layer_memory memory,
                                        int i)
{
    size_t offset = 0, buffers = 0;
    for (int before = 0; before < i; before++) {
        offset += layer->inner[before].parameter_count;
        buffers += layer->inner[before].buffer_count;
        memory.dropouts += layer->inner[before].dropouts;
    }
    memory.parameters += offset;
    if (memory.gradients != NULL)
        memory.gradients += offset;
    if (memory.buffers != NULL)
        memory.buffers += buffers;
    return memory;
}

struct tensor *inner_forward_of(const struct layer *layer, struct layer_memory memory,
                                struct saved *saved, int first, int end, struct tensor *x)
{
    for (int i = first; i < end; i++) {
        const struct layer *inner = &layer->inner[i];
        x = layer_forward(inner, inner_memory(layer, memory, i), saved->inner[i], x);
    }
    return x;
}

struct tensor *inner_backward_input_of(const struct layer *layer, struct layer_memory memory,
                                       struct saved *saved, int first, int end, struct tensor *dy,
                                       bool want_dx)
{
    for (int i = end - 1; i >= first; i--) {
        const struct layer *inner = &layer->inner[i];
        dy = layer_backward_input(inner, inner_memory(layer, memory, i), saved->inner[i], dy,
                                  want_dx || i > first);
    }
    return dy;
}

struct tensor *inner_forward(const struct layer *layer, struct layer_memory memory,
                             struct saved *saved, struct tensor *x)
{
    return inner_forward_of(layer, memory, saved, 0, layer->inner_layers, x);
}

struct tensor *inner_backward_input(const struct layer *layer, struct layer_memory memory,
                                    struct saved *saved, struct tensor *dy, bool want_dx)
{
    return inner_backward_input_of(layer, memory, saved, 0, layer->inner_layers, dy, want_dx);
}

void inner_backward_weight(const struct layer *layer, struct layer_memory memory,
                           struct saved *saved)
{
    for (int i = layer->inner_layers - 1; i >= 0; i--) {
        const struct layer *inner = &layer->inner[i];
        layer_backward_weight(inner, inner_memory(layer, memory, i), saved->inner[i]);
    }
}

static void add_parameters(struct layer *layer, const char *prefix, const struct layer *inner,
                           int i)
{
    for (int k = 0; k < inner->parameters; k++) {
        const struct parameter *parameter = &inner->parameter[k];
        char name[2 * LAYER_NAME_SIZE];
        snprintf(name, sizeof name, "%s%d.%s", prefix, i, parameter->name);
        layer_add_parameter(layer, name, parameter->shape, parameter->initial, parameter->scale);
        layer->parameter[layer->parameters - 1].slice = parameter->slice;
    }
}

static void add_buffers(struct layer *layer, const char *prefix, const struct layer *inner, int i)
{
    for (int k = 0; k < inner->buffers; k++) {
        char name[2 * LAYER_NAME_SIZE];
        snprintf(name, sizeof name, "%s%d.%s", prefix, i, inner->buffer[k].name);
        layer_add_buffer(layer, name, inner->buffer[k].shape, inner->buffer[k].initial);
        layer->buffer[layer->buffers - 1].slice = inner->buffer[k].slice;
    }
}

static void check_chain(const struct layer *layer, const struct layer *inner, int i)
{
    char text[SHAPE_TEXT_SIZE], other[SHAPE_TEXT_SIZE];
    if (i > 0 && !shape_equal(inner[i].input, inner[i - 1].output))
        fatal("layer %d of a %s takes %s, but what comes before it gives %s", i,
              layer->operations->kind, shape_text(inner[i].input, text),
              shape_text(inner[i - 1].output, other));
}

void inner_put(struct layer *layer, const char *prefix, const struct layer *inner, int inner_layers)
{
    if (inner_layers < 1)
        fatal("a %s needs a layer inside", layer->operations->kind);
    const size_t all = (size_t)(layer->inner_layers + inner_layers);
    layer->inner = realloc(layer->inner, all * sizeof *layer->inner);
    if (layer->inner == NULL)
        fatal("no memory left for a layer of %zu layers", all);
    layer->input_dtype = inner[0].input_dtype;
    for (int i = 0; i < inner_layers; i++) {
        check_chain(layer, inner, i);
        layer->inner[layer->inner_layers++] = inner[i];
        layer->forward_flops += inner[i].forward_flops;
        layer->backward_input_flops += inner[i].backward_input_flops;
        layer->backward_weight_flops += inner[i].backward_weight_flops;
        /* Where no dx is wanted, only the first of the layers need not work one out. */
        layer->backward_input_flops_without_dx +=
            i == 0 ? inner[i].backward_input_flops_without_dx : inner[i].backward_input_flops;
        layer->dropouts += inner[i].dropouts;
        layer->tied = layer->tied || inner[i].tied;
        if (inner[i].least_samples > layer->least_samples)
            layer->least_samples = inner[i].least_samples;
        add_parameters(layer, prefix, &inner[i], i);
        add_buffers(layer, prefix, &inner[i], i);
    }
}
