/*
 * Batch norm in double precision and in plain loops (double_layers.h): all samples together.
 */
#ifndef COMMON_LAYERS_TESTS_DOUBLE_NORMS_H
#define COMMON_LAYERS_TESTS_DOUBLE_NORMS_H

#include "common/layers/layer.h"

#include <math.h>

static inline void double_batch_norm(const struct layer *layer, int samples, const double *p,
                                     const double *x, double *y)
{
    const int channels = layer->input.size[0], plane = shape_count(layer->input) / channels;
    const double *weight = p + layer->parameter[0].offset, *bias = p + layer->parameter[1].offset;
    for (int c = 0; c < channels; c++) {
        double mean = 0, variance = 0, count = samples * plane;
        for (int s = 0; s < samples; s++)
            for (int i = 0; i < plane; i++)
                mean += x[(s * channels + c) * plane + i] / count;
        for (int s = 0; s < samples; s++)
            for (int i = 0; i < plane; i++)
                variance += pow(x[(s * channels + c) * plane + i] - mean, 2) / count;
        for (int s = 0; s < samples; s++)
            for (int i = 0; i < plane; i++) {
                const int at = (s * channels + c) * plane + i;
                y[at] = (x[at] - mean) / sqrt(variance + 1e-5) * weight[c] + bias[c];
            }
    }
}

#endif
