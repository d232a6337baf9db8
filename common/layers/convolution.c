/*
 * Two-dimensional convolution (cross-correlation, as in PyTorch): stride 1, no
 * padding; weight (channels, inputs, kernel, kernel).
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

enum { SAVED_X, SAVED_DY };

static struct convolution_sizes sizes_of(const struct layer *layer, const struct tensor *x)
{
    return (struct convolution_sizes){.samples = x->shape.size[0],
                                      .inputs = layer->input.size[0],
                                      .height = layer->input.size[1],
                                      .width = layer->input.size[2],
                                      .outputs = layer->output.size[0],
                                      .kernel = layer->kernel};
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    struct convolution_sizes sizes = sizes_of(layer, x);
    struct tensor *y = layer_tensor_new(x, layer->output);
    kernels_for(x->device)->convolution(
        &sizes, tensor_floats(x), memory.parameters + layer->parameter[0].offset,
        memory.parameters + layer->parameter[1].offset, tensor_floats(y));
    saved_keep(saved, SAVED_X, x);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    struct tensor *dx = NULL;
    if (want_dx) {
        struct convolution_sizes sizes = sizes_of(layer, dy);
        dx = layer_tensor_new(dy, layer->input);
        kernels_for(dy->device)
            ->convolution_backward_input(&sizes, memory.parameters + layer->parameter[0].offset,
                                         tensor_floats(dy), tensor_floats(dx));
    }
    saved_keep(saved, SAVED_DY, dy);
    return dx;
}

static void backward_weight(const struct layer *layer, struct layer_memory memory,
                            struct saved *saved)
{
    struct tensor *x = saved_take(saved, SAVED_X), *dy = saved_take(saved, SAVED_DY);
    struct convolution_sizes sizes = sizes_of(layer, x);
    kernels_for(x->device)->convolution_backward_weight(
        &sizes, tensor_floats(x), tensor_floats(dy), memory.gradients + layer->parameter[0].offset,
        memory.gradients + layer->parameter[1].offset);
    tensor_free(x);
    tensor_free(dy);
}

static const struct layer_operations operations = {"convolution", forward, backward_input,
                                                   backward_weight};

struct layer layer_convolution(struct shape input, int channels, int kernel)
{
    if (input.dimensions != 3 || channels < 1 || kernel < 1 || kernel > input.size[1] ||
        kernel > input.size[2]) {
        char text[SHAPE_TEXT_SIZE];
        fatal("a convolution to %d channels with a %d×%d window needs an input (channels, height, "
              "width) no smaller than the window, not %s",
              channels, kernel, kernel, shape_text(input, text));
    }
    struct layer layer = {.operations = &operations, .input = input, .kernel = kernel};
    layer.output = SHAPE(channels, input.size[1] - kernel + 1, input.size[2] - kernel + 1);
    int fan_in = input.size[0] * kernel * kernel;
    layer_add_weight_and_bias(&layer, "", SHAPE(channels, input.size[0], kernel, kernel), channels,
                              fan_in);
    double biases = shape_count(layer.output);
    layer.backward_input_flops = 2.0 * fan_in * biases;
    layer.forward_flops = layer.backward_weight_flops = 2.0 * fan_in * biases + biases;
    return layer;
}
