/*
 * What parameters and buffers begin with (layer.h): of a slice, the numbers that stand there in the whole.
 */
#include "common/base/random.h"
#include "common/layers/layer.h"

/* Where the initial values of one parameter go, and of which numbers they are drawn. */
struct initial {
    const struct parameter *parameter;
    uint64_t seed, stream;
    float *value;
};

static void initialise_run(size_t in_part, size_t in_whole, size_t length, void *user)
{
    const struct initial *to = user;
    const struct parameter *parameter = to->parameter;
    float *value = to->value + in_part;
    if (parameter->initial == INITIAL_UNIFORM)
        random_uniform(value, length, to->seed, to->stream, in_whole, -parameter->scale,
                       parameter->scale);
    else if (parameter->initial == INITIAL_NORMAL)
        random_normal(value, length, to->seed, to->stream, in_whole, 0.0f, parameter->scale);
    else
        for (size_t i = 0; i < length; i++)
            value[i] = parameter->initial == INITIAL_ONE ? 1.0f : 0.0f;
}

void layer_initialise_parameter(const struct layer *layer, int k, uint64_t seed, float *value)
{
    const struct parameter *parameter = &layer->parameter[k];
    const struct slice slice = layer_parameter_slice(parameter);
    struct initial to = {parameter, seed,
                         random_stream(RANDOM_PARAMETER, (uint32_t)layer->index, (uint32_t)k),
                         value};
    slice_walk(&slice, 0, shape_elements(parameter->shape), initialise_run, &to);
}

void layer_initialise(const struct layer *layer, uint64_t seed, float *parameters)
{
    for (int k = 0; k < layer->parameters; k++)
        layer_initialise_parameter(layer, k, seed, parameters + layer->parameter[k].offset);
}

void layer_initialise_buffers(const struct layer *layer, float *buffers)
{
    for (int k = 0; k < layer->buffers; k++) {
        const struct buffer *buffer = &layer->buffer[k];
        for (size_t i = 0; i < shape_elements(buffer->shape); i++)
            buffers[buffer->offset + i] = buffer->initial == INITIAL_ONE ? 1.0f : 0.0f;
    }
}
