/*
 * Convolution of several groups, depthwise ones above all: by the formula, a thread for each number of y and of
 * dx. Each sum has few terms there (those of one group), which a matrix product would not make faster.
 *
 * The gradient of a weight is a sum over all samples and windows: a warp for each, whose threads take every
 * 32nd window.
 */
#include "common/kernels/cuda/cuda.h"
#include "common/kernels/cuda/windows.h"

/* What stands between the channels of x and those of y. */
struct groups {
    int inputs, outputs;         /* of all groups */
    int own_inputs, own_outputs; /* of a group */
};

static struct groups groups_of(const struct convolution_sizes *sizes)
{
    return {sizes->inputs, sizes->outputs, sizes->inputs / sizes->groups,
            sizes->outputs / sizes->groups};
}

static struct windows windows_of(const struct convolution_sizes *sizes)
{
    return windows_on(sizes->height, sizes->width, sizes->kernel, sizes->stride, sizes->padding);
}

static __global__ void convolve(struct windows windows, struct groups groups, size_t count,
                                const float *x, const float *weight, const float *bias, float *y)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const int window = (int)(i % windows.count);
    const int r = window / windows.columns, c = window % windows.columns;
    const struct span rows = pixels_in(r, windows, windows.height);
    const struct span columns = pixels_in(c, windows, windows.width);
    const size_t sample = i / windows.count / groups.outputs;
    const int output = (int)(i / windows.count % groups.outputs);
    const int first = output / groups.own_outputs * groups.own_inputs;
    const int taps = windows.kernel * windows.kernel;
    x += (sample * groups.inputs + first) * windows.pixels;
    weight += (size_t)output * groups.own_inputs * taps;
    float sum = bias == NULL ? 0 : bias[output];
    for (int input = 0; input < groups.own_inputs; input++, x += windows.pixels, weight += taps)
        for (int row = rows.first; row < rows.last; row++)
            for (int column = columns.first; column < columns.last; column++)
                sum += weight[place_in_window(row, column, r, c, windows)] *
                       x[row * windows.width + column];
    y[i] = sum;
}

static __global__ void convolve_backward_input(struct windows windows, struct groups groups,
                                               size_t count, const float *weight, const float *dy,
                                               float *dx)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const int pixel = (int)(i % windows.pixels);
    const int row = pixel / windows.width, column = pixel % windows.width;
    const struct span rows = windows_with(row, windows, windows.rows);
    const struct span columns = windows_with(column, windows, windows.columns);
    const size_t sample = i / windows.pixels / groups.inputs;
    const int input = (int)(i / windows.pixels % groups.inputs);
    const int first = input / groups.own_inputs * groups.own_outputs;
    const int taps = windows.kernel * windows.kernel;
    dy += (sample * groups.outputs + first) * windows.count;
    weight += ((size_t)first * groups.own_inputs + input % groups.own_inputs) * taps;
    float sum = 0;
    for (int output = 0; output < groups.own_outputs; output++) {
        for (int r = rows.first; r < rows.last; r++)
            for (int c = columns.first; c < columns.last; c++)
                sum += weight[place_in_window(row, column, r, c, windows)] *
                       dy[r * windows.columns + c];
        dy += windows.count;
        weight += (size_t)groups.own_inputs * taps;
    }
    dx[i] = sum;
}

/* The pixel that a window has at this place; 0 in the padding. */
static __device__ float pixel_at(const struct windows &windows, const float *x, int window,
                                 int place)
{
    const int row =
        window / windows.columns * windows.stride - windows.padding + place / windows.kernel;
    const int column =
        window % windows.columns * windows.stride - windows.padding + place % windows.kernel;
    const bool on_plane = row >= 0 && column >= 0 && row < windows.height && column < windows.width;
    return on_plane ? x[row * windows.width + column] : 0;
}

/* Block (weight of an output, output): one warp. The number after the last weight is the bias. */
static __global__ void convolve_backward_weight(struct windows windows, struct groups groups,
                                                int samples, const float *x, const float *dy,
                                                float *weight_gradient, float *bias_gradient)
{
    const int taps = windows.kernel * windows.kernel, weights = groups.own_inputs * taps;
    const int output = (int)(blockIdx.x / (unsigned)(weights + 1));
    const int own = (int)(blockIdx.x % (unsigned)(weights + 1));
    const bool of_bias = own == weights;
    const int input = output / groups.own_outputs * groups.own_inputs + own / taps;
    float sum = 0;
    for (int sample = 0; sample < samples; sample++) {
        const float *from =
            x + ((size_t)sample * groups.inputs + (of_bias ? 0 : input)) * windows.pixels;
        const float *gradient = dy + ((size_t)sample * groups.outputs + output) * windows.count;
        for (int window = (int)threadIdx.x; window < windows.count; window += WARP)
            sum +=
                gradient[window] * (of_bias ? 1.0f : pixel_at(windows, from, window, own % taps));
    }
    sum = warp_sum(sum);
    if (threadIdx.x != 0)
        return;
    if (!of_bias)
        weight_gradient[(size_t)output * weights + own] += sum;
    else if (bias_gradient != NULL)
        bias_gradient[output] += sum;
}

void cuda_grouped_convolution(const struct convolution_sizes *sizes, const float *x,
                              const float *weight, const float *bias, float *y)
{
    const struct windows windows = windows_of(sizes);
    const size_t count = (size_t)sizes->samples * (size_t)sizes->outputs * (size_t)windows.count;
    LAUNCH(convolve, cuda_blocks(count), THREADS, windows, groups_of(sizes), count, x, weight, bias,
           y);
}

void cuda_grouped_convolution_backward_input(const struct convolution_sizes *sizes,
                                             const float *weight, const float *dy, float *dx)
{
    const struct windows windows = windows_of(sizes);
    const size_t count = (size_t)sizes->samples * (size_t)sizes->inputs * (size_t)windows.pixels;
    LAUNCH(convolve_backward_input, cuda_blocks(count), THREADS, windows, groups_of(sizes), count,
           weight, dy, dx);
}

void cuda_grouped_convolution_backward_weight(const struct convolution_sizes *sizes, const float *x,
                                              const float *dy, float *weight_gradient,
                                              float *bias_gradient)
{
    const struct groups groups = groups_of(sizes);
    const unsigned weights = (unsigned)(groups.own_inputs * sizes->kernel * sizes->kernel);
    LAUNCH_TOGETHER(convolve_backward_weight, (unsigned)sizes->outputs * (weights + 1), WARP,
                    windows_of(sizes), groups, sizes->samples, x, dy, weight_gradient,
                    bias_gradient);
}
