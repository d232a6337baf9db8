/*
 * Convolution of any shape, by the formula: for each place (ky, kx) of the window, a plane of y and
 * the plane of x that this place sees are walked through together.
 *
 * The rows and columns of y at which the place lies on the plane, and not in the padding, are
 * worked out beforehand, so that the inner loop has no conditions. It serves the shapes that the
 * other kernels leave: groups of few channels, above all groups of one.
 */
#include "common/kernels/convolution/convolution.h"

#include <string.h>

/* Windows first … last - 1 have their place `k` on the plane: at pixel index · stride + shift. */
struct seen {
    int first, last, shift;
};

static struct seen seen_at(int k, int pixels, int windows, const struct convolution_sizes *sizes)
{
    int shift = k - sizes->padding, stride = sizes->stride;
    int first = shift < 0 ? (-shift + stride - 1) / stride : 0;
    int last = shift >= pixels ? 0 : (pixels - 1 - shift) / stride + 1;
    return (struct seen){first, last < windows ? last : windows, shift};
}

/* What the three functions do with a row of y, a row of x (each `stride` apart) and a weight. */
static void add_to_y(int count, int stride, float weight, const float *x, float *restrict y)
{
    if (stride == 1)
        for (int c = 0; c < count; c++)
            y[c] += weight * x[c];
    else
        for (int c = 0; c < count; c++)
            y[c] += weight * x[c * stride];
}

static void add_to_x(int count, int stride, float weight, const float *dy, float *restrict dx)
{
    if (stride == 1)
        for (int c = 0; c < count; c++)
            dx[c] += weight * dy[c];
    else
        for (int c = 0; c < count; c++)
            dx[c * stride] += weight * dy[c];
}

static float product(int count, int stride, const float *x, const float *dy)
{
    float sum = 0;
    if (stride == 1)
#pragma omp simd reduction(+ : sum)
        for (int c = 0; c < count; c++)
            sum += x[c] * dy[c];
    else
        for (int c = 0; c < count; c++)
            sum += x[c * stride] * dy[c];
    return sum;
}

void cpu_plain_convolution(const struct convolution_sizes *sizes, const float *x,
                           const float *weight, const float *bias, float *y)
{
    const int rows = output_height(sizes), columns = output_width(sizes), kernel = sizes->kernel;
    const int inputs = sizes->inputs / sizes->groups, outputs = sizes->outputs / sizes->groups;
    const size_t plane = (size_t)sizes->height * sizes->width;
#pragma omp parallel for collapse(2)                                                               \
    schedule(static) if (convolution_flops(sizes) > PARALLEL_THRESHOLD)
    for (int n = 0; n < sizes->samples; n++)
        for (int o = 0; o < sizes->outputs; o++) {
            float *out = y + ((size_t)n * sizes->outputs + o) * rows * columns;
            const float *in = x + ((size_t)n * sizes->inputs + o / outputs * inputs) * plane;
            const float *w = weight + (size_t)o * inputs * kernel * kernel;
            for (int p = 0; p < rows * columns; p++)
                out[p] = bias == NULL ? 0.0f : bias[o];
            for (int i = 0; i < inputs; i++, in += plane)
                for (int ky = 0; ky < kernel; ky++)
                    for (int kx = 0; kx < kernel; kx++, w++) {
                        struct seen down = seen_at(ky, sizes->height, rows, sizes);
                        struct seen right = seen_at(kx, sizes->width, columns, sizes);
                        for (int r = down.first; r < down.last; r++)
                            add_to_y(right.last - right.first, sizes->stride, *w,
                                     in + (r * sizes->stride + down.shift) * sizes->width +
                                         right.first * sizes->stride + right.shift,
                                     out + r * columns + right.first);
                    }
        }
}

void cpu_plain_convolution_backward_input(const struct convolution_sizes *sizes,
                                          const float *weight, const float *dy, float *dx)
{
    const int rows = output_height(sizes), columns = output_width(sizes), kernel = sizes->kernel;
    const int inputs = sizes->inputs / sizes->groups, outputs = sizes->outputs / sizes->groups;
    const size_t plane = (size_t)sizes->height * sizes->width;
#pragma omp parallel for collapse(2)                                                               \
    schedule(static) if (convolution_flops(sizes) > PARALLEL_THRESHOLD)
    for (int n = 0; n < sizes->samples; n++)
        for (int i = 0; i < sizes->inputs; i++) {
            float *to = dx + ((size_t)n * sizes->inputs + i) * plane;
            memset(to, 0, sizeof *to * plane);
            for (int o = i / inputs * outputs; o < (i / inputs + 1) * outputs; o++) {
                const float *from = dy + ((size_t)n * sizes->outputs + o) * rows * columns;
                const float *w = weight + ((size_t)o * inputs + i % inputs) * kernel * kernel;
                for (int ky = 0; ky < kernel; ky++)
                    for (int kx = 0; kx < kernel; kx++, w++) {
                        struct seen down = seen_at(ky, sizes->height, rows, sizes);
                        struct seen right = seen_at(kx, sizes->width, columns, sizes);
                        for (int r = down.first; r < down.last; r++)
                            add_to_x(right.last - right.first, sizes->stride, *w,
                                     from + r * columns + right.first,
                                     to + (r * sizes->stride + down.shift) * sizes->width +
                                         right.first * sizes->stride + right.shift);
                    }
            }
        }
}

/* The sum over a batch of the products of one place of the window, for input i and output o. */
static float weight_sum(const struct convolution_sizes *sizes, const float *x, const float *dy,
                        int i, int o, struct seen down, struct seen right)
{
    const int rows = output_height(sizes), columns = output_width(sizes);
    float sum = 0;
    for (int n = 0; n < sizes->samples; n++) {
        const float *in =
            x + ((size_t)n * sizes->inputs + i) * sizes->height * sizes->width + right.shift;
        const float *gradient = dy + ((size_t)n * sizes->outputs + o) * rows * columns;
        for (int r = down.first; r < down.last; r++)
            sum += product(right.last - right.first, sizes->stride,
                           in + (r * sizes->stride + down.shift) * sizes->width +
                               right.first * sizes->stride,
                           gradient + r * columns + right.first);
    }
    return sum;
}

static float bias_sum(const struct convolution_sizes *sizes, const float *dy, int o)
{
    const int count = output_height(sizes) * output_width(sizes);
    float sum = 0;
    for (int n = 0; n < sizes->samples; n++) {
        const float *gradient = dy + ((size_t)n * sizes->outputs + o) * count;
#pragma omp simd reduction(+ : sum)
        for (int p = 0; p < count; p++)
            sum += gradient[p];
    }
    return sum;
}

void cpu_plain_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                           const float *dy, float *weight_gradient,
                                           float *bias_gradient)
{
    const int rows = output_height(sizes), columns = output_width(sizes), kernel = sizes->kernel;
    const int inputs = sizes->inputs / sizes->groups, outputs = sizes->outputs / sizes->groups;
#pragma omp parallel for schedule(static) if (convolution_flops(sizes) > PARALLEL_THRESHOLD)
    for (int o = 0; o < sizes->outputs; o++) {
        float *to = weight_gradient + (size_t)o * inputs * kernel * kernel;
        for (int i = 0; i < inputs; i++)
            for (int ky = 0; ky < kernel; ky++)
                for (int kx = 0; kx < kernel; kx++)
                    *to++ += weight_sum(sizes, x, dy, o / outputs * inputs + i, o,
                                        seen_at(ky, sizes->height, rows, sizes),
                                        seen_at(kx, sizes->width, columns, sizes));
        if (bias_gradient != NULL)
            bias_gradient[o] += bias_sum(sizes, dy, o);
    }
}
