/*
 * Layer norm over rows: y = (x - mean) / deviation · weight + bias, where
 * deviation = sqrt(variance + 1e-5) and the variance divides by the number of
 * columns, as in PyTorch.
 */
#include "common/kernels/cpu.h"

#include <math.h>

static const float epsilon = 1e-5f;

void cpu_layer_norm(int rows, int columns, const float *x, const float *weight, const float *bias,
                    float *y, float *statistics)
{
#pragma omp parallel for schedule(static) if ((double)rows * columns * 4 > PARALLEL_THRESHOLD)
    for (int i = 0; i < rows; i++) {
        const float *in = x + (size_t)i * columns;
        float *out = y + (size_t)i * columns;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int j = 0; j < columns; j++)
            sum += in[j];
        float mean = sum / (float)columns;
        float squares = 0;
#pragma omp simd reduction(+ : squares)
        for (int j = 0; j < columns; j++)
            squares += (in[j] - mean) * (in[j] - mean);
        float inverse = 1.0f / sqrtf(squares / (float)columns + epsilon);
#pragma omp simd
        for (int j = 0; j < columns; j++)
            out[j] = (in[j] - mean) * inverse * weight[j] + bias[j];
        statistics[2 * i] = mean;
        statistics[2 * i + 1] = inverse;
    }
}

void cpu_layer_norm_backward_input(int rows, int columns, const float *x, const float *statistics,
                                   const float *weight, const float *dy, float *dx)
{
    /* With n = (x - mean) / deviation and g = dy · weight:
     * dx = (g - mean(g) - n · mean(g · n)) / deviation */
#pragma omp parallel for schedule(static) if ((double)rows * columns * 4 > PARALLEL_THRESHOLD)
    for (int i = 0; i < rows; i++) {
        const float *in = x + (size_t)i * columns;
        const float *gradient = dy + (size_t)i * columns;
        float *out = dx + (size_t)i * columns;
        float mean = statistics[2 * i], inverse = statistics[2 * i + 1];
        float sum = 0, product = 0;
#pragma omp simd reduction(+ : sum, product)
        for (int j = 0; j < columns; j++) {
            float weighted = gradient[j] * weight[j];
            sum += weighted;
            product += weighted * (in[j] - mean);
        }
        float shift = sum / (float)columns;
        float slope = product * inverse * inverse / (float)columns;
#pragma omp simd
        for (int j = 0; j < columns; j++)
            out[j] = (gradient[j] * weight[j] - shift - (in[j] - mean) * slope) * inverse;
    }
}

/* The same for one strip of columns, over all rows: the sums stay in registers. */
static void backward_weight_strip(int rows, int columns, const float *x, const float *statistics,
                                  const float *dy, float *weight_gradient, float *bias_gradient)
{
    vector weight_sum[2] = {{0}}, bias_sum[2] = {{0}};
    for (int i = 0; i < rows; i++) {
        vector in = *(const vector *)(x + (size_t)i * columns);
        vector gradient = *(const vector *)(dy + (size_t)i * columns);
        bias_sum[i & 1] += gradient;
        weight_sum[i & 1] += gradient * ((in - statistics[2 * i]) * statistics[2 * i + 1]);
    }
    *(vector *)weight_gradient += weight_sum[0] + weight_sum[1];
    *(vector *)bias_gradient += bias_sum[0] + bias_sum[1];
}

void cpu_layer_norm_backward_weight(int rows, int columns, const float *x, const float *statistics,
                                    const float *dy, float *weight_gradient, float *bias_gradient)
{
    int whole = columns / LANES * LANES;
#pragma omp parallel for schedule(static) if ((double)rows * columns * 4 > PARALLEL_THRESHOLD)
    for (int j = 0; j < whole; j += LANES)
        backward_weight_strip(rows, columns, x + j, statistics, dy + j, weight_gradient + j,
                              bias_gradient + j);
    for (int i = 0; i < rows; i++)
        for (int j = whole; j < columns; j++) {
            size_t at = (size_t)i * columns + j;
            weight_gradient[j] += dy[at] * ((x[at] - statistics[2 * i]) * statistics[2 * i + 1]);
            bias_gradient[j] += dy[at];
        }
}
