/*
 * Layer norm over the last dimension, or over the last few, as one long row.
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

enum { SAVED_X, SAVED_STATISTICS, SAVED_DY };
enum { WEIGHT, BIAS };

/* Of one row: the numbers that are normalised together. */
static int columns_of(const struct layer *layer)
{
    return shape_count(layer->parameter[WEIGHT].shape);
}

static int rows_of(const struct layer *layer, const struct tensor *x)
{
    return (int)(x->elements / (size_t)columns_of(layer));
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    int rows = rows_of(layer, x);
    struct tensor *y = layer_tensor_new(x, layer->output);
    struct tensor *statistics =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, x->device, SHAPE(rows, 2));
    kernels_for(x->device)->layer_norm(rows, columns_of(layer), tensor_floats(x),
                                       memory.parameters + layer->parameter[WEIGHT].offset,
                                       memory.parameters + layer->parameter[BIAS].offset,
                                       tensor_floats(y), tensor_floats(statistics));
    saved_keep(saved, SAVED_X, x);
    saved_keep_exact(saved, SAVED_STATISTICS, statistics);
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
            ->layer_norm_backward_input(rows_of(layer, dy), columns_of(layer), tensor_floats(x),
                                        tensor_floats(statistics),
                                        memory.parameters + layer->parameter[WEIGHT].offset,
                                        tensor_floats(dy), tensor_floats(dx));
    }
    saved_keep(saved, SAVED_X, x);
    saved_keep_exact(saved, SAVED_STATISTICS, statistics);
    saved_keep(saved, SAVED_DY, dy);
    return dx;
}

static void backward_weight(const struct layer *layer, struct layer_memory memory,
                            struct saved *saved)
{
    struct tensor *x = saved_take(saved, SAVED_X), *dy = saved_take(saved, SAVED_DY),
                  *statistics = saved_take(saved, SAVED_STATISTICS);
    kernels_for(x->device)->layer_norm_backward_weight(
        rows_of(layer, x), columns_of(layer), tensor_floats(x), tensor_floats(statistics),
        tensor_floats(dy), memory.gradients + layer->parameter[WEIGHT].offset,
        memory.gradients + layer->parameter[BIAS].offset);
    tensor_free(x);
    tensor_free(dy);
    tensor_free(statistics);
}

static const struct layer_operations operations = {"layer_norm", forward, backward_input,
                                                   backward_weight};

struct layer layer_norm_of(struct shape input, int dimensions)
{
    char text[SHAPE_TEXT_SIZE];
    if (dimensions < 1 || dimensions > input.dimensions || shape_elements(input) < 1)
        fatal("a layer norm over the last %d dimensions needs numbers to normalise in them, and is "
              "given %s",
              dimensions, shape_text(input, text));
    struct shape row = {.dimensions = dimensions};
    for (int i = 0; i < dimensions; i++)
        row.size[i] = input.size[input.dimensions - dimensions + i];
    struct layer layer = {.operations = &operations, .input = input, .output = input};
    layer_add_parameter(&layer, "weight", row, INITIAL_ONE, 0);
    layer_add_parameter(&layer, "bias", row, INITIAL_ZERO, 0);
    layer.forward_flops = 8.0 * shape_count(input);
    layer.backward_input_flops = 11.0 * shape_count(input);
    layer.backward_weight_flops = 5.0 * shape_count(input);
    return layer_made(layer);
}

struct layer layer_norm(struct shape input)
{
    return layer_norm_of(input, 1);
}
