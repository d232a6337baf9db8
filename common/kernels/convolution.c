/*
 * Convolution: which kernel computes which shape (convolution.h).
 */
#include "common/kernels/convolution.h"

enum choice { PLAIN, NARROW, WIDE };

enum function { FORWARD, BACKWARD_INPUT, BACKWARD_WEIGHT };

/* The most channels of the result (of a group; inputs in the backward for the input) with which
 * each kernel is faster than those that can take more, measured on a Zen 4 core. GFLOP/s for 3×3 and
 * 5×5 windows on planes of 14 to 32:
 *
 *     channels            1         6         8         10        16
 *     plain            8 … 16    5 … 15    5 … 15
 *     narrow, forward    38      80 … 88   88 … 95      82        93
 *     narrow, input      12      39 … 70   54 … 70      68
 *     narrow, weight     37      34 … 50   35 … 50      49        32
 *     wide             4 … 6     35 … 42   47 … 57   59 … 71   87 … 108
 */
static const int most_channels[][2] = {
    [FORWARD] = {[PLAIN] = 1, [NARROW] = 10},
    [BACKWARD_INPUT] = {[PLAIN] = 1, [NARROW] = 10},
    [BACKWARD_WEIGHT] = {[PLAIN] = 1, [NARROW] = 6},
};

static enum choice choose(const struct convolution_sizes *sizes, enum function function)
{
    int channels = function == BACKWARD_INPUT ? sizes->inputs : sizes->outputs;
    bool can_be_narrow = sizes->stride == 1 && sizes->padding == 0 && sizes->groups == 1;
    if (can_be_narrow && channels <= most_channels[function][NARROW])
        return NARROW;
    return channels / sizes->groups <= most_channels[function][PLAIN] ? PLAIN : WIDE;
}

void cpu_convolution(const struct convolution_sizes *sizes, const float *x, const float *weight,
                     const float *bias, float *y)
{
    void (*const kernel[])(const struct convolution_sizes *, const float *, const float *,
                           const float *, float *) = {cpu_plain_convolution, cpu_narrow_convolution,
                                                      cpu_wide_convolution};
    kernel[choose(sizes, FORWARD)](sizes, x, weight, bias, y);
}

void cpu_convolution_backward_input(const struct convolution_sizes *sizes, const float *weight,
                                    const float *dy, float *dx)
{
    void (*const kernel[])(const struct convolution_sizes *, const float *, const float *,
                           float *) = {cpu_plain_convolution_backward_input,
                                       cpu_narrow_convolution_backward_input,
                                       cpu_wide_convolution_backward_input};
    kernel[choose(sizes, BACKWARD_INPUT)](sizes, weight, dy, dx);
}

void cpu_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                     const float *dy, float *weight_gradient, float *bias_gradient)
{
    void (*const kernel[])(const struct convolution_sizes *, const float *, const float *, float *,
                           float *) = {cpu_plain_convolution_backward_weight,
                                       cpu_narrow_convolution_backward_weight,
                                       cpu_wide_convolution_backward_weight};
    kernel[choose(sizes, BACKWARD_WEIGHT)](sizes, x, dy, weight_gradient, bias_gradient);
}

size_t cpu_convolution_scratch(const struct convolution_sizes *sizes)
{
    enum choice choice = choose(sizes, FORWARD);
    return choice == WIDE     ? cpu_wide_convolution_scratch(sizes)
           : choice == NARROW ? cpu_narrow_convolution_scratch(sizes)
                              : 0;
}

size_t cpu_convolution_backward_input_scratch(const struct convolution_sizes *sizes)
{
    enum choice choice = choose(sizes, BACKWARD_INPUT);
    return choice == WIDE     ? cpu_wide_convolution_backward_input_scratch(sizes)
           : choice == NARROW ? cpu_narrow_convolution_backward_input_scratch(sizes)
                              : 0;
}

size_t cpu_convolution_backward_weight_scratch(const struct convolution_sizes *sizes)
{
    enum choice choice = choose(sizes, BACKWARD_WEIGHT);
    return choice == WIDE     ? cpu_wide_convolution_backward_weight_scratch(sizes)
           : choice == NARROW ? cpu_narrow_convolution_backward_weight_scratch(sizes)
                              : 0;
}
