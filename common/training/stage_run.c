/*
 * Running a stage: its layers forwards and backwards on micro-batches.
 */
#include "common/training/stage_parts.h"

#include "common/base/fatal.h"
#include "common/kernels/work/work.h"

/* ---- misuse ---- */

static enum progress progress_of(const struct stage *stage, int micro_batch)
{
    const struct flight *flight = stage->flight[micro_batch];
    return flight != NULL ? flight->progress : stage->finished[micro_batch] ? FINISHED : NOT_HERE;
}

/* Why an operation that needs `needed` can't be; NOT_HERE and FINISHED are the same to a forward. */
static const char *reason(enum progress found, enum progress needed)
{
    if (needed == NOT_HERE)
        return found == FORWARD_DONE
                   ? "its forward ran before and its backward has not yet: was it left out, here "
                     "or "
                     "in the step before, or is this micro-batch taken twice?"
                   : "its stage_backward_weight has not run yet: was it left out, here or in the "
                     "step before?";
    if (needed == FORWARD_DONE && found == BACKWARD_INPUT_DONE)
        return "its backward began with stage_backward_input before: stage_backward_weight is left";
    if (needed == BACKWARD_INPUT_DONE && found == FORWARD_DONE)
        return "it has had its forward only: stage_backward_input comes first";
    return found == FINISHED
               ? "its backward is done already, and no forward came behind it: is this micro-batch "
                 "taken twice?"
               : "its backward came before its forward, which has not run yet";
}

static void check_micro_batch(const struct stage *stage, enum log_operation operation,
                              int micro_batch, const char *what, enum progress needed)
{
    const struct stage_options *options = &stage->options;
    if (micro_batch < 0 || micro_batch >= stage->micro_batches)
        fatal("stage %d: %s of micro-batch %d: there is none, they are numbered 0 to %d",
              options->index, what, micro_batch, stage->micro_batches - 1);
    const enum progress found = progress_of(stage, micro_batch);
    if (found == needed || (needed == NOT_HERE && found == FINISHED))
        return;
    log_compute(operation, LOG_BEGIN, options->index, micro_batch); /* what was tried */
    fatal("stage %d: %s of micro-batch %d can't run: %s", options->index, what, micro_batch,
          reason(found, needed));
}

/* Checks a tensor and takes it over. */
static void take_over(const struct stage *stage, int micro_batch, const char *what,
                      struct tensor *tensor, enum dtype dtype, struct shape sample)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    const int size = share_size(stage->samples, stage->micro_batches, micro_batch);
    struct shape shape = shape_with_batch(size, sample);
    if (tensor == NULL)
        fatal("stage %d, micro-batch %d: %s is NULL; expected a tensor %s", stage->options.index,
              micro_batch, what, shape_text(shape, expected));
    tensor_taken(tensor, what, "stage");
    if (!shape_equal(tensor->shape, shape) || tensor->dtype != dtype ||
        tensor->device != stage->options.device)
        fatal("stage %d, micro-batch %d: %s is %s %s; expected %s %s (micro-batch size first) "
              "on the stage's device",
              stage->options.index, micro_batch, what, dtype_name(tensor->dtype),
              shape_text(tensor->shape, found), dtype_name(dtype), shape_text(shape, expected));
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
    work_begin((struct work){WORK_stage_call, 1, {stage->options.layers}});
}

static void end(const struct stage *stage, enum log_operation operation, int micro_batch,
                const struct tensor *leaves)
{
    work_end();
    log_compute_with(operation, LOG_END, stage->options.index, micro_batch, 0,
                     tensor_fingerprint(stage, leaves));
}

/* What the layers are told of a call on a micro-batch. */
static void set_pass(struct stage *stage, int micro_batch)
{
    const struct stage_options *options = &stage->options;
    stage->pass.seed = options->seed;
    stage->pass.step = stage->flight[micro_batch]->step;
    stage->pass.samples_together = options->samples_together;
    stage->pass.first_sample =
        options->first_sample + share_begin(stage->samples, stage->micro_batches, micro_batch);
}

static struct layer_memory memory_of(const struct stage *stage, int i, const struct pass *pass)
{
    struct layer_memory memory = stage_layer_memory(stage, stage->options.first_layer + i, pass);
    if (stage->buffers != NULL)
        memory.buffers = tensor_floats(stage->buffers) + stage->buffer_offset[i];
    return memory;
}

static struct saved *saved_of(const struct stage *stage, int micro_batch, int i)
{
    return stage->flight[micro_batch]->saved[i];
}

struct tensor *stage_forward(struct stage *stage, int micro_batch, struct tensor *x)
{
    check_micro_batch(stage, LOG_FORWARD, micro_batch, "a forward", NOT_HERE);
    take_over(stage, micro_batch, "x", x, stage->layer[0].input_dtype, stage_input_sample(stage));
    begin(stage, LOG_FORWARD, micro_batch, x);
    tensor_take_over(x);
    stage_flight_begin(stage, micro_batch);
    set_pass(stage, micro_batch);
    x = stage_enter(stage, BORDER_FORWARD, x);
    for (int i = 0; i < stage->options.layers; i++)
        x = layer_forward(&stage->layer[i], memory_of(stage, i, &stage->pass),
                          saved_of(stage, micro_batch, i), x);
    x = stage_leave(stage, BORDER_FORWARD, x);
    stage->flight[micro_batch]->progress = FORWARD_DONE;
    end(stage, LOG_FORWARD, micro_batch, x);
    return stage_hand_out(stage, LOG_HELD_Y, micro_batch, tensor_handed_out(x), STAGE_CALLER);
}

/* One layer's backward_input. dy may be NULL: then the layer lies where no gradient is wanted. */
static struct tensor *layer_back(struct stage *stage, int micro_batch, int i, struct tensor *dy)
{
    bool wanted = stage->options.index > 0 || i >= stage->first_dx;
    if (dy == NULL)
        return NULL;
    return layer_backward_input(&stage->layer[i], memory_of(stage, i, &stage->pass),
                                saved_of(stage, micro_batch, i), dy, wanted);
}

/* Layer i's gradient has been added: who wants to know is told, between two parts of the backward. */
static void tell(struct stage *stage, enum log_operation operation, int micro_batch, int i)
{
    if (stage->gradient_ready == NULL)
        return;
    const int index = stage->options.index, layer = stage->options.first_layer + i;
    end(stage, operation, micro_batch, NULL);
    log_append(log_record_of_gradient(index, micro_batch, layer));
    stage->gradient_ready(stage->told, micro_batch, layer);
    begin(stage, operation, micro_batch, NULL);
}

struct tensor *stage_backward(struct stage *stage, int micro_batch, struct tensor *dy)
{
    check_micro_batch(stage, LOG_BACKWARD, micro_batch, "a backward", FORWARD_DONE);
    take_over(stage, micro_batch, "dy", dy, DTYPE_FLOAT32, stage_output_sample(stage));
    set_pass(stage, micro_batch);
    begin(stage, LOG_BACKWARD, micro_batch, dy);
    tensor_take_over(dy);
    dy = stage_leave(stage, BORDER_BACKWARD, dy);
    /* Both halves layer by layer, so that what a layer saved is released soonest. */
    for (int i = stage->options.layers - 1; i >= 0; i--) {
        dy = layer_back(stage, micro_batch, i, dy);
        layer_backward_weight(&stage->layer[i], memory_of(stage, i, &stage->pass),
                              saved_of(stage, micro_batch, i));
        tell(stage, LOG_BACKWARD, micro_batch, i);
    }
    dy = stage_enter(stage, BORDER_BACKWARD, dy);
    stage_flight_end(stage, micro_batch);
    end(stage, LOG_BACKWARD, micro_batch, dy);
    return stage_hand_out(stage, LOG_HELD_DX, micro_batch, tensor_handed_out(dy), STAGE_CALLER);
}

struct tensor *stage_backward_input(struct stage *stage, int micro_batch, struct tensor *dy)
{
    check_micro_batch(stage, LOG_BACKWARD_INPUT, micro_batch, "a stage_backward_input",
                      FORWARD_DONE);
    take_over(stage, micro_batch, "dy", dy, DTYPE_FLOAT32, stage_output_sample(stage));
    set_pass(stage, micro_batch);
    begin(stage, LOG_BACKWARD_INPUT, micro_batch, dy);
    tensor_take_over(dy);
    dy = stage_leave(stage, BORDER_BACKWARD, dy);
    for (int i = stage->options.layers - 1; i >= 0; i--)
        dy = layer_back(stage, micro_batch, i, dy);
    dy = stage_enter(stage, BORDER_BACKWARD, dy);
    stage->flight[micro_batch]->progress = BACKWARD_INPUT_DONE;
    end(stage, LOG_BACKWARD_INPUT, micro_batch, dy);
    return stage_hand_out(stage, LOG_HELD_DX, micro_batch, tensor_handed_out(dy), STAGE_CALLER);
}

void stage_backward_weight(struct stage *stage, int micro_batch)
{
    check_micro_batch(stage, LOG_BACKWARD_WEIGHT, micro_batch, "a stage_backward_weight",
                      BACKWARD_INPUT_DONE);
    set_pass(stage, micro_batch);
    begin(stage, LOG_BACKWARD_WEIGHT, micro_batch, NULL);
    for (int i = stage->options.layers - 1; i >= 0; i--) {
        layer_backward_weight(&stage->layer[i], memory_of(stage, i, &stage->pass),
                              saved_of(stage, micro_batch, i));
        tell(stage, LOG_BACKWARD_WEIGHT, micro_batch, i);
    }
    stage_flight_end(stage, micro_batch);
    end(stage, LOG_BACKWARD_WEIGHT, micro_batch, NULL);
}

struct tensor *stage_evaluate(struct stage *stage, struct tensor *x)
{
    const struct stage_options *options = &stage->options;
    const struct pass pass = {.seed = options->seed, .step = stage->pass.step, .evaluating = true};
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    if (!shape_equal(x->shape, shape_with_batch(x->shape.size[0], stage->layer[0].input)) ||
        x->dtype != stage->layer[0].input_dtype || x->device != options->device)
        fatal("stage %d: stage_evaluate was given %s %s; expected %s (samples, then %s) on the "
              "stage's device",
              options->index, dtype_name(x->dtype), shape_text(x->shape, found),
              dtype_name(stage->layer[0].input_dtype), shape_text(stage->layer[0].input, expected));
    tensor_retain(x);
    for (int i = 0; i < options->layers; i++) {
        struct saved *saved = saved_new(&stage->layer[i]);
        x = layer_forward(&stage->layer[i], memory_of(stage, i, &pass), saved, x);
        saved_free(saved);
    }
    return x;
}

struct tensor *stage_input_new(struct stage *stage)
{
    struct tensor *tensor =
        tensor_new(MEMORY_ACTIVATION, stage->layer[0].input_dtype, stage->options.device,
                   shape_with_batch(stage->options.micro_batch_size, stage_input_sample(stage)));
    return stage_hand_out(stage, LOG_HELD_X, -1, tensor, STAGE_CALLER);
}

struct tensor *stage_output_new(struct stage *stage)
{
    struct tensor *tensor =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, stage->options.device,
                   shape_with_batch(stage->options.micro_batch_size, stage_output_sample(stage)));
    return stage_hand_out(stage, LOG_HELD_DY, -1, tensor, STAGE_CALLER);
}

void stage_set_step(struct stage *stage, int step)
{
    stage->step = step;
}

void stage_set_samples(struct stage *stage, int first, int samples, int micro_batches)
{
    const struct stage_options *options = &stage->options;
    if (samples < 0 || micro_batches < 0 || micro_batches > options->micro_batches ||
        samples > options->micro_batches * options->micro_batch_size || samples < micro_batches)
        fatal("stage %d: %d samples in %d micro-batches: at most %d of at most %d", options->index,
              samples, micro_batches, options->micro_batches, options->micro_batch_size);
    if (stage->in_flight > 0)
        fatal("stage %d: other samples, while %d micro-batches are in flight", options->index,
              stage->in_flight);
    stage->options.first_sample = first;
    stage->samples = samples;
    stage->micro_batches = micro_batches;
}

void stage_tell_gradients(struct stage *stage, stage_gradient_ready *ready, void *own)
{
    stage->gradient_ready = ready;
    stage->told = own;
}

void stage_zero_gradients(struct stage *stage)
{
    const double count = (double)stage->gradients->elements;
    log_compute(LOG_ZERO_GRADIENTS, LOG_BEGIN, stage->options.index, -1);
    work_begin((struct work){WORK_zero_gradients, count, {count}});
    tensor_zero(stage->gradients);
    work_end();
    log_compute(LOG_ZERO_GRADIENTS, LOG_END, stage->options.index, -1);
}
