/*
 * A stage (stage.h): runs its layers forwards and backwards on micro-batches.
 */
#include "common/stage.h"

#include "common/fatal.h"
#include "common/kernels/kernels.h"
#include "common/layers/layers.h"
#include "common/log.h"

#include <stdlib.h>

/* How far a micro-batch has come. */
enum progress { NOT_HERE, FORWARD_DONE, BACKWARD_INPUT_DONE };

/* A micro-batch between its forward and the end of its backward. There are as many as were
 * ever in flight at once, however many micro-batches there are. */
struct flight {
    enum progress progress;
    struct flight *next;   /* of the spare ones */
    struct saved *saved[]; /* of each layer */
};

struct stage {
    struct stage_options options;
    const struct layer *layer; /* the first of them, in the model */
    struct tensor *parameters, *gradients;
    size_t *offset;         /* of each layer in the arenas */
    struct flight **flight; /* of each micro-batch; NULL unless it is in flight */
    struct flight *spare;   /* flights that have ended, to be used again */
    int in_flight;
    /* The first layer of this stage that must work out dx: on stage 0 nobody wants the gradient
     * of what lies below the first layer with parameters. */
    int first_dx;
};

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
        check_message(stage, "the input", stage->layer[0].input);
    if (options->device == DEVICE_META && options->index < options->stages - 1)
        check_message(stage, "the output", stage->layer[options->layers - 1].output);
}

static void log_stage(const struct stage *stage)
{
    struct log_record record = log_record_new(LOG_STAGE, LOG_INSTANT);
    record.stage = stage->options.index;
    record.value = stage->options.first_layer;
    record.request = (uint64_t)stage->options.layers;
    record.bytes = 0;
    for (int i = 0; i < stage->options.layers; i++)
        record.bytes += stage->layer[i].parameter_count * sizeof(float);
    log_append(record);
}

static void make_arenas(struct stage *stage)
{
    int layers = stage->options.layers;
    size_t count = 0;
    stage->offset = allocate((size_t)layers, sizeof *stage->offset);
    for (int i = 0; i < layers; i++) {
        stage->offset[i] = count;
        count += stage->layer[i].parameter_count;
    }
    struct shape shape = shape_flat(count == 0 ? 1 : count);
    stage->parameters = tensor_new(MEMORY_PARAMETER, DTYPE_FLOAT32, stage->options.device, shape);
    stage->gradients = tensor_new(MEMORY_GRADIENT, DTYPE_FLOAT32, stage->options.device, shape);
    tensor_zero(stage->parameters);
    tensor_zero(stage->gradients);
    for (int i = 0; i < layers && stage->options.device != DEVICE_META; i++)
        layer_initialise(&stage->layer[i], stage->options.seed,
                         tensor_floats(stage->parameters) + stage->offset[i]);
}

/* ---- flights ---- */

static struct flight *flight_new(const struct stage *stage)
{
    size_t layers = (size_t)stage->options.layers;
    struct flight *flight = allocate(1, sizeof *flight + layers * sizeof *flight->saved);
    for (size_t i = 0; i < layers; i++)
        flight->saved[i] = saved_new(&stage->layer[i]);
    return flight;
}

static void flight_free(const struct stage *stage, struct flight *flight)
{
    for (int i = 0; flight != NULL && i < stage->options.layers; i++)
        saved_free(flight->saved[i]);
    free(flight);
}

static void flight_begin(struct stage *stage, int micro_batch)
{
    struct flight *flight = stage->spare;
    if (flight == NULL)
        flight = flight_new(stage);
    else
        stage->spare = flight->next;
    flight->progress = NOT_HERE;
    stage->flight[micro_batch] = flight;
    stage->in_flight++;
}

static void flight_end(struct stage *stage, int micro_batch)
{
    struct flight *flight = stage->flight[micro_batch];
    flight->next = stage->spare;
    stage->spare = flight;
    stage->flight[micro_batch] = NULL;
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
    check_messages(stage);
    make_arenas(stage);
    stage->flight = allocate((size_t)options->micro_batches, sizeof *stage->flight);
    if (options->index == 0) {
        while (stage->first_dx < options->layers && stage->layer[stage->first_dx].parameters == 0)
            stage->first_dx++;
        stage->first_dx++;
    }
    log_stage(stage);
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
    free(stage->offset);
    tensor_free(stage->parameters);
    tensor_free(stage->gradients);
    free(stage);
}

/* ---- misuse ---- */

static enum progress progress_of(const struct stage *stage, int micro_batch)
{
    const struct flight *flight = stage->flight[micro_batch];
    return flight == NULL ? NOT_HERE : flight->progress;
}

static void check_micro_batch(const struct stage *stage, int micro_batch, const char *what,
                              enum progress needed)
{
    static const char *const state[] = {"has had no forward", "waits for its backward",
                                        "waits for its stage_backward_weight"};
    const struct stage_options *options = &stage->options;
    if (micro_batch < 0 || micro_batch >= options->micro_batches)
        fatal("stage %d: %s of micro-batch %d: they are numbered 0 to %d", options->index, what,
              micro_batch, options->micro_batches - 1);
    if (progress_of(stage, micro_batch) != needed)
        fatal("stage %d: %s of micro-batch %d, which %s: it must be one that %s. Was a backward "
              "left out, here or in the step before, or a micro-batch taken twice?",
              options->index, what, micro_batch, state[progress_of(stage, micro_batch)],
              state[needed]);
}

static void check_tensor(const struct stage *stage, int micro_batch, const char *what,
                         const struct tensor *tensor, struct shape sample)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    struct shape shape = shape_with_batch(stage->options.micro_batch_size, sample);
    if (tensor == NULL)
        fatal("stage %d, micro-batch %d: %s is NULL; expected a tensor %s", stage->options.index,
              micro_batch, what, shape_text(shape, expected));
    if (!shape_equal(tensor->shape, shape) || tensor->dtype != DTYPE_FLOAT32 ||
        tensor->device != stage->options.device)
        fatal("stage %d, micro-batch %d: %s is %s %s; expected float32 %s (micro-batch size first) "
              "on the stage's device",
              stage->options.index, micro_batch, what, dtype_name(tensor->dtype),
              shape_text(tensor->shape, found), shape_text(shape, expected));
}

/* ---- running ---- */

uint64_t stage_parameters_fingerprint(const struct stage *stage)
{
    const struct tensor *parameters = stage->parameters;
    if (!stage->options.log_parameters || !log_is_open() || stage->options.device == DEVICE_META)
        return 0;
    return log_fingerprint(parameters->data, tensor_bytes(parameters));
}

/* For the log: what enters and leaves, so that it can be followed from stage to stage. */
static uint64_t tensor_fingerprint(const struct stage *stage, const struct tensor *tensor)
{
    if (tensor == NULL || !log_is_open() || stage->options.device == DEVICE_META)
        return 0;
    return log_fingerprint(tensor->data, tensor_bytes(tensor));
}

static void begin(const struct stage *stage, enum log_operation operation, int micro_batch,
                  const struct tensor *enters)
{
    log_compute_with(operation, LOG_BEGIN, stage->options.index, micro_batch,
                     stage_parameters_fingerprint(stage), tensor_fingerprint(stage, enters));
}

static void end(const struct stage *stage, enum log_operation operation, int micro_batch,
                const struct tensor *leaves)
{
    log_compute_with(operation, LOG_END, stage->options.index, micro_batch, 0,
                     tensor_fingerprint(stage, leaves));
}

static struct layer_memory memory_of(const struct stage *stage, int i)
{
    return (struct layer_memory){tensor_floats(stage->parameters) + stage->offset[i],
                                 tensor_floats(stage->gradients) + stage->offset[i]};
}

static struct saved *saved_of(const struct stage *stage, int micro_batch, int i)
{
    return stage->flight[micro_batch]->saved[i];
}

static struct shape input_sample(const struct stage *stage)
{
    return stage->layer[0].input;
}

static struct shape output_sample(const struct stage *stage)
{
    return stage->layer[stage->options.layers - 1].output;
}

struct tensor *stage_forward(struct stage *stage, int micro_batch, struct tensor *x)
{
    check_micro_batch(stage, micro_batch, "a forward", NOT_HERE);
    check_tensor(stage, micro_batch, "x", x, input_sample(stage));
    begin(stage, LOG_FORWARD, micro_batch, x);
    flight_begin(stage, micro_batch);
    for (int i = 0; i < stage->options.layers; i++)
        x = layer_forward(&stage->layer[i], memory_of(stage, i), saved_of(stage, micro_batch, i),
                          x);
    stage->flight[micro_batch]->progress = FORWARD_DONE;
    end(stage, LOG_FORWARD, micro_batch, x);
    return x;
}

/* One layer's backward_input. dy may be NULL: then the layer lies where no gradient is wanted. */
static struct tensor *layer_back(struct stage *stage, int micro_batch, int i, struct tensor *dy)
{
    bool wanted = stage->options.index > 0 || i >= stage->first_dx;
    if (dy == NULL)
        return NULL;
    return layer_backward_input(&stage->layer[i], memory_of(stage, i),
                                saved_of(stage, micro_batch, i), dy, wanted);
}

struct tensor *stage_backward(struct stage *stage, int micro_batch, struct tensor *dy)
{
    check_micro_batch(stage, micro_batch, "a backward", FORWARD_DONE);
    check_tensor(stage, micro_batch, "dy", dy, output_sample(stage));
    begin(stage, LOG_BACKWARD, micro_batch, dy);
    /* Both halves layer by layer, so that what a layer saved is released soonest. */
    for (int i = stage->options.layers - 1; i >= 0; i--) {
        dy = layer_back(stage, micro_batch, i, dy);
        layer_backward_weight(&stage->layer[i], memory_of(stage, i),
                              saved_of(stage, micro_batch, i));
    }
    flight_end(stage, micro_batch);
    end(stage, LOG_BACKWARD, micro_batch, dy);
    return dy;
}

struct tensor *stage_backward_input(struct stage *stage, int micro_batch, struct tensor *dy)
{
    check_micro_batch(stage, micro_batch, "a stage_backward_input", FORWARD_DONE);
    check_tensor(stage, micro_batch, "dy", dy, output_sample(stage));
    begin(stage, LOG_BACKWARD_INPUT, micro_batch, dy);
    for (int i = stage->options.layers - 1; i >= 0; i--)
        dy = layer_back(stage, micro_batch, i, dy);
    stage->flight[micro_batch]->progress = BACKWARD_INPUT_DONE;
    end(stage, LOG_BACKWARD_INPUT, micro_batch, dy);
    return dy;
}

void stage_backward_weight(struct stage *stage, int micro_batch)
{
    check_micro_batch(stage, micro_batch, "a stage_backward_weight", BACKWARD_INPUT_DONE);
    begin(stage, LOG_BACKWARD_WEIGHT, micro_batch, NULL);
    for (int i = stage->options.layers - 1; i >= 0; i--)
        layer_backward_weight(&stage->layer[i], memory_of(stage, i),
                              saved_of(stage, micro_batch, i));
    flight_end(stage, micro_batch);
    end(stage, LOG_BACKWARD_WEIGHT, micro_batch, NULL);
}

struct tensor *stage_input_new(struct stage *stage)
{
    return tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, stage->options.device,
                      shape_with_batch(stage->options.micro_batch_size, input_sample(stage)));
}

struct tensor *stage_output_new(struct stage *stage)
{
    return tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, stage->options.device,
                      shape_with_batch(stage->options.micro_batch_size, output_sample(stage)));
}

void stage_zero_gradients(struct stage *stage)
{
    log_compute(LOG_ZERO_GRADIENTS, LOG_BEGIN, stage->options.index, -1);
    tensor_zero(stage->gradients);
    log_compute(LOG_ZERO_GRADIENTS, LOG_END, stage->options.index, -1);
}

/* ---- versions of the parameters ---- */

struct tensor *stage_parameters_copy(struct stage *stage)
{
    struct tensor *copy = tensor_new(MEMORY_PARAMETER, stage->parameters->dtype,
                                     stage->parameters->device, stage->parameters->shape);
    tensor_copy(copy, stage->parameters);
    return copy;
}

struct tensor *stage_exchange_parameters(struct stage *stage, struct tensor *parameters)
{
    struct tensor *before = stage->parameters;
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    if (parameters == NULL)
        fatal("stage %d: stage_exchange_parameters was given NULL; expected parameters %s",
              stage->options.index, shape_text(before->shape, expected));
    if (!shape_equal(parameters->shape, before->shape) || parameters->dtype != before->dtype ||
        parameters->device != before->device)
        fatal("stage %d: stage_exchange_parameters was given %s %s; expected %s %s, as "
              "stage_parameters_copy makes them",
              stage->options.index, dtype_name(parameters->dtype),
              shape_text(parameters->shape, found), dtype_name(before->dtype),
              shape_text(before->shape, expected));
    stage->parameters = parameters;
    return before;
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
    size_t count = stage->layer[place].parameter_count;
    return count == 0 ? NULL : tensor_view(arena, stage->offset[place], shape_flat(count));
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
