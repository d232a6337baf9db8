/*
 * Running a stage: its layers forwards and backwards on micro-batches.
 */
#include "common/training/stage_parts.h"

#include "common/base/device_numbers.h"
#include "common/base/fatal.h"
#include "common/kernels/convert.h"
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
              "on the stage's device%s",
              stage->options.index, micro_batch, what, dtype_name(tensor->dtype),
              shape_text(tensor->shape, found), dtype_name(dtype), shape_text(shape, expected),
              device_misplaced(tensor->device, stage->options.device));
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

void stage_computation_begin(struct stage *stage, enum log_operation operation, int micro_batch,
                             const struct tensor *enters)
{
    stage->operation = operation;
    stage->running = micro_batch;
    log_compute_with(operation, LOG_BEGIN, stage->options.index, micro_batch,
                     stage_parameters_fingerprint(stage), tensor_fingerprint(stage, enters));
    work_begin((struct work){WORK_stage_call, 1, {stage->options.layers}});
}

void stage_computation_end(const struct stage *stage, enum log_operation operation, int micro_batch,
                           const struct tensor *leaves)
{
    work_end();
    log_compute_with(operation, LOG_END, stage->options.index, micro_batch, 0,
                     tensor_fingerprint(stage, leaves));
}

/* The whole computation, not a part of it, has ended. */
static void end(struct stage *stage, enum log_operation operation, int micro_batch,
                const struct tensor *leaves)
{
    stage->running = -1;
    stage_computation_end(stage, operation, micro_batch, leaves);
}

void stage_set_pass(struct stage *stage, int micro_batch)
{
    const struct stage_options *options = &stage->options;
    stage->pass.seed = options->seed;
    stage->pass.step = stage->flight[micro_batch]->step;
    stage->pass.precision = options->precision;
    stage->pass.samples_together = options->samples_together;
    stage->pass.first_sample =
        options->first_sample + share_begin(stage->samples, stage->micro_batches, micro_batch);
}

/* Of what comes to the stage, and leaves it. */
static enum dtype input_dtype(const struct stage *stage)
{
    const enum dtype data = stage->layer[0].input_dtype;
    return stage->options.index == 0 || data != DTYPE_FLOAT32 ? data : stage->options.precision;
}

static bool is_last(const struct stage *stage)
{
    return stage->options.index == stage->options.stages - 1;
}

static enum dtype output_dtype(const struct stage *stage)
{
    return is_last(stage) ? DTYPE_FLOAT32 : stage->options.precision;
}

/* A loss wants float32, and gives it. */
static struct tensor *as_loss_wants(const struct stage *stage, struct tensor *y)
{
    if (!is_last(stage) || y->dtype == DTYPE_FLOAT32)
        return y;
    struct tensor *wide = tensor_widened(y, MEMORY_ACTIVATION);
    tensor_free(y);
    return wide;
}

static struct tensor *as_layers_want(const struct stage *stage, struct tensor *dy)
{
    if (dy->dtype == stage->options.precision)
        return dy;
    struct tensor *rounded = tensor_narrowed(dy, stage->options.precision, MEMORY_ACTIVATION);
    tensor_free(dy);
    return rounded;
}

/* What a program's own forward or backward gives back. */
static void check_result(const struct stage *stage, const char *function, const char *what,
                         int micro_batch, const struct tensor *tensor, struct shape sample)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    const int size = share_size(stage->samples, stage->micro_batches, micro_batch);
    const struct shape shape = shape_with_batch(size, sample);
    if (tensor == NULL || !shape_equal(tensor->shape, shape))
        fatal_at(function, "stage %d, micro-batch %d: it returned %s for %s; expected %s",
                 stage->options.index, micro_batch,
                 tensor == NULL ? "NULL" : shape_text(tensor->shape, found), what,
                 shape_text(shape, expected));
}

static struct tensor *run_forward(struct stage *stage, int micro_batch, struct tensor *x)
{
    const struct stage_runner *runner = &stage->runner;
    const int layers = stage->options.layers;
    if (runner->forward == NULL)
        return stage_layers_forward(stage, micro_batch, 0, layers, x, RUN_KEEPS);
    x = runner->forward(runner->own, micro_batch, x);
    check_result(stage, runner->forward_name, "y", micro_batch, x, stage->layer[layers - 1].output);
    return x;
}

static struct tensor *run_backward(struct stage *stage, int micro_batch, struct tensor *dy)
{
    const struct stage_runner *runner = &stage->runner;
    const int layers = stage->options.layers;
    if (runner->backward == NULL)
        return stage_layers_backward(stage, micro_batch, 0, layers, dy);
    dy = runner->backward(runner->own, micro_batch, dy);
    if (stage->options.index > 0)
        check_result(stage, runner->backward_name, "dx", micro_batch, dy, stage->layer[0].input);
    return dy;
}

struct tensor *stage_forward(struct stage *stage, int micro_batch, struct tensor *x)
{
    check_micro_batch(stage, LOG_FORWARD, micro_batch, "a forward", NOT_HERE);
    take_over(stage, micro_batch, "x", x, input_dtype(stage), stage_input_sample(stage));
    stage_computation_begin(stage, LOG_FORWARD, micro_batch, x);
    tensor_take_over(x);
    stage_flight_begin(stage, micro_batch);
    stage_set_pass(stage, micro_batch);
    x = stage_enter(stage, BORDER_FORWARD, x);
    x = as_loss_wants(stage, run_forward(stage, micro_batch, x));
    x = stage_leave(stage, BORDER_FORWARD, x);
    stage->flight[micro_batch]->progress = FORWARD_DONE;
    end(stage, LOG_FORWARD, micro_batch, x);
    return stage_hand_out(stage, LOG_HELD_Y, micro_batch, tensor_handed_out(x), STAGE_CALLER);
}

/* Takes dy over, through what stands behind the stage. */
static struct tensor *begin_backward(struct stage *stage, enum log_operation operation,
                                     int micro_batch, struct tensor *dy)
{
    take_over(stage, micro_batch, "dy", dy, output_dtype(stage), stage_output_sample(stage));
    stage_set_pass(stage, micro_batch);
    stage_computation_begin(stage, operation, micro_batch, dy);
    tensor_take_over(dy);
    return as_layers_want(stage, stage_leave(stage, BORDER_BACKWARD, dy));
}

struct tensor *stage_backward(struct stage *stage, int micro_batch, struct tensor *dy)
{
    check_micro_batch(stage, LOG_BACKWARD, micro_batch, "a backward", FORWARD_DONE);
    dy = begin_backward(stage, LOG_BACKWARD, micro_batch, dy);
    dy = stage_enter(stage, BORDER_BACKWARD, run_backward(stage, micro_batch, dy));
    stage_flight_end(stage, micro_batch);
    end(stage, LOG_BACKWARD, micro_batch, dy);
    return stage_hand_out(stage, LOG_HELD_DX, micro_batch, tensor_handed_out(dy), STAGE_CALLER);
}

struct tensor *stage_backward_input(struct stage *stage, int micro_batch, struct tensor *dy)
{
    check_micro_batch(stage, LOG_BACKWARD_INPUT, micro_batch, "a stage_backward_input",
                      FORWARD_DONE);
    dy = begin_backward(stage, LOG_BACKWARD_INPUT, micro_batch, dy);
    for (int i = stage->options.layers - 1; i >= 0; i--)
        dy = stage_layer_back(stage, micro_batch, i, dy);
    dy = stage_enter(stage, BORDER_BACKWARD, dy);
    stage->flight[micro_batch]->progress = BACKWARD_INPUT_DONE;
    end(stage, LOG_BACKWARD_INPUT, micro_batch, dy);
    return stage_hand_out(stage, LOG_HELD_DX, micro_batch, tensor_handed_out(dy), STAGE_CALLER);
}

void stage_backward_weight(struct stage *stage, int micro_batch)
{
    check_micro_batch(stage, LOG_BACKWARD_WEIGHT, micro_batch, "a stage_backward_weight",
                      BACKWARD_INPUT_DONE);
    stage_set_pass(stage, micro_batch);
    stage_computation_begin(stage, LOG_BACKWARD_WEIGHT, micro_batch, NULL);
    for (int i = stage->options.layers - 1; i >= 0; i--)
        stage_layer_back_weight(stage, micro_batch, i);
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
              "stage's device%s",
              options->index, dtype_name(x->dtype), shape_text(x->shape, found),
              dtype_name(stage->layer[0].input_dtype), shape_text(stage->layer[0].input, expected),
              device_misplaced(x->device, options->device));
    tensor_retain(x);
    for (int i = 0; i < options->layers; i++) {
        struct saved *saved = saved_new(&stage->layer[i]);
        struct layer_numbers numbers = stage_numbers_begin(stage, i, &pass, false);
        x = layer_forward(&stage->layer[i], numbers.memory, saved, x);
        stage_numbers_end(stage, i, &numbers);
        saved_free(saved);
    }
    return x;
}

struct tensor *stage_input_new(struct stage *stage)
{
    struct tensor *tensor =
        tensor_new(MEMORY_ACTIVATION, input_dtype(stage), stage->options.device,
                   shape_with_batch(stage->options.micro_batch_size, stage_input_sample(stage)));
    return stage_hand_out(stage, LOG_HELD_X, -1, tensor, STAGE_CALLER);
}

struct tensor *stage_output_new(struct stage *stage)
{
    struct tensor *tensor =
        tensor_new(MEMORY_ACTIVATION, output_dtype(stage), stage->options.device,
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

void stage_zero_gradients(struct stage *stage)
{
    const double count = (double)(stage->gradients != NULL ? stage->gradients->elements : 0);
    log_compute(LOG_ZERO_GRADIENTS, LOG_BEGIN, stage->options.index, -1);
    work_begin((struct work){WORK_zero_gradients, count, {count}});
    if (stage->gradients != NULL)
        tensor_zero(stage->gradients);
    work_end();
    log_compute(LOG_ZERO_GRADIENTS, LOG_END, stage->options.index, -1);
}
