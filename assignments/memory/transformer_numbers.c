/*
 * A transformer as its layers, by the published formulas: Korthikanti et al. 2022, section 4 (activations, with dropout
 * masks of one byte a number), Narayanan et al. 2021, equation 2 (parameters).
 *
 * A layer keeps sbh · (10 + 24/t + 5as/(ht)) bytes in 16 bits. All t ranks have what enters the norms, attention and
 * perceptron (4 · 2sbh) and the masks of the two dropouts behind these (2sbh). Split are q, k, v, what enters the
 * projection, the perceptron's inner numbers before and behind its GeLU (24sbh), and of the attention the softmax, its
 * dropout and the mask (5as²b).
 */
#include "assignments/memory/arithmetic.h"

void transformer_numbers(const struct transformer *model, int pipeline, struct layer_numbers *layer)
{
    const double s = model->sequence, h = model->width, a = model->heads, V = model->vocabulary;
    for (int l = 0; l < model->layers; l++)
        layer[l] = (struct layer_numbers){
            .split_parameters = 12 * h * h + 7 * h,
            .whole_parameters = 6 * h,
            .whole_input = s * h,
            .keeps_input = true,
            .whole_kept = 3 * s * h,
            .whole_bytes_kept = 2 * s * h,
            .split_kept = 12 * s * h + 2 * a * s * s,
            .split_bytes_kept = a * s * s,
            .attention_kept = 2 * a * s * s,
            .attention_bytes_kept = a * s * s,
        };
    /* Embedding and positions; the head works with the embedding's table, of which a last stage has a copy. */
    layer[0].split_parameters += V * h;
    layer[0].whole_parameters += s * h;
    if (pipeline > 1)
        layer[model->layers - 1].split_parameters += V * h;
}
