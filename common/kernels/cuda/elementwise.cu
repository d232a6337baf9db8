/*
 * Element by element: sums, products, ReLU, GELU, exponentials and
 * logarithms, running averages. A thread for each element.
 */
#include "common/kernels/cuda/cuda.h"

static __global__ void add(size_t count, const float *x, float *y)
{
    const size_t i = thread_number();
    if (i < count)
        y[i] += x[i];
}

static __global__ void multiply(size_t count, const float *a, const float *b, float *y)
{
    const size_t i = thread_number();
    if (i < count)
        y[i] = a[i] * b[i];
}

static __global__ void relu(size_t count, const float *x, float *y)
{
    const size_t i = thread_number();
    if (i < count)
        y[i] = x[i] <= 0 ? 0 : x[i];
}

static __global__ void relu_backward(size_t count, const float *y, const float *dy, float *dx)
{
    const size_t i = thread_number();
    if (i < count)
        dx[i] = y[i] <= 0 ? 0 : dy[i];
}

static __global__ void gelu(size_t count, const float *x, float *y, float *derivative)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const float value = x[i];
    /* erfc keeps the digits of the small values far left, where 1 + erf has none. */
    const float distribution = 0.5f * erfcf(-0.70710678f * value);
    const float density = 0.39894228f * expf(-0.5f * value * value);
    y[i] = value * distribution;
    derivative[i] = distribution + value * density;
}

static __global__ void exponential(size_t count, const float *x, float *y)
{
    const size_t i = thread_number();
    if (i < count) /* NaN stays */
        y[i] = expf(x[i] < -87.0f ? -87.0f : x[i] > 88.0f ? 88.0f : x[i]);
}

static __global__ void logarithm(size_t count, const float *x, float *y)
{
    const size_t i = thread_number();
    if (i < count)
        y[i] = logf(x[i]);
}

static __global__ void follow(size_t count, float momentum, float factor, const float *own,
                              float *running)
{
    const size_t i = thread_number();
    if (i < count)
        running[i] = (1 - momentum) * running[i] + momentum * (factor * own[i]);
}

void cuda_add(size_t count, const float *x, float *y)
{
    LAUNCH(add, cuda_blocks(count), THREADS, count, x, y);
}

void cuda_multiply(size_t count, const float *a, const float *b, float *y)
{
    LAUNCH(multiply, cuda_blocks(count), THREADS, count, a, b, y);
}

void cuda_relu(size_t count, const float *x, float *y)
{
    LAUNCH(relu, cuda_blocks(count), THREADS, count, x, y);
}

void cuda_relu_backward(size_t count, const float *y, const float *dy, float *dx)
{
    LAUNCH(relu_backward, cuda_blocks(count), THREADS, count, y, dy, dx);
}

void cuda_gelu(size_t count, const float *x, float *y, float *derivative)
{
    LAUNCH(gelu, cuda_blocks(count), THREADS, count, x, y, derivative);
}

void cuda_exponential(size_t count, const float *x, float *y)
{
    LAUNCH(exponential, cuda_blocks(count), THREADS, count, x, y);
}

void cuda_logarithm(size_t count, const float *x, float *y)
{
    LAUNCH(logarithm, cuda_blocks(count), THREADS, count, x, y);
}

void cuda_follow(size_t count, float momentum, float factor, const float *own, float *running)
{
    LAUNCH(follow, cuda_blocks(count), THREADS, count, momentum, factor, own, running);
}
