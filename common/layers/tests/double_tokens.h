/*
 * Part of double_layers.h: the layers that work with tokens, and dropout.
 */
#ifndef COMMON_LAYERS_TESTS_DOUBLE_TOKENS_H
#define COMMON_LAYERS_TESTS_DOUBLE_TOKENS_H

#include "common/base/random.h"
#include "common/layers/layer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a tied head works with: set by the test. */
static const double *double_tied;

static void double_product(int rows, int inputs, int outputs, const double *weight, const double *x,
                           double *y)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < outputs; j++) {
            y[i * outputs + j] = 0;
            for (int k = 0; k < inputs; k++)
                y[i * outputs + j] += x[i * inputs + k] * weight[j * inputs + k];
        }
}

/* x: tokens. */
static void double_embedding(const struct layer *layer, int samples, const double *p,
                             const double *x, double *y)
{
    const int tokens = layer->output.size[0], width = layer->output.size[1];
    const double *position = p + layer->parameter[1].offset;
    for (int i = 0; i < samples * tokens; i++)
        for (int j = 0; j < width; j++)
            y[i * width + j] = p[(int)x[i] * width + j] + position[i % tokens * width + j];
}

/* One head of one sample: q, k and v are rows of 3 · width numbers. */
static void double_causal_head(int tokens, int width, int head_width, const double *q, double *y)
{
    const double *k = q + width, *v = q + 2 * width;
    for (int i = 0; i < tokens; i++) {
        double weight[tokens], sum = 0;
        for (int j = 0; j <= i; j++) {
            double score = 0;
            for (int d = 0; d < head_width; d++)
                score += q[i * 3 * width + d] * k[j * 3 * width + d];
            weight[j] = exp(score / sqrt(head_width));
            sum += weight[j];
        }
        for (int d = 0; d < head_width; d++) {
            y[i * width + d] = 0;
            for (int j = 0; j <= i; j++)
                y[i * width + d] += weight[j] / sum * v[j * 3 * width + d];
        }
    }
}

static void double_add_bias(int rows, int columns, const double *bias, double *y)
{
    for (int i = 0; i < rows * columns; i++)
        y[i] += bias[i % columns];
}

static void double_causal_attention(const struct layer *layer, int samples, const double *p,
                                    const double *x, double *y)
{
    const int tokens = layer->input.size[0], width = layer->input.size[1];
    const int rows = samples * tokens, head_width = width / layer->heads;
    const struct parameter *parameter = layer->parameter;
    double *qkv = calloc((size_t)(rows * 3 * width), sizeof *qkv);
    double *together = calloc((size_t)(rows * width), sizeof *together);
    double_product(rows, width, 3 * width, p + parameter[0].offset, x, qkv);
    double_add_bias(rows, 3 * width, p + parameter[1].offset, qkv);
    for (int s = 0; s < samples; s++)
        for (int h = 0; h < layer->heads; h++)
            double_causal_head(tokens, width, head_width,
                               qkv + s * tokens * 3 * width + h * head_width,
                               together + s * tokens * width + h * head_width);
    double_product(rows, width, width, p + parameter[2].offset, together, y);
    double_add_bias(rows, width, p + parameter[3].offset, y);
    free(together);
    free(qkv);
}

/* In step 0, of seed 0, in the model's layer 0, as its first dropout. */
static void double_dropout(const struct layer *layer, int samples, const double *x, double *y)
{
    for (int i = 0; i < samples * shape_count(layer->input); i++) {
        float number;
        random_uniform(&number, 1, 0, random_stream(RANDOM_DROPOUT, 0, 0), (uint64_t)i, 0, 1);
        y[i] = number < layer->rate ? 0 : x[i] / (1 - (double)layer->rate);
    }
}

/* Is the layer one of these? */
static bool double_tokens_forward(const struct layer *layer, int samples, const double *p,
                                  const double *x, double *y)
{
    const char *kind = layer->operations->kind;
    const int inputs = layer->input.size[layer->input.dimensions - 1];
    const int outputs = layer->output.size[layer->output.dimensions - 1];
    const int rows = samples * shape_count(layer->input) / inputs;
    if (strcmp(kind, "embedding") == 0)
        double_embedding(layer, samples, p, x, y);
    else if (strcmp(kind, "causal_attention") == 0)
        double_causal_attention(layer, samples, p, x, y);
    else if (strcmp(kind, "linear") == 0 && layer->parameters == 1)
        double_product(rows, inputs, outputs, p, x, y);
    else if (strcmp(kind, "tied_head") == 0)
        double_product(rows, inputs, outputs, double_tied, x, y);
    else if (strcmp(kind, "dropout") == 0)
        double_dropout(layer, samples, x, y);
    else
        return false;
    return true;
}

#endif
