/*
 * Convolution: which kernel computes which shape (convolution.h).
 */
#include "common/kernels/convolution.h"

static bool is_narrow(const struct convolution_sizes *sizes)
{
    return sizes->stride == 1 && sizes->padding == 0 && sizes->groups == 1;
}

void cpu_convolution(const struct convolution_sizes *sizes, const float *x, const float *weight,
                     const float *bias, float *y)
{
    if (is_narrow(sizes))
        cpu_narrow_convolution(sizes, x, weight, bias, y);
    else
        cpu_plain_convolution(sizes, x, weight, bias, y);
}

void cpu_convolution_backward_input(const struct convolution_sizes *sizes, const float *weight,
                                    const float *dy, float *dx)
{
    if (is_narrow(sizes))
        cpu_narrow_convolution_backward_input(sizes, weight, dy, dx);
    else
        cpu_plain_convolution_backward_input(sizes, weight, dy, dx);
}

void cpu_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                     const float *dy, float *weight_gradient, float *bias_gradient)
{
    if (is_narrow(sizes))
        cpu_narrow_convolution_backward_weight(sizes, x, dy, weight_gradient, bias_gradient);
    else
        cpu_plain_convolution_backward_weight(sizes, x, dy, weight_gradient, bias_gradient);
}

size_t cpu_convolution_scratch(const struct convolution_sizes *sizes)
{
    return is_narrow(sizes) ? cpu_narrow_convolution_scratch(sizes) : 0;
}

size_t cpu_convolution_backward_input_scratch(const struct convolution_sizes *sizes)
{
    return is_narrow(sizes) ? cpu_narrow_convolution_backward_input_scratch(sizes) : 0;
}

size_t cpu_convolution_backward_weight_scratch(const struct convolution_sizes *sizes)
{
    return is_narrow(sizes) ? cpu_narrow_convolution_backward_weight_scratch(sizes) : 0;
}
