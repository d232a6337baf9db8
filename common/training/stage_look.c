/*
 * Looking at a stage, and other versions of its parameters.
 */
#include "common/training/stage_parts.h"

#include "common/base/fatal.h"
#include "common/log/log_caller.h"
#include "common/log/log_fields.h"

/* ---- versions of the parameters ---- */

struct tensor *stage_parameters_copy(struct stage *stage)
{
    struct tensor *copy = tensor_new(MEMORY_PARAMETER, stage->parameters->dtype,
                                     stage->parameters->device, stage->parameters->shape);
    tensor_copy(copy, stage->parameters);
    return stage_hand_out(stage, LOG_HELD_PARAMETERS, -1, copy, STAGE_CALLER);
}

struct tensor *stage_exchange_parameters(struct stage *stage, struct tensor *parameters)
{
    struct tensor *before = stage->parameters;
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    if (parameters == NULL)
        fatal("stage %d: stage_exchange_parameters was given NULL; expected parameters %s",
              stage->options.index, shape_text(before->shape, expected));
    tensor_taken(parameters, "this version of the parameters", __func__);
    if (!shape_equal(parameters->shape, before->shape) || parameters->dtype != before->dtype ||
        parameters->device != before->device)
        fatal("stage %d: stage_exchange_parameters was given %s %s; expected %s %s, as "
              "stage_parameters_copy makes them",
              stage->options.index, dtype_name(parameters->dtype),
              shape_text(parameters->shape, found), dtype_name(before->dtype),
              shape_text(before->shape, expected));
    log_append(log_record_of_exchange(stage->options.index, parameters->data == before->data));
    stage->parameters = parameters;
    tensor_take_over(parameters);
    return stage_hand_out(stage, LOG_HELD_PARAMETERS, -1, tensor_handed_out(before), STAGE_CALLER);
}

/* ---- what the program holds ---- */

struct tensor *stage_hand_out(const struct stage *stage, enum log_held_what what, int micro_batch,
                              struct tensor *tensor, const void *return_address)
{
    if (log_is_open())
        tensor_hand_out(tensor, (struct tensor_origin){what, stage->options.index, micro_batch,
                                                       log_caller(return_address)});
    return tensor;
}

/* ---- looking at it ---- */

int stage_index(const struct stage *stage)
{
    return stage->options.index;
}

int stage_first_layer(const struct stage *stage)
{
    return stage->options.first_layer;
}

int stage_layers(const struct stage *stage)
{
    return stage->options.layers;
}

/* The place within the stage of a layer of the model. */
static int place_of(const struct stage *stage, int layer)
{
    int place = layer - stage->options.first_layer;
    if (place < 0 || place >= stage->options.layers)
        fatal("stage %d: layer %d is not here; this stage has layers %d to %d. Layers are counted "
              "from the begin of the model: see stage_first_layer",
              stage->options.index, layer, stage->options.first_layer,
              stage->options.first_layer + stage->options.layers - 1);
    return place;
}

const struct layer *stage_layer(const struct stage *stage, int layer)
{
    return &stage->layer[place_of(stage, layer)];
}

static struct tensor *layer_view(const struct stage *stage, struct tensor *arena, int layer)
{
    int place = place_of(stage, layer);
    if (arena == NULL)
        fatal("stage %d: its layers' numbers come and go: they are not in one piece",
              stage->options.index);
    size_t count = stage->layer[place].parameter_count;
    return count == 0 ? NULL : tensor_view(arena, stage->offset[place], shape_flat(count));
}

void stage_layer_range(const struct stage *stage, int layer, size_t *begin, size_t *end)
{
    const int place = place_of(stage, layer);
    *begin = stage->offset[place];
    *end = *begin + stage->layer[place].parameter_count;
}

struct layer_memory stage_layer_memory(const struct stage *stage, int layer,
                                       const struct pass *pass)
{
    if (stage->parameters == NULL || stage->gradients == NULL ||
        stage->options.precision != DTYPE_FLOAT32)
        fatal("stage %d: nobody but the stage can run its layers: their numbers come and go, or "
              "have 16 bits",
              stage->options.index);
    /* In float32 there is nothing to round at the end. */
    struct layer_memory memory =
        stage_numbers_begin(stage, place_of(stage, layer), pass, false).memory;
    memory.buffers = NULL;
    return memory;
}

struct tensor *stage_layer_buffers(struct stage *stage, int layer)
{
    int place = place_of(stage, layer);
    size_t count = stage->layer[place].buffer_count;
    return count == 0 ? NULL
                      : tensor_view(stage->buffers, stage->buffer_offset[place], shape_flat(count));
}

const struct parameter *stage_tied_copy(const struct stage *stage)
{
    return stage->options.first_layer == 0 ? NULL : stage->tied;
}

struct tensor *stage_tied_parameters(struct stage *stage)
{
    return stage->tied == NULL
               ? NULL
               : tensor_view(stage->parameters, stage->tied_offset, stage->tied->shape);
}

struct tensor *stage_tied_gradients(struct stage *stage)
{
    return stage->tied == NULL
               ? NULL
               : tensor_view(stage->gradients, stage->tied_offset, stage->tied->shape);
}

struct tensor *stage_layer_gradients(struct stage *stage, int layer)
{
    return layer_view(stage, stage->gradients, layer);
}

struct tensor *stage_layer_parameters(struct stage *stage, int layer)
{
    return layer_view(stage, stage->parameters, layer);
}

struct tensor *stage_gradients(struct stage *stage)
{
    return stage->gradients;
}

struct tensor *stage_parameters(struct stage *stage)
{
    return stage->parameters;
}

int stage_in_flight(const struct stage *stage)
{
    return stage->in_flight;
}
