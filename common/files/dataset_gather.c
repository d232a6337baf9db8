/*
 * Samples of a data set as rows of a batch (dataset.h).
 */
#include "common/base/fatal.h"
#include "common/files/dataset_parts.h"

int dataset_samples(const struct dataset *dataset)
{
    return dataset->samples;
}

static bool is_text(const struct dataset *dataset)
{
    return dataset->token != NULL || dataset->synthetic_text != NULL;
}

static void check_number(const struct dataset *dataset, int number)
{
    if (number < 0 || number >= dataset->samples)
        fatal("sample %d was asked for; there are samples 0 to %d", number, dataset->samples - 1);
}

/* The bytes of one image. */
static const uint8_t *image_of(const struct dataset *dataset, int number)
{
    if (dataset->synthetic != NULL)
        return synthetic_sample(dataset->synthetic, (size_t)number);
    const struct image_run *run = dataset->run;
    for (; number >= run->samples; run++)
        number -= run->samples;
    return run->first + (size_t)number * run->stride;
}

/* Rows of tokens: of each sample from number `from` on (0: its inputs, 1: its labels). */
static void gather_tokens(const struct dataset *dataset, const int *number, int count, size_t from,
                          int32_t *tokens)
{
    const size_t length = (size_t)dataset->shape.labels;
    for (int i = 0; i < count; i++, tokens += length) {
        check_number(dataset, number[i]);
        if (dataset->synthetic_text != NULL) {
            synthetic_text_sample(dataset->synthetic_text, (size_t)number[i], from, tokens);
            continue;
        }
        const uint16_t *token = dataset->token + (size_t)number[i] * length + from;
        for (size_t t = 0; t < length; t++)
            tokens[t] = token[t];
    }
}

static void gather_images(const struct dataset *dataset, const int *number, int count, float *pixel)
{
    const struct shape shape = dataset->shape.input;
    const int channels = shape.size[0], area = shape.size[1] * shape.size[2];
    for (int i = 0; i < count; i++) {
        check_number(dataset, number[i]);
        const uint8_t *byte = image_of(dataset, number[i]);
        for (int channel = 0; channel < channels; channel++) {
            /* A table of floats, for the same rounding everywhere. */
            const float *value = dataset->value[channel];
            for (int p = 0; p < area; p++)
                pixel[p] = value[byte[p]];
            pixel += area;
            byte += area;
        }
    }
}

void dataset_gather_inputs(const struct dataset *dataset, const int *number, int count,
                           void *inputs)
{
    if (!dataset->has_inputs)
        fatal("the inputs of this data set were not opened");
    if (is_text(dataset))
        gather_tokens(dataset, number, count, 0, inputs);
    else
        gather_images(dataset, number, count, inputs);
}

void dataset_gather_labels(const struct dataset *dataset, const int *number, int count,
                           int32_t *labels)
{
    if (!dataset->has_labels)
        fatal("the labels of this data set were not opened");
    if (is_text(dataset)) {
        gather_tokens(dataset, number, count, 1, labels);
        return;
    }
    for (int i = 0; i < count; i++) {
        check_number(dataset, number[i]);
        labels[i] = dataset->label != NULL
                        ? dataset->label[number[i]]
                        : synthetic_label(&dataset->synthetic_labels, (size_t)number[i]);
    }
}
