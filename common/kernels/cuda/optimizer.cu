/*
 * The optimizers: one launch over all parameters, which lie side by side; a thread for each.
 */
#include "common/kernels/cuda/cuda.h"

static __global__ void sgd_step(size_t count, float *parameter, float *buffer,
                                const float *gradient, float rate, float momentum)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const float step = momentum * buffer[i] + gradient[i];
    buffer[i] = step;
    parameter[i] = fmaf(-rate, step, parameter[i]); /* rounded once, wherever it is compiled */
}

static __global__ void adamw_step(size_t count, float *parameter, float *average, float *square,
                                  const float *gradient, struct adamw_factors factors)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    const float g = gradient[i];
    const float mean = average[i] + factors.average_gain * (g - average[i]);
    const float mean_square = factors.square_keep * square[i] + factors.square_gain * g * g;
    const float denominator = sqrtf(mean_square) / factors.correction + factors.epsilon;
    average[i] = mean;
    square[i] = mean_square;
    parameter[i] = factors.keep * parameter[i] - factors.step_size * mean / denominator;
}

void cuda_sgd_step(size_t count, float *parameter, float *buffer, const float *gradient, float rate,
                   float momentum)
{
    LAUNCH(sgd_step, cuda_blocks(count), THREADS, count, parameter, buffer, gradient, rate,
           momentum);
}

void cuda_adamw_step(size_t count, float *parameter, float *average, float *square,
                     const float *gradient, struct adamw_factors factors)
{
    LAUNCH(adamw_step, cuda_blocks(count), THREADS, count, parameter, average, square, gradient,
           factors);
}
