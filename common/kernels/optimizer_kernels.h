/*
 * The optimizers' loops over flat arrays of `count` floats. Nothing is charged here.
 */
#ifndef COMMON_KERNELS_OPTIMIZER_KERNELS_H
#define COMMON_KERNELS_OPTIMIZER_KERNELS_H

#include <stddef.h>

/* buffer = momentum · buffer + gradient; parameter -= rate · buffer. */
void kernel_sgd_step(size_t count, float *restrict parameter, float *restrict buffer,
                     const float *restrict gradient, float rate, float momentum);

struct adamw_factors {
    float keep;         /* parameter *= keep: 1 - rate · weight decay */
    float average_gain; /* 1 - beta1 */
    float square_keep;  /* beta2 */
    float square_gain;  /* 1 - beta2 */
    float step_size;    /* rate / (1 - beta1^t) */
    float correction;   /* √(1 - beta2^t) */
    float epsilon;
};

void kernel_adamw_step(size_t count, float *restrict parameter, float *restrict average,
                       float *restrict square, const float *restrict gradient,
                       struct adamw_factors factors);

#endif
