/*
 * What the convolution kernels have in common: sizes, and who offers what.
 *
 * There are several, each best for some shapes; convolution.c chooses. All have the
 * same three functions, and a count of the scratch space that each takes.
 */
#ifndef COMMON_KERNELS_CONVOLUTION_CONVOLUTION_H
#define COMMON_KERNELS_CONVOLUTION_CONVOLUTION_H

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

/* Whether threads that take samples each are worth their while. */
static inline bool samples_are_worth_threads(const struct convolution_sizes *sizes)
{
    return sizes->samples > 1 && convolution_flops(sizes) > PARALLEL_THRESHOLD;
}

/* A stack of planes in memory: row r of plane p begins at data + p · plane_stride + r · row_stride. */
struct planes {
    float *data;
    size_t row_stride, plane_stride;
};

/* Planes of (rows, columns) without gaps. */
static inline struct planes dense(const float *data, int rows, int columns)
{
    return (struct planes){(float *)data, (size_t)columns, (size_t)rows * (size_t)columns};
}

/* layout.c: copies so many planes of (rows, columns); what lies between the rows stays as it is. */
void cpu_copy_planes(int planes, int rows, int columns, struct planes from, struct planes to);

/* plain.c: any shape, no scratch space; for groups of one channel. */
void cpu_plain_convolution(const struct convolution_sizes *sizes, const float *x,
                           const float *weight, const float *bias, float *y);
void cpu_plain_convolution_backward_input(const struct convolution_sizes *sizes,
                                          const float *weight, const float *dy, float *dx);
void cpu_plain_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                           const float *dy, float *weight_gradient,
                                           float *bias_gradient);

/* depthwise.c: as many groups as inputs and as outputs. */
void cpu_depthwise_convolution(const struct convolution_sizes *sizes, const float *x,
                               const float *weight, const float *bias, float *y);
void cpu_depthwise_convolution_backward_input(const struct convolution_sizes *sizes,
                                              const float *weight, const float *dy, float *dx);
void cpu_depthwise_convolution_backward_weight(const struct convolution_sizes *sizes,
                                               const float *x, const float *dy,
                                               float *weight_gradient, float *bias_gradient);
/* Of the first two, and of the third. */
size_t cpu_depthwise_convolution_scratch(const struct convolution_sizes *sizes);
size_t cpu_depthwise_convolution_backward_weight_scratch(const struct convolution_sizes *sizes);

/* narrow.c, narrow_input.c, narrow_weight.c: stride 1, no padding, one group. */
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

/* wide.c, wide_input.c, wide_weight.c: any shape; the more of the vectors' lanes the channels of the
 * result fill, the faster. */
void cpu_wide_convolution(const struct convolution_sizes *sizes, const float *x,
                          const float *weight, const float *bias, float *y);
void cpu_wide_convolution_backward_input(const struct convolution_sizes *sizes, const float *weight,
                                         const float *dy, float *dx);
void cpu_wide_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                          const float *dy, float *weight_gradient,
                                          float *bias_gradient);
size_t cpu_wide_convolution_scratch(const struct convolution_sizes *sizes);
size_t cpu_wide_convolution_backward_input_scratch(const struct convolution_sizes *sizes);
size_t cpu_wide_convolution_backward_weight_scratch(const struct convolution_sizes *sizes);

#endif
