/*
 * Convolution: which kernel computes which shape (convolution.h).
 */
#include "common/kernels/convolution/convolution.h"

enum choice { PLAIN, DEPTHWISE, NARROW, WIDE };

/* The most channels of the result (of a group; inputs in the backward for the input) with which
 * the plain and the narrow kernels are faster than those that can take more. Measured on one Zen 4
 * core (118 GFLOP/s at its best): GFLOP/s for 3×3 and 5×5 windows on planes of 28 × 28.
 *
 *     channels            1          6          8         10        16
 *     plain            5 … 15     5 … 15     4 … 15     5 … 15
 *     narrow, forward    37      78 … 86    83 … 93       80        88
 *     narrow, input      12      37 … 69    51 … 70       66        89
 *     narrow, weight     36      52 … 78    56 … 86       82        48
 *     wide             5 … 6     34 … 42    45 … 56    56 … 69   87 … 107
 */
#define MOST_PLAIN_CHANNELS  1
#define MOST_NARROW_CHANNELS 10
/* The least channels with which sixteen at a time are faster than one after the other. */
#define LEAST_DEPTHWISE_CHANNELS 4

/* channels: all that the result has. */
static enum choice choose(const struct convolution_sizes *sizes, int channels)
{
    bool can_be_narrow = sizes->stride == 1 && sizes->padding == 0 && sizes->groups == 1;
    if (can_be_narrow && channels <= MOST_NARROW_CHANNELS)
        return NARROW;
    if (sizes->groups == sizes->inputs && sizes->groups == sizes->outputs &&
        sizes->groups >= LEAST_DEPTHWISE_CHANNELS)
        return DEPTHWISE;
    return channels / sizes->groups <= MOST_PLAIN_CHANNELS ? PLAIN : WIDE;
}

void cpu_convolution(const struct convolution_sizes *sizes, const float *x, const float *weight,
                     const float *bias, float *y)
{
    void (*const kernel[])(const struct convolution_sizes *, const float *, const float *,
                           const float *,
                           float *) = {cpu_plain_convolution, cpu_depthwise_convolution,
                                       cpu_narrow_convolution, cpu_wide_convolution};
    kernel[choose(sizes, sizes->outputs)](sizes, x, weight, bias, y);
}

void cpu_convolution_backward_input(const struct convolution_sizes *sizes, const float *weight,
                                    const float *dy, float *dx)
{
    void (*const kernel[])(const struct convolution_sizes *, const float *, const float *,
                           float *) = {
        cpu_plain_convolution_backward_input, cpu_depthwise_convolution_backward_input,
        cpu_narrow_convolution_backward_input, cpu_wide_convolution_backward_input};
    kernel[choose(sizes, sizes->inputs)](sizes, weight, dy, dx);
}

void cpu_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                     const float *dy, float *weight_gradient, float *bias_gradient)
{
    void (*const kernel[])(const struct convolution_sizes *, const float *, const float *, float *,
                           float *) = {
        cpu_plain_convolution_backward_weight, cpu_depthwise_convolution_backward_weight,
        cpu_narrow_convolution_backward_weight, cpu_wide_convolution_backward_weight};
    kernel[choose(sizes, sizes->outputs)](sizes, x, dy, weight_gradient, bias_gradient);
}

size_t cpu_convolution_scratch(const struct convolution_sizes *sizes)
{
    enum choice choice = choose(sizes, sizes->outputs);
    return choice == WIDE        ? cpu_wide_convolution_scratch(sizes)
           : choice == NARROW    ? cpu_narrow_convolution_scratch(sizes)
           : choice == DEPTHWISE ? cpu_depthwise_convolution_scratch(sizes)
                                 : 0;
}

size_t cpu_convolution_backward_input_scratch(const struct convolution_sizes *sizes)
{
    enum choice choice = choose(sizes, sizes->inputs);
    return choice == WIDE        ? cpu_wide_convolution_backward_input_scratch(sizes)
           : choice == NARROW    ? cpu_narrow_convolution_backward_input_scratch(sizes)
           : choice == DEPTHWISE ? cpu_depthwise_convolution_scratch(sizes)
                                 : 0;
}

size_t cpu_convolution_backward_weight_scratch(const struct convolution_sizes *sizes)
{
    enum choice choice = choose(sizes, sizes->outputs);
    return choice == WIDE        ? cpu_wide_convolution_backward_weight_scratch(sizes)
           : choice == NARROW    ? cpu_narrow_convolution_backward_weight_scratch(sizes)
           : choice == DEPTHWISE ? cpu_depthwise_convolution_backward_weight_scratch(sizes)
                                 : 0;
}
