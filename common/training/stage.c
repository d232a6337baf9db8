/*
 * A stage (stage.h): its parameters and gradients, and what it keeps of the
 * micro-batches that are in flight.
 */
#include "common/training/stage_parts.h"

#include "common/base/fatal.h"
#include "common/kernels/kernels.h"
#include "common/log/log_fields.h"

#include <stdlib.h>

/* ---- checks and arenas ---- */

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);
    if (memory == NULL)
        fatal("no memory left for a stage");
    return memory;
}

static void check_options(const struct model *model, const struct stage_options *options)
{
    if (options->stages < 1 || options->index < 0 || options->index >= options->stages)
        fatal("stage %d of %d stages does not exist: they are numbered from 0", options->index,
              options->stages);
    if (options->layers < 1 || options->first_layer < 0 ||
        options->first_layer > model->layers - options->layers)
        fatal("stage %d: layers %d to %d are not in the model, which has layers 0 to %d, or are "
              "none: distribute_layers gives every stage at least one layer of the model",
              options->index, options->first_layer, options->first_layer + options->layers - 1,
              model->layers - 1);
    if (options->gradients != DTYPE_FLOAT32 && options->gradients != options->precision)
        fatal("stage %d: gradients of %s, with parameters of %s: they are float32, or the same",
              options->index, dtype_name(options->gradients), dtype_name(options->precision));
    if (options->micro_batch_size < 1 || options->micro_batches < 1)
        fatal("stage %d: %d micro-batches of %d samples: at least one of one is needed",
              options->index, options->micro_batches, options->micro_batch_size);
}

/* On the meta device a message may only have so many bytes (tensor.h). */
static void check_message(const struct stage *stage, const char *what, struct shape sample)
{
    const int samples = stage->options.micro_batch_size;
    const double bytes = (double)sizeof(float) * samples * (double)shape_elements(sample);
    if (bytes > (double)TENSOR_META_MESSAGE_BYTES)
        fatal("stage %d: %s of a micro-batch of %d samples has %.0f MiB, and on the meta device a "
              "message has at most %zu: cut the batch into more micro-batches",
              stage->options.index, what, samples, bytes / (1 << 20),
              TENSOR_META_MESSAGE_BYTES >> 20);
}

static void check_messages(const struct stage *stage)
{
    const struct stage_options *options = &stage->options;
    if (options->device == DEVICE_META && options->index > 0)
        check_message(stage, "the input", stage_input_sample(stage));
    if (options->device == DEVICE_META && options->index < options->stages - 1)
        check_message(stage, "the output", stage_output_sample(stage));
}

static void record_stage(const struct stage *stage)
{
    struct log_stage fact = {.stage = stage->options.index,
                             .first_layer = stage->options.first_layer,
                             .layers = stage->options.layers};
    for (int i = 0; i < stage->options.layers; i++)
        fact.parameter_bytes +=
            stage->layer[i].parameter_count * dtype_bytes(stage->options.precision);
    if (stage_tied_copy(stage) != NULL)
        fact.parameter_bytes += shape_elements(stage->tied->shape) * sizeof(float);
    log_append(log_record_of_stage(fact));
}

/* Where the model's first parameter is in the arenas: in the first layer, or a copy behind the others. */
static size_t place_tied(struct stage *stage, const struct model *model, size_t count)
{
    const struct stage_options *options = &stage->options;
    bool tied = options->first_layer == 0 && model_is_tied(model);
    for (int i = 0; i < options->layers; i++)
        tied = tied || stage->layer[i].tied;
    if (!tied)
        return count;
    if (options->precision != DTYPE_FLOAT32 || options->gradients != DTYPE_FLOAT32 ||
        options->parameters_come_and_go || options->gradients_come_and_go)
        fatal("stage %d: %s works with the weight of its first layer in another layer, too: its "
              "parameters are float32, and there all the time",
              options->index, model->name);
    stage->tied = &model->layer[0].parameter[0];
    if (options->first_layer == 0)
        return count;
    if (!options->sums_tied_gradients)
        fatal(
            "stage %d: %s works with the weight of its first layer here, too, which is on another "
            "stage: both would go their own ways, unless the program adds up their gradients "
            "(sums_tied_gradients)",
            options->index, model->name);
    stage->tied_offset = count;
    return count + shape_elements(stage->tied->shape);
}

static struct tensor *arena(const struct stage_options *options, enum memory_kind kind,
                            enum dtype dtype, struct shape shape)
{
    struct tensor *numbers = tensor_new(kind, dtype, options->device, shape);
    tensor_zero(numbers);
    return numbers;
}

static void make_arenas(struct stage *stage, const struct model *model)
{
    const struct stage_options *options = &stage->options;
    const int layers = options->layers;
    size_t count = 0, buffers = 0;
    stage->offset = allocate((size_t)layers, sizeof *stage->offset);
    stage->buffer_offset = allocate((size_t)layers, sizeof *stage->buffer_offset);
    for (int i = 0; i < layers; i++) {
        stage->offset[i] = count;
        stage->buffer_offset[i] = buffers;
        count += stage->layer[i].parameter_count;
        buffers += stage->layer[i].buffer_count;
    }
    stage->count = count = place_tied(stage, model, count);
    const struct shape shape = shape_flat(count == 0 ? 1 : count);
    if (options->parameters_come_and_go)
        stage->layer_parameters = allocate((size_t)layers, sizeof(struct tensor *));
    else
        stage->parameters = arena(options, MEMORY_PARAMETER, options->precision, shape);
    if (options->gradients_come_and_go)
        stage->layer_gradients = allocate((size_t)layers, sizeof(struct tensor *));
    else
        stage->gradients = arena(options, MEMORY_GRADIENT, options->gradients, shape);
    if (buffers > 0)
        stage->buffers =
            tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, options->device, shape_flat(buffers));
}

static void initialise_tied(struct stage *stage, const struct layer *first)
{
    struct tensor *tied = tensor_view(stage->parameters, stage->tied_offset, stage->tied->shape);
    struct tensor *room = tensor_host_room(tied);
    layer_initialise_parameter(first, 0, stage->options.seed, tensor_floats(room));
    tensor_bring(tied, room);
    tensor_free(tied);
}

static void initialise(struct stage *stage, const struct model *model)
{
    const struct stage_options *options = &stage->options;
    if (stage->parameters != NULL)
        stage_initial_parameters(stage, 0, stage->count, stage->parameters->data);
    struct tensor *buffers = stage->buffers == NULL ? NULL : tensor_host_room(stage->buffers);
    for (int i = 0; i < options->layers; i++) {
        if (stage->layer[i].buffers > 0)
            layer_initialise_buffers(&stage->layer[i],
                                     tensor_floats(buffers) + stage->buffer_offset[i]);
    }
    if (buffers != NULL)
        tensor_bring(stage->buffers, buffers);
    if (stage_tied_copy(stage) != NULL)
        initialise_tied(stage, &model->layer[0]);
}

/* ---- flights ---- */

static struct flight *flight_new(const struct stage *stage)
{
    size_t layers = (size_t)stage->options.layers;
    struct flight *flight = allocate(1, sizeof *flight + layers * sizeof *flight->saved);
    flight->draw = allocate(layers, sizeof *flight->draw);
    for (size_t i = 0; i < layers; i++)
        flight->saved[i] = saved_new(&stage->layer[i]);
    return flight;
}

static void flight_free(const struct stage *stage, struct flight *flight)
{
    if (flight == NULL)
        return;
    for (int i = 0; i < stage->options.layers; i++)
        saved_free(flight->saved[i]);
    free(flight->draw);
    free(flight);
}

void stage_flight_begin(struct stage *stage, int micro_batch)
{
    struct flight *flight = stage->spare;
    if (flight == NULL)
        flight = flight_new(stage);
    else
        stage->spare = flight->next;
    flight->progress = NOT_HERE;
    flight->step = stage->step;
    flight->draws = 0;
    stage->flight[micro_batch] = flight;
    stage->in_flight++;
}

void stage_flight_end(struct stage *stage, int micro_batch)
{
    struct flight *flight = stage->flight[micro_batch];
    flight->next = stage->spare;
    stage->spare = flight;
    stage->flight[micro_batch] = NULL;
    stage->finished[micro_batch] = true;
    stage->in_flight--;
}

/* ---- making ---- */

struct stage *stage_new(const struct model *model, const struct stage_options *options)
{
    check_options(model, options);
    kernels_for(options->device); /* fatal, here and now, where there are none */
    struct stage *stage = allocate(1, sizeof *stage);
    stage->options = *options;
    stage->layer = model->layer + options->first_layer;
    stage->micro_batches = options->micro_batches;
    stage->running = -1;
    stage->samples = options->micro_batches * options->micro_batch_size;
    check_messages(stage);
    make_arenas(stage, model);
    if (options->device != DEVICE_META)
        initialise(stage, model);
    stage->flight = allocate((size_t)options->micro_batches, sizeof *stage->flight);
    stage->finished = allocate((size_t)options->micro_batches, sizeof *stage->finished);
    if (options->index == 0) {
        while (stage->first_dx < options->layers && stage->layer[stage->first_dx].parameters == 0)
            stage->first_dx++;
        stage->first_dx++;
    }
    record_stage(stage);
    return stage;
}

void stage_free(struct stage *stage)
{
    if (stage == NULL)
        return;
    for (int m = 0; m < stage->options.micro_batches; m++)
        flight_free(stage, stage->flight[m]);
    while (stage->spare != NULL) {
        struct flight *flight = stage->spare;
        stage->spare = flight->next;
        flight_free(stage, flight);
    }
    free(stage->flight);
    free(stage->finished);
    for (int i = 0; i < stage->options.layers; i++) {
        tensor_free(stage->layer_parameters != NULL ? stage->layer_parameters[i] : NULL);
        tensor_free(stage->layer_gradients != NULL ? stage->layer_gradients[i] : NULL);
    }
    free(stage->layer_parameters);
    free(stage->layer_gradients);
    free(stage->offset);
    free(stage->buffer_offset);
    tensor_free(stage->buffers);
    tensor_free(stage->parameters);
    tensor_free(stage->gradients);
    free(stage);
}
