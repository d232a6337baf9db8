/*
 * The layers' forwards once more, in double precision and in plain loops that
 * follow the formulas: nothing is shared with the kit but the description
 * (sizes, and where each parameter lies).
 */
#ifndef COMMON_LAYERS_TESTS_DOUBLE_LAYERS_H
#define COMMON_LAYERS_TESTS_DOUBLE_LAYERS_H

#include "common/layers/layer.h"
#include "common/layers/tests/double_images.h"
#include "common/layers/tests/double_norms.h"
#include "common/layers/tests/double_tokens.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void double_forward(const struct layer *layer, int samples, const double *p, const double *x,
                           double *y);

/* Rows of the last dimension in all samples, and that dimension. */
static int double_rows(const struct layer *layer, int samples)
{
    return samples * shape_count(layer->input) / layer->input.size[layer->input.dimensions - 1];
}

static int double_columns(struct shape shape)
{
    return shape.size[shape.dimensions - 1];
}

static void double_affine(int rows, int inputs, int outputs, const double *weight,
                          const double *bias, const double *x, double *y)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < outputs; j++) {
            y[i * outputs + j] = bias == NULL ? 0 : bias[j];
            for (int k = 0; k < inputs; k++)
                y[i * outputs + j] += x[i * inputs + k] * weight[j * inputs + k];
        }
}

static void double_layer_norm(const struct layer *layer, int samples, const double *p,
                              const double *x, double *y)
{
    const int n = shape_count(layer->parameter[0].shape);
    const double *weight = p + layer->parameter[0].offset, *bias = p + layer->parameter[1].offset;
    for (int row = 0; row < samples * shape_count(layer->input) / n; row++, x += n, y += n) {
        double mean = 0, variance = 0;
        for (int j = 0; j < n; j++)
            mean += x[j] / n;
        for (int j = 0; j < n; j++)
            variance += (x[j] - mean) * (x[j] - mean) / n;
        for (int j = 0; j < n; j++)
            y[j] = (x[j] - mean) / sqrt(variance + 1e-5) * weight[j] + bias[j];
    }
}

/* One head of one sample: q, k and v are rows of 3 · width numbers. */
static void double_head(int tokens, int width, int head_width, const double *q, double *y)
{
    const double *k = q + width, *v = q + 2 * width;
    for (int i = 0; i < tokens; i++) {
        double weight[tokens], sum = 0;
        for (int j = 0; j < tokens; j++) {
            double score = 0;
            for (int d = 0; d < head_width; d++)
                score += q[i * 3 * width + d] * k[j * 3 * width + d];
            weight[j] = exp(score / sqrt(head_width));
            sum += weight[j];
        }
        for (int d = 0; d < head_width; d++) {
            y[i * width + d] = 0;
            for (int j = 0; j < tokens; j++)
                y[i * width + d] += weight[j] / sum * v[j * 3 * width + d];
        }
    }
}

static void double_attention(const struct layer *layer, int samples, const double *p,
                             const double *x, double *y)
{
    int tokens = layer->input.size[0], width = layer->input.size[1];
    int rows = samples * tokens, head_width = width / layer->heads;
    double *qkv = calloc((size_t)(rows * 3 * width), sizeof *qkv);
    double *together = calloc((size_t)(rows * width), sizeof *together);
    double_affine(rows, width, 3 * width, p + layer->parameter[0].offset,
                  p + layer->parameter[1].offset, x, qkv);
    for (int s = 0; s < samples; s++)
        for (int h = 0; h < layer->heads; h++)
            double_head(tokens, width, head_width, qkv + s * tokens * 3 * width + h * head_width,
                        together + s * tokens * width + h * head_width);
    double_affine(rows, width, width, p + layer->parameter[2].offset,
                  p + layer->parameter[3].offset, together, y);
    free(together);
    free(qkv);
}

/* The inner layers first … end-1; p: the parameters of all. */
static void double_inner(const struct layer *layer, int first, int end, int samples,
                         const double *p, const double *x, double *y)
{
    size_t count = (size_t)(samples * shape_count(layer->input));
    double *now = calloc(count, sizeof *now);
    memcpy(now, x, count * sizeof *now);
    for (int i = 0; i < end; i++) {
        const struct layer *inner = &layer->inner[i];
        p += i == 0 ? 0 : layer->inner[i - 1].parameter_count;
        if (i < first)
            continue;
        count = (size_t)(samples * shape_count(inner->output));
        double *next = calloc(count, sizeof *next);
        double_forward(inner, samples, p, now, next);
        free(now);
        now = next;
    }
    memcpy(y, now, count * sizeof *now);
    free(now);
}

static void double_sequence(const struct layer *layer, int samples, const double *p,
                            const double *x, double *y)
{
    double_inner(layer, 0, layer->inner_layers, samples, p, x, y);
}

static void double_residual(const struct layer *layer, int samples, const double *p,
                            const double *x, double *y)
{
    const int count = samples * shape_count(layer->output);
    const int shortcut = layer->inner_layers - layer->shortcut_layers;
    double *round = calloc((size_t)count, sizeof *round);
    double_inner(layer, 0, shortcut, samples, p, x, y);
    if (layer->shortcut_layers > 0)
        double_inner(layer, shortcut, layer->inner_layers, samples, p, x, round);
    for (int i = 0; i < count; i++)
        y[i] += layer->shortcut_layers > 0 ? round[i] : x[i];
    free(round);
}

static void double_mean_tokens(const struct layer *layer, int samples, const double *x, double *y)
{
    int tokens = layer->input.size[0], width = layer->input.size[1];
    for (int s = 0; s < samples; s++)
        for (int j = 0; j < width; j++) {
            y[s * width + j] = 0;
            for (int t = 0; t < tokens; t++)
                y[s * width + j] += x[(s * tokens + t) * width + j] / tokens;
        }
}

static void double_patch_embedding(const struct layer *layer, int samples, const double *p,
                                   const double *x, double *y)
{
    const int *in = layer->input.size, k = layer->kernel, across = in[2] / k;
    int tokens = layer->output.size[0], width = layer->output.size[1], pixels = in[0] * k * k;
    const double *position = p + layer->parameter[2].offset;
    double patch[pixels];
    for (int s = 0; s < samples; s++)
        for (int t = 0; t < tokens; t++, y += width) {
            for (int c = 0; c < in[0]; c++)
                for (int u = 0; u < k; u++)
                    for (int v = 0; v < k; v++)
                        patch[(c * k + u) * k + v] =
                            x[((s * in[0] + c) * in[1] + t / across * k + u) * in[2] +
                              t % across * k + v];
            double_affine(1, pixels, width, p + layer->parameter[0].offset,
                          p + layer->parameter[1].offset, patch, y);
            for (int j = 0; j < width; j++)
                y[j] += position[t * width + j];
        }
}

static void double_elementwise(const char *kind, int count, const double *x, double *y)
{
    for (int i = 0; i < count; i++)
        if (strcmp(kind, "relu") == 0)
            y[i] = x[i] > 0 ? x[i] : 0;
        else if (strcmp(kind, "gelu") == 0)
            y[i] = x[i] * 0.5 * erfc(-x[i] / sqrt(2));
        else
            y[i] = x[i]; /* flatten */
}

/* y = the layer's output for x (samples, …) with its parameters at p. */
static void double_forward(const struct layer *layer, int samples, const double *p, const double *x,
                           double *y)
{
    const char *kind = layer->operations->kind;
    if (double_tokens_forward(layer, samples, p, x, y))
        return;
    if (strcmp(kind, "linear") == 0)
        double_affine(double_rows(layer, samples), double_columns(layer->input),
                      double_columns(layer->output), p + layer->parameter[0].offset,
                      layer->parameters < 2 ? NULL : p + layer->parameter[1].offset, x, y);
    else if (strcmp(kind, "layer_norm") == 0)
        double_layer_norm(layer, samples, p, x, y);
    else if (strcmp(kind, "convolution") == 0)
        double_convolution(layer, samples, p, x, y);
    else if (strstr(kind, "_pool") != NULL)
        double_pool(layer, samples, x, y);
    else if (strcmp(kind, "attention") == 0)
        double_attention(layer, samples, p, x, y);
    else if (strcmp(kind, "residual") == 0)
        double_residual(layer, samples, p, x, y);
    else if (strcmp(kind, "batch_norm") == 0)
        double_batch_norm(layer, samples, p, x, y);
    else if (strcmp(kind, "sequence") == 0 || strcmp(kind, "recomputed") == 0)
        double_sequence(layer, samples, p, x, y);
    else if (strcmp(kind, "mean_tokens") == 0)
        double_mean_tokens(layer, samples, x, y);
    else if (strcmp(kind, "patch_embedding") == 0)
        double_patch_embedding(layer, samples, p, x, y);
    else if (strcmp(kind, "relu") == 0 || strcmp(kind, "gelu") == 0 || strcmp(kind, "flatten") == 0)
        double_elementwise(kind, samples * shape_count(layer->input), x, y);
    else
        ck_abort_msg("no formula for the layer kind \"%s\": add it here", kind);
}

#endif
