/*
 * Convolution: which kernel computes which shape (convolution.h).
 */
#include "common/kernels/convolution.h"

/* Results with so many channels (of a group) leave at most half of the wide kernels' lanes empty. */
#define WIDE_CHANNELS 8
/* With fewer channels than these, the plain loops are faster still. */
#define PLAIN_CHANNELS 4

enum choice { PLAIN, NARROW, WIDE };

/* channels: of the result, the vectors' lanes in the wide kernels. */
static enum choice choose(const struct convolution_sizes *sizes, int channels)
{
    if (channels / sizes->groups >= WIDE_CHANNELS)
        return WIDE;
    if (sizes->stride == 1 && sizes->padding == 0 && sizes->groups == 1)
        return NARROW;
    return channels / sizes->groups >= PLAIN_CHANNELS ? WIDE : PLAIN;
}

void cpu_convolution(const struct convolution_sizes *sizes, const float *x, const float *weight,
                     const float *bias, float *y)
{
    void (*const kernel[])(const struct convolution_sizes *, const float *, const float *,
                           const float *, float *) = {cpu_plain_convolution, cpu_narrow_convolution,
                                                      cpu_wide_convolution};
    kernel[choose(sizes, sizes->outputs)](sizes, x, weight, bias, y);
}

void cpu_convolution_backward_input(const struct convolution_sizes *sizes, const float *weight,
                                    const float *dy, float *dx)
{
    void (*const kernel[])(const struct convolution_sizes *, const float *, const float *,
                           float *) = {cpu_plain_convolution_backward_input,
                                       cpu_narrow_convolution_backward_input,
                                       cpu_wide_convolution_backward_input};
    kernel[choose(sizes, sizes->inputs)](sizes, weight, dy, dx);
}

void cpu_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                     const float *dy, float *weight_gradient, float *bias_gradient)
{
    void (*const kernel[])(const struct convolution_sizes *, const float *, const float *, float *,
                           float *) = {cpu_plain_convolution_backward_weight,
                                       cpu_narrow_convolution_backward_weight,
                                       cpu_wide_convolution_backward_weight};
    kernel[choose(sizes, sizes->outputs)](sizes, x, dy, weight_gradient, bias_gradient);
}

size_t cpu_convolution_scratch(const struct convolution_sizes *sizes)
{
    enum choice choice = choose(sizes, sizes->outputs);
    return choice == WIDE     ? cpu_wide_convolution_scratch(sizes)
           : choice == NARROW ? cpu_narrow_convolution_scratch(sizes)
                              : 0;
}

size_t cpu_convolution_backward_input_scratch(const struct convolution_sizes *sizes)
{
    enum choice choice = choose(sizes, sizes->inputs);
    return choice == WIDE     ? cpu_wide_convolution_backward_input_scratch(sizes)
           : choice == NARROW ? cpu_narrow_convolution_backward_input_scratch(sizes)
                              : 0;
}

size_t cpu_convolution_backward_weight_scratch(const struct convolution_sizes *sizes)
{
    enum choice choice = choose(sizes, sizes->outputs);
    return choice == WIDE     ? cpu_wide_convolution_backward_weight_scratch(sizes)
           : choice == NARROW ? cpu_narrow_convolution_backward_weight_scratch(sizes)
                              : 0;
}
