/*
 * Element by element: sums, products, ReLU, GELU, exponentials and logarithms.
 */
#include "common/kernels/cpu.h"
#include "common/kernels/functions.h"

void cpu_add(size_t count, const float *x, float *y)
{
#pragma omp parallel for simd schedule(static) if (parallel : (double)count > PARALLEL_THRESHOLD)
    for (size_t i = 0; i < count; i++)
        y[i] += x[i];
}

void cpu_multiply(size_t count, const float *a, const float *b, float *y)
{
#pragma omp parallel for simd schedule(static) if (parallel : (double)count > PARALLEL_THRESHOLD)
    for (size_t i = 0; i < count; i++)
        y[i] = a[i] * b[i];
}

void cpu_relu(size_t count, const float *x, float *y)
{
#pragma omp parallel for simd schedule(static) if (parallel : (double)count > PARALLEL_THRESHOLD)
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] <= 0 ? 0 : x[i];
}

void cpu_relu_backward(size_t count, const float *y, const float *dy, float *dx)
{
#pragma omp parallel for simd schedule(static) if (parallel : (double)count > PARALLEL_THRESHOLD)
    for (size_t i = 0; i < count; i++)
        dx[i] = y[i] <= 0 ? 0 : dy[i];
}

void cpu_exponential(size_t count, const float *x, float *y)
{
#pragma omp parallel for simd schedule(static) if (parallel                                        \
                                                   : (double)count * 10 > PARALLEL_THRESHOLD)
    for (size_t i = 0; i < count; i++)
        y[i] = exponential(x[i]);
}

void cpu_logarithm(size_t count, const float *x, float *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = logf(x[i]);
}

void cpu_gelu(size_t count, const float *x, float *y, float *derivative)
{
    /* One exponential serves both: φ(x), and through it Φ(x). */
#pragma omp parallel for simd schedule(static) if (parallel                                        \
                                                   : (double)count * 20 > PARALLEL_THRESHOLD)
    for (size_t i = 0; i < count; i++) {
        float value = x[i];
        float density, distribution;
        normal_distribution(value, &density, &distribution);
        y[i] = value * distribution;
        derivative[i] = distribution + value * density;
    }
}
