/*
 * Two-dimensional convolution (cross-correlation, as in PyTorch) with stride, padding and groups;
 * weight (channels, inputs / groups, kernel, kernel), and a bias unless it was declined.
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

#include <math.h>

enum { SAVED_X, SAVED_DY };

static struct convolution_sizes sizes_of(const struct layer *layer, const struct tensor *x)
{
    return (struct convolution_sizes){.samples = x->shape.size[0],
                                      .inputs = layer->input.size[0],
                                      .height = layer->input.size[1],
                                      .width = layer->input.size[2],
                                      .outputs = layer->output.size[0],
                                      .kernel = layer->kernel,
                                      .stride = layer->stride,
                                      .padding = layer->padding,
                                      .groups = layer->groups};
}

/* The bias, or its gradient, in the parameters or gradients of this layer; NULL: it has none. */
static float *bias_in(const struct layer *layer, float *arena)
{
    return layer->parameters < 2 ? NULL : arena + layer->parameter[1].offset;
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    struct convolution_sizes sizes = sizes_of(layer, x);
    struct tensor *y = layer_tensor_new(x, layer->output);
    kernels_for(x->device)->convolution(&sizes, tensor_floats(x),
                                        memory.parameters + layer->parameter[0].offset,
                                        bias_in(layer, memory.parameters), tensor_floats(y));
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
        bias_in(layer, memory.gradients));
    tensor_free(x);
    tensor_free(dy);
}

static const struct layer_operations operations = {"convolution", forward, backward_input,
                                                   backward_weight};

static void convolution_must_fit(struct shape input, const struct convolution_options *options)
{
    char text[SHAPE_TEXT_SIZE];
    const int kernel = options->kernel, groups = options->groups;
    if (options->channels < 1 || kernel < 1 || options->stride < 1 || options->padding < 0 ||
        groups < 1)
        fatal("a convolution to %d channels with a %d×%d window, stride %d, padding %d and %d "
              "groups: padding must be at least 0 and everything else at least 1",
              options->channels, kernel, kernel, options->stride, options->padding, groups);
    if (input.dimensions != 3 || kernel > input.size[1] + 2 * options->padding ||
        kernel > input.size[2] + 2 * options->padding)
        fatal("a convolution to %d channels with a %d×%d window needs an input (channels, height, "
              "width) that, with %d of padding on each side, is no smaller than the window, not %s",
              options->channels, kernel, kernel, options->padding, shape_text(input, text));
    if (input.size[0] % groups != 0 || options->channels % groups != 0)
        fatal("a convolution from %d to %d channels can't be cut into %d groups: both must be "
              "multiples of the number of groups",
              input.size[0], options->channels, groups);
}

struct layer layer_convolution_with(struct shape input, struct convolution_options options)
{
    options.stride = options.stride == 0 ? 1 : options.stride;
    options.groups = options.groups == 0 ? 1 : options.groups;
    convolution_must_fit(input, &options);
    struct layer layer = {.operations = &operations,
                          .input = input,
                          .kernel = options.kernel,
                          .stride = options.stride,
                          .padding = options.padding,
                          .groups = options.groups};
    layer.output =
        SHAPE(options.channels,
              windows_along(input.size[1], options.kernel, options.stride, options.padding),
              windows_along(input.size[2], options.kernel, options.stride, options.padding));
    const int inputs = input.size[0] / options.groups, kernel = options.kernel;
    const int fan_in = inputs * kernel * kernel;
    const struct shape weight = SHAPE(options.channels, inputs, kernel, kernel);
    if (options.no_bias)
        layer_add_parameter(&layer, "weight", weight, INITIAL_UNIFORM, 1.0f / sqrtf((float)fan_in));
    else
        layer_add_weight_and_bias(&layer, "", weight, options.channels, fan_in);
    const double results = shape_count(layer.output), biases = options.no_bias ? 0 : results;
    layer.backward_input_flops = 2.0 * fan_in * results;
    layer.forward_flops = layer.backward_weight_flops = 2.0 * fan_in * results + biases;
    return layer_made(layer);
}

struct layer layer_convolution(struct shape input, int channels, int kernel)
{
    return layer_convolution_with(
        input, (struct convolution_options){.channels = channels, .kernel = kernel});
}
