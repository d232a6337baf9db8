/*
 * Linear: y = x · Wᵀ + b over the last dimension; W is (outputs, inputs). The bias may be left out,
 * and W may be the model's first parameter: a tied head.
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

enum { SAVED_X, SAVED_DY };
enum { WEIGHT, BIAS };

static const float *weight_of(const struct layer *layer, struct layer_memory memory)
{
    return layer->tied ? memory.tied : memory.parameters + layer->parameter[WEIGHT].offset;
}

static float *weight_gradient_of(const struct layer *layer, struct layer_memory memory)
{
    return layer->tied ? memory.tied_gradient : memory.gradients + layer->parameter[WEIGHT].offset;
}

static bool has_bias(const struct layer *layer)
{
    return layer->parameters > BIAS;
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    const struct kernels *kernels = kernels_for(x->device);
    int rows = tensor_rows(x), inputs = shape_last(layer->input),
        outputs = shape_last(layer->output);
    struct tensor *y = layer_tensor_new(x, layer->output);
    if (has_bias(layer))
        kernels->fill_rows(rows, outputs, memory.parameters + layer->parameter[BIAS].offset,
                           tensor_floats(y));
    layer_product_of(kernels, saved)(false, true, rows, outputs, inputs, tensor_floats(x),
                                     weight_of(layer, memory), has_bias(layer) ? 1.0f : 0.0f,
                                     tensor_floats(y));
    saved_keep(saved, SAVED_X, x);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    struct tensor *dx = NULL;
    if (want_dx) {
        dx = layer_tensor_new(dy, layer->input);
        layer_product_of(kernels_for(dy->device), saved)(
            false, false, tensor_rows(dx), shape_last(layer->input), shape_last(layer->output),
            tensor_floats(dy), weight_of(layer, memory), 0.0f, tensor_floats(dx));
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
    layer_product_of(kernels, saved)(true, false, outputs, inputs, rows, tensor_floats(dy),
                                     tensor_floats(x), 1.0f, weight_gradient_of(layer, memory));
    if (has_bias(layer))
        kernels->add_column_sums(rows, outputs, tensor_floats(dy),
                                 memory.gradients + layer->parameter[BIAS].offset);
    tensor_free(x);
    tensor_free(dy);
}

static const struct layer_operations operations = {"linear", forward, backward_input,
                                                   backward_weight};
static const struct layer_operations tied_operations = {"tied_head", forward, backward_input,
                                                        backward_weight};

/* With neither weight nor bias. */
static struct layer new_layer(struct shape input, int outputs)
{
    if (input.dimensions < 1 || shape_last(input) < 1 || outputs < 1)
        fatal("a linear layer needs at least one input and one output");
    struct layer layer = {.operations = &operations, .input = input, .output = input};
    layer.output.size[input.dimensions - 1] = outputs;
    layer.forward_flops = layer.backward_input_flops = layer.backward_weight_flops =
        2.0 * shape_last(input) * (double)shape_elements(layer.output);
    return layer;
}

struct layer layer_linear_with(struct shape input, struct linear_options options)
{
    struct layer layer = new_layer(input, options.outputs);
    int inputs = shape_last(input), outputs = options.outputs;
    if (options.no_bias) {
        layer_add_weight(&layer, "", SHAPE(outputs, inputs), inputs);
        return layer_made(layer);
    }
    layer_add_weight_and_bias(&layer, "", SHAPE(outputs, inputs), outputs, inputs);
    double biases = (double)shape_elements(layer.output);
    layer.forward_flops += biases;
    layer.backward_weight_flops += biases;
    return layer_made(layer);
}

struct layer layer_linear(struct shape input, int outputs)
{
    return layer_linear_with(input, (struct linear_options){.outputs = outputs});
}

struct layer layer_tied_head(struct shape input, int outputs)
{
    struct layer layer = new_layer(input, outputs);
    layer.operations = &tied_operations;
    layer.tied = true;
    return layer_made(layer);
}
