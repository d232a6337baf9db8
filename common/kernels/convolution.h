/*
 * What the convolution kernels have in common: sizes, and who offers what.
 *
 * There are several, each best for some shapes; convolution.c chooses. All have the
 * same three functions, and a count of the scratch space that each takes.
 */
#ifndef COMMON_KERNELS_CONVOLUTION_H
#define COMMON_KERNELS_CONVOLUTION_H

#include "common/kernels/cpu.h"

/* Sizes of y. */
static inline int output_height(const struct convolution_sizes *sizes)
{
    return windows_along(sizes->height, sizes->kernel, sizes->stride, sizes->padding);
}
static inline int output_width(const struct convolution_sizes *sizes)
{
    return windows_along(sizes->width, sizes->kernel, sizes->stride, sizes->padding);
}

/* Float operations of one of the three functions. */
static inline double convolution_flops(const struct convolution_sizes *sizes)
{
    return 2.0 * sizes->samples * sizes->outputs * output_height(sizes) * output_width(sizes) *
           (sizes->inputs / sizes->groups) * sizes->kernel * sizes->kernel;
}

/* convolution_plain.c: any shape, no scratch space. */
void cpu_plain_convolution(const struct convolution_sizes *sizes, const float *x,
                           const float *weight, const float *bias, float *y);
void cpu_plain_convolution_backward_input(const struct convolution_sizes *sizes,
                                          const float *weight, const float *dy, float *dx);
void cpu_plain_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                           const float *dy, float *weight_gradient,
                                           float *bias_gradient);

/* convolution_narrow.c, convolution_narrow_weight.c: stride 1, no padding, one group. */
void cpu_narrow_convolution(const struct convolution_sizes *sizes, const float *x,
                            const float *weight, const float *bias, float *y);
void cpu_narrow_convolution_backward_input(const struct convolution_sizes *sizes,
                                           const float *weight, const float *dy, float *dx);
void cpu_narrow_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                            const float *dy, float *weight_gradient,
                                            float *bias_gradient);
size_t cpu_narrow_convolution_scratch(const struct convolution_sizes *sizes);
size_t cpu_narrow_convolution_backward_input_scratch(const struct convolution_sizes *sizes);
size_t cpu_narrow_convolution_backward_weight_scratch(const struct convolution_sizes *sizes);

#endif
