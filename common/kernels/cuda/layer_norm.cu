/*
 * Layer norm over rows: y = (x - mean) / deviation · weight + bias, where deviation = sqrt(variance + 1e-5) and the
 * variance divides by the number of columns, as in PyTorch. A warp has a row.
 */
#include "common/kernels/cuda/bands.h"

#define EPSILON 1e-5f

static __global__ void layer_norm(int rows, int columns, const float *x, const float *weight,
                                  const float *bias, float *y, float *statistics)
{
    const size_t row = warp_number();
    if (row >= (size_t)rows)
        return;
    const float *in = x + row * (size_t)columns;
    float *out = y + row * (size_t)columns;
    float sum = 0, squares = 0;
    for (int j = lane_number(); j < columns; j += WARP)
        sum += in[j];
    const float mean = warp_sum(sum) / (float)columns;
    for (int j = lane_number(); j < columns; j += WARP)
        squares += (in[j] - mean) * (in[j] - mean);
    const float inverse = 1.0f / sqrtf(warp_sum(squares) / (float)columns + EPSILON);
    for (int j = lane_number(); j < columns; j += WARP)
        out[j] = (in[j] - mean) * inverse * weight[j] + bias[j];
    if (lane_number() == 0) {
        statistics[2 * row] = mean;
        statistics[2 * row + 1] = inverse;
    }
}

void cuda_layer_norm(int rows, int columns, const float *x, const float *weight, const float *bias,
                     float *y, float *statistics)
{
    LAUNCH_TOGETHER(layer_norm, cuda_blocks((size_t)rows, WARPS), WARPS * WARP, rows, columns, x,
                    weight, bias, y, statistics);
}

/* With n = (x - mean) / deviation and g = dy · weight: dx = (g - mean(g) - n · mean(g · n)) / deviation */
static __global__ void backward_input(int rows, int columns, const float *x,
                                      const float *statistics, const float *weight, const float *dy,
                                      float *dx)
{
    const size_t row = warp_number();
    if (row >= (size_t)rows)
        return;
    const float *in = x + row * (size_t)columns, *gradient = dy + row * (size_t)columns;
    float *out = dx + row * (size_t)columns;
    const float mean = statistics[2 * row], inverse = statistics[2 * row + 1];
    float sum = 0, product = 0;
    for (int j = lane_number(); j < columns; j += WARP) {
        const float weighted = gradient[j] * weight[j];
        sum += weighted;
        product += weighted * (in[j] - mean);
    }
    const float shift = warp_sum(sum) / (float)columns;
    const float slope = warp_sum(product) * inverse * inverse / (float)columns;
    for (int j = lane_number(); j < columns; j += WARP)
        out[j] = (gradient[j] * weight[j] - shift - (in[j] - mean) * slope) * inverse;
}

void cuda_layer_norm_backward_input(int rows, int columns, const float *x, const float *statistics,
                                    const float *weight, const float *dy, float *dx)
{
    LAUNCH_TOGETHER(backward_input, cuda_blocks((size_t)rows, WARPS), WARPS * WARP, rows, columns,
                    x, statistics, weight, dy, dx);
}

/* ---- the parameters' gradients: sums over the rows, as those of sums.cu ---------------------------------------- */

/* A thread for each column of each band of rows: sums of dy · n, and of dy. */
static __global__ void backward_weight(int rows, int columns, const float *x,
                                       const float *statistics, const float *dy, float *weight_sums,
                                       float *bias_sums)
{
    const size_t i = thread_number();
    if (i >= (size_t)bands_of(rows) * (size_t)columns)
        return;
    const struct band band = band_of(rows, columns, i);
    float weight_sum = 0, bias_sum = 0;
    for (int row = band.first; row < band.end; row++) {
        const size_t at = (size_t)row * (size_t)columns + band.column;
        weight_sum += dy[at] * ((x[at] - statistics[2 * row]) * statistics[2 * row + 1]);
        bias_sum += dy[at];
    }
    weight_sums[i] = weight_sum;
    bias_sums[i] = bias_sum;
}

void cuda_layer_norm_backward_weight(int rows, int columns, const float *x, const float *statistics,
                                     const float *dy, float *weight_gradient, float *bias_gradient)
{
    const int bands = bands_of(rows);
    const size_t count = (size_t)bands * (size_t)columns;
    if (count == 0)
        return;
    const scratch<float> weight_sums(count), bias_sums(count);
    LAUNCH(backward_weight, cuda_blocks(count), THREADS, rows, columns, x, statistics, dy,
           weight_sums.data, bias_sums.data);
    cuda_add_column_sums(bands, columns, weight_sums.data, weight_gradient);
    cuda_add_column_sums(bands, columns, bias_sums.data, bias_gradient);
}
