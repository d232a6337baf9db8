/*
 * Convolution and pooling in double precision, by their formulas (double_layers.h).
 */
#ifndef COMMON_LAYERS_TESTS_DOUBLE_IMAGES_H
#define COMMON_LAYERS_TESTS_DOUBLE_IMAGES_H

#include "common/layers/layer.h"

#include <math.h>
#include <string.h>

/* Pixel (i, j) of a plane, `beyond` where there is none. */
static double double_pixel(const double *plane, const int *size, int i, int j, double beyond)
{
    return i < 0 || j < 0 || i >= size[0] || j >= size[1] ? beyond : plane[i * size[1] + j];
}

static void double_convolution(const struct layer *layer, int samples, const double *p,
                               const double *x, double *y)
{
    const int *in = layer->input.size, *out = layer->output.size, k = layer->kernel;
    const int plane = in[1] * in[2], inputs = in[0] / layer->groups;
    const double *weight = p + layer->parameter[0].offset;
    for (int s = 0; s < samples; s++)
        for (int o = 0; o < out[0]; o++)
            for (int i = 0; i < out[1]; i++)
                for (int j = 0; j < out[2]; j++) {
                    const int first = o / (out[0] / layer->groups) * inputs;
                    double sum =
                        layer->parameters < 2 ? 0 : p[layer->parameter[1].offset + (size_t)o];
                    for (int c = 0; c < inputs; c++)
                        for (int u = 0; u < k; u++)
                            for (int v = 0; v < k; v++)
                                sum += double_pixel(x + (s * in[0] + first + c) * plane, in + 1,
                                                    i * layer->stride + u - layer->padding,
                                                    j * layer->stride + v - layer->padding, 0) *
                                       weight[((o * inputs + c) * k + u) * k + v];
                    *y++ = sum;
                }
}

/* One window of max_pool or average_pool. */
static double double_window(const struct layer *layer, const double *plane, int top, int left)
{
    const int k = layer->kernel;
    const bool largest = strcmp(layer->operations->kind, "max_pool") == 0;
    double most = -INFINITY, sum = 0;
    for (int i = top; i < top + k; i++)
        for (int j = left; j < left + k; j++) {
            most = fmax(most, double_pixel(plane, layer->input.size + 1, i, j, -INFINITY));
            sum += double_pixel(plane, layer->input.size + 1, i, j, 0);
        }
    return largest ? most : sum / (k * k);
}

static void double_pool(const struct layer *layer, int samples, const double *x, double *y)
{
    const int *in = layer->input.size, *out = layer->output.size, pixels = in[1] * in[2];
    const bool global = strcmp(layer->operations->kind, "global_average_pool") == 0;
    for (int plane = 0; plane < samples * in[0]; plane++, x += pixels) {
        double sum = 0;
        for (int p = 0; p < pixels; p++)
            sum += x[p];
        for (int i = 0; i < (global ? 0 : out[1]); i++)
            for (int j = 0; j < out[2]; j++)
                *y++ = double_window(layer, x, i * layer->stride - layer->padding,
                                     j * layer->stride - layer->padding);
        if (global)
            *y++ = sum / pixels;
    }
}

#endif
