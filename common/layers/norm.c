/*
 * Layer norm over the last dimension.
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

enum { SAVED_X, SAVED_STATISTICS, SAVED_DY };

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    int rows = tensor_rows(x);
    struct tensor *y = layer_tensor_new(x, layer->output);
    struct tensor *statistics =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, x->device, SHAPE(rows, 2));
    kernels_for(x->device)->layer_norm(rows, shape_last(layer->input), tensor_floats(x),
                                       memory.parameters + layer->parameter[0].offset,
                                       memory.parameters + layer->parameter[1].offset,
                                       tensor_floats(y), tensor_floats(statistics));
    saved_keep(saved, SAVED_X, x);
    saved_keep(saved, SAVED_STATISTICS, statistics);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    struct tensor *x = saved_take(saved, SAVED_X),
                  *statistics = saved_take(saved, SAVED_STATISTICS), *dx = NULL;
    if (want_dx) {
        dx = layer_tensor_new(dy, layer->input);
        kernels_for(dy->device)
            ->layer_norm_backward_input(tensor_rows(dy), shape_last(layer->input), tensor_floats(x),
                                        tensor_floats(statistics),
                                        memory.parameters + layer->parameter[0].offset,
                                        tensor_floats(dy), tensor_floats(dx));
    }
    saved_keep(saved, SAVED_X, x);
    saved_keep(saved, SAVED_STATISTICS, statistics);
    saved_keep(saved, SAVED_DY, dy);
    return dx;
}

static void backward_weight(const struct layer *layer, struct layer_memory memory,
                            struct saved *saved)
{
    struct tensor *x = saved_take(saved, SAVED_X), *dy = saved_take(saved, SAVED_DY),
                  *statistics = saved_take(saved, SAVED_STATISTICS);
    kernels_for(x->device)->layer_norm_backward_weight(
        tensor_rows(x), shape_last(layer->input), tensor_floats(x), tensor_floats(statistics),
        tensor_floats(dy), memory.gradients + layer->parameter[0].offset,
        memory.gradients + layer->parameter[1].offset);
    tensor_free(x);
    tensor_free(dy);
    tensor_free(statistics);
}

static const struct layer_operations operations = {"layer_norm", forward, backward_input,
                                                   backward_weight};

struct layer layer_norm(struct shape input)
{
    if (input.dimensions < 1 || shape_last(input) < 1)
        fatal("a layer norm needs at least one number to normalise");
    struct layer layer = {.operations = &operations, .input = input, .output = input};
    layer_add_parameter(&layer, "weight", SHAPE(shape_last(input)), INITIAL_ONE, 0);
    layer_add_parameter(&layer, "bias", SHAPE(shape_last(input)), INITIAL_ZERO, 0);
    layer.forward_flops = 8.0 * shape_count(input);
    layer.backward_input_flops = 11.0 * shape_count(input);
    layer.backward_weight_flops = 5.0 * shape_count(input);
    return layer_made(layer);
}
