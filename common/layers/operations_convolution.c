/*
 * Convolutions as operations with tensors (operations.h): checks, charges, and calls the kernel.
 */
#include "common/layers/operations.h"
#include "common/layers/operations_check.h"

/* The sizes of a convolution by its three tensors; fatal where they make none. */
static struct convolution_sizes sizes_of(const char *function, struct operand x,
                                         struct operand weight, struct operand y, int stride,
                                         int padding)
{
    const int *in = x.tensor->shape.size, *window = weight.tensor->shape.size,
              *out = y.tensor->shape.size;
    const int kernel = window[3];
    char text[3][SHAPE_TEXT_SIZE];
    const bool fits = x.tensor->shape.dimensions == 4 && weight.tensor->shape.dimensions == 4 &&
                      y.tensor->shape.dimensions == 4 && stride >= 1 && padding >= 0 &&
                      kernel >= 1 && window[2] == kernel && in[0] == out[0] && in[1] == window[1] &&
                      out[1] == window[0] && in[2] + 2 * padding >= kernel &&
                      in[3] + 2 * padding >= kernel &&
                      out[2] == windows_along(in[2], kernel, stride, padding) &&
                      out[3] == windows_along(in[3], kernel, stride, padding);
    if (!fits)
        fatal_at(
            function,
            "%s is %s, %s is %s, %s is %s, with stride %d and padding %d; expected (samples, "
            "inputs, height, width), (outputs, inputs, kernel, kernel) and (samples, outputs, "
            "…), where (height + 2 · padding - kernel) / stride + 1 windows, rounded down, stand "
            "on a height",
            x.name, shape_text(x.tensor->shape, text[0]), weight.name,
            shape_text(weight.tensor->shape, text[1]), y.name, shape_text(y.tensor->shape, text[2]),
            stride, padding);
    return (struct convolution_sizes){.samples = in[0],
                                      .inputs = in[1],
                                      .height = in[2],
                                      .width = in[3],
                                      .outputs = out[1],
                                      .kernel = kernel,
                                      .stride = stride,
                                      .padding = padding,
                                      .groups = 1};
}

static void one_per_output(const char *function, struct operand bias, int outputs)
{
    char text[SHAPE_TEXT_SIZE];
    if (bias.tensor->elements != (size_t)outputs)
        fatal_at(function, "%s is %s; expected one number for each of the %d channels", bias.name,
                 shape_text(bias.tensor->shape, text), outputs);
}

/* A product and a sum for each weight of an output and each of its places; with a bias one sum more. */
static void charge_convolution(const struct tensor *weight, const struct tensor *y, bool bias)
{
    const double products = (double)weight->elements / weight->shape.size[0] * (double)y->elements;
    flops_charge(2 * products + (bias ? (double)y->elements : 0));
}

void compute_convolution(const struct tensor *x, const struct tensor *weight,
                         const struct tensor *bias, int stride, int padding, struct tensor *y)
{
    const struct kernels *kernels =
        CHECK({"x", x}, {"weight", weight}, {"y", y}, {"bias", bias == NULL ? x : bias});
    const struct convolution_sizes sizes =
        sizes_of(__func__, (struct operand){"x", x}, (struct operand){"weight", weight},
                 (struct operand){"y", y}, stride, padding);
    if (bias != NULL)
        one_per_output(__func__, (struct operand){"bias", bias}, sizes.outputs);
    charge_convolution(weight, y, bias != NULL);
    kernels->convolution(&sizes, tensor_floats(x), tensor_floats(weight),
                         bias == NULL ? NULL : tensor_floats(bias), tensor_floats(y));
}

void compute_convolution_backward_input(const struct tensor *weight, const struct tensor *dy,
                                        int stride, int padding, struct tensor *dx)
{
    const struct kernels *kernels = CHECK({"weight", weight}, {"dy", dy}, {"dx", dx});
    const struct convolution_sizes sizes =
        sizes_of(__func__, (struct operand){"dx", dx}, (struct operand){"weight", weight},
                 (struct operand){"dy", dy}, stride, padding);
    charge_convolution(weight, dy, false);
    kernels->convolution_backward_input(&sizes, tensor_floats(weight), tensor_floats(dy),
                                        tensor_floats(dx));
}

void compute_convolution_backward_weight(const struct tensor *x, const struct tensor *dy,
                                         int stride, int padding, struct tensor *weight_gradient,
                                         struct tensor *bias_gradient)
{
    const struct kernels *kernels =
        CHECK({"x", x}, {"dy", dy}, {"weight_gradient", weight_gradient},
              {"bias_gradient", bias_gradient == NULL ? x : bias_gradient});
    const struct convolution_sizes sizes = sizes_of(
        __func__, (struct operand){"x", x}, (struct operand){"weight_gradient", weight_gradient},
        (struct operand){"dy", dy}, stride, padding);
    if (bias_gradient != NULL)
        one_per_output(__func__, (struct operand){"bias_gradient", bias_gradient}, sizes.outputs);
    charge_convolution(weight_gradient, dy, bias_gradient != NULL);
    kernels->convolution_backward_weight(
        &sizes, tensor_floats(x), tensor_floats(dy), tensor_floats(weight_gradient),
        bias_gradient == NULL ? NULL : tensor_floats(bias_gradient));
}

void compute_add_channel_bias(const struct tensor *bias, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"bias", bias}, {"y", y});
    char text[SHAPE_TEXT_SIZE];
    if (y->shape.dimensions != 4)
        fatal("y is %s; expected (samples, channels, height, width)", shape_text(y->shape, text));
    const int samples = y->shape.size[0], channels = y->shape.size[1],
              plane = y->shape.size[2] * y->shape.size[3];
    one_per_output(__func__, (struct operand){"bias", bias}, channels);
    flops_charge((double)y->elements);
    for (int sample = 0; sample < samples; sample++)
        kernels->add_to_rows(channels, plane, tensor_floats(bias),
                             tensor_floats(y) + (size_t)sample * (size_t)channels * (size_t)plane);
}
