/*
 * Linear: y = x · Wᵀ + b over the last dimension; W is (outputs, inputs).
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

enum { SAVED_X, SAVED_DY };

static const float *weight_of(const struct layer *layer, const float *memory)
{
    return memory + layer->parameter[0].offset;
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    const struct kernels *kernels = kernels_for(x->device);
    int rows = tensor_rows(x), inputs = shape_last(layer->input),
        outputs = shape_last(layer->output);
    struct tensor *y = layer_tensor_new(x, layer->output);
    kernels->fill_rows(rows, outputs, memory.parameters + layer->parameter[1].offset,
                       tensor_floats(y));
    kernels->matrix_product(false, true, rows, outputs, inputs, tensor_floats(x),
                            weight_of(layer, memory.parameters), 1.0f, tensor_floats(y));
    saved_keep(saved, SAVED_X, x);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    struct tensor *dx = NULL;
    if (want_dx) {
        dx = layer_tensor_new(dy, layer->input);
        kernels_for(dy->device)
            ->matrix_product(false, false, tensor_rows(dx), shape_last(layer->input),
                             shape_last(layer->output), tensor_floats(dy),
                             weight_of(layer, memory.parameters), 0.0f, tensor_floats(dx));
    }
    saved_keep(saved, SAVED_DY, dy);
    return dx;
}

static void backward_weight(const struct layer *layer, struct layer_memory memory,
                            struct saved *saved)
{
    struct tensor *x = saved_take(saved, SAVED_X), *dy = saved_take(saved, SAVED_DY);
    const struct kernels *kernels = kernels_for(x->device);
    int rows = tensor_rows(x), inputs = shape_last(layer->input),
        outputs = shape_last(layer->output);
    kernels->matrix_product(true, false, outputs, inputs, rows, tensor_floats(dy), tensor_floats(x),
                            1.0f, memory.gradients + layer->parameter[0].offset);
    kernels->add_column_sums(rows, outputs, tensor_floats(dy),
                             memory.gradients + layer->parameter[1].offset);
    tensor_free(x);
    tensor_free(dy);
}

static const struct layer_operations operations = {"linear", forward, backward_input,
                                                   backward_weight};

struct layer layer_linear(struct shape input, int outputs)
{
    if (input.dimensions < 1 || shape_last(input) < 1 || outputs < 1)
        fatal("a linear layer needs at least one input and one output");
    int inputs = shape_last(input);
    struct layer layer = {.operations = &operations, .input = input, .output = input};
    layer.output.size[input.dimensions - 1] = outputs;
    layer_add_weight_and_bias(&layer, "", SHAPE(outputs, inputs), outputs, inputs);
    double biases = shape_count(layer.output);
    layer.backward_input_flops = 2.0 * inputs * biases;
    layer.forward_flops = layer.backward_weight_flops = 2.0 * inputs * biases + biases;
    return layer;
}
