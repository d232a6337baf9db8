/*
 * The optimizers' loops. Each element is on its own, so the result does not
 * depend on the number of threads.
 */
#include "common/kernels/cpu.h"

#include <math.h>

/* Below this, waking the threads costs more than they save. */
#define WORTH_THREADS 65536

void cpu_sgd_step(size_t count, float *restrict parameter, float *restrict buffer,
                  const float *restrict gradient, float rate, float momentum)
{
#pragma omp parallel for simd if (parallel : count >= WORTH_THREADS) schedule(static)
    for (size_t i = 0; i < count; i++) {
        buffer[i] = momentum * buffer[i] + gradient[i];
        parameter[i] -= rate * buffer[i];
    }
}

void cpu_adamw_step(size_t count, float *restrict parameter, float *restrict average,
                    float *restrict square, const float *restrict gradient,
                    struct adamw_factors factors)
{
#pragma omp parallel for simd if (parallel : count >= WORTH_THREADS) schedule(static)
    for (size_t i = 0; i < count; i++) {
        float g = gradient[i];
        average[i] += factors.average_gain * (g - average[i]);
        square[i] = factors.square_keep * square[i] + factors.square_gain * g * g;
        float denominator = sqrtf(square[i]) / factors.correction + factors.epsilon;
        parameter[i] = factors.keep * parameter[i] - factors.step_size * average[i] / denominator;
    }
}
