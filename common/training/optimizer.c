/*
 * Optimizers over flat ranges of parameters (optimizer.h).
 *
 * The order of operations is that of PyTorch's single-tensor implementations
 * (torch/optim/sgd.py, torch/optim/adamw.py); factors that are the same for
 * all elements are worked out in double precision, as Python does.
 */
#include "common/training/optimizer.h"
#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/kernels/kernels.h"
#include "common/log/log.h"

#include <math.h>
#include <string.h>

#define MAX_STATES  2
#define SGD_FLOPS   4.0 /* per parameter */
#define ADAMW_FLOPS 13.0

struct optimizer {
    struct optimizer_options options;
    struct stage *stage; /* NULL: it is for `count` numbers … */
    size_t count;
    enum device device;
    bool on_host;
    int stage_index; /* … which are this stage's, while a step runs */
    bool held;
    int steps_done;
    int states;
    struct tensor *state[MAX_STATES];
};

struct optimizer_options optimizer_defaults(enum optimizer_kind kind)
{
    if (kind == OPTIMIZER_ADAMW)
        return (struct optimizer_options){.kind = OPTIMIZER_ADAMW,
                                          .learning_rate = 1e-3,
                                          .weight_decay = 0.01,
                                          .beta1 = 0.9,
                                          .beta2 = 0.999,
                                          .epsilon = 1e-8};
    return (struct optimizer_options){
        .kind = OPTIMIZER_SGD, .learning_rate = 0.05, .momentum = 0.9};
}

static struct optimizer *made(const struct optimizer_options *options, struct stage *stage,
                              enum memory_kind kind, enum device device, struct shape shape)
{
    struct optimizer *optimizer = memory_block_new(sizeof *optimizer);
    *optimizer = (struct optimizer){.options = *options,
                                    .stage = stage,
                                    .count = shape_elements(shape),
                                    .device = device,
                                    .on_host = kind == MEMORY_HOST,
                                    .states = options->kind == OPTIMIZER_ADAMW ? 2 : 1};
    for (int i = 0; i < optimizer->states; i++) {
        optimizer->state[i] = tensor_new(kind, DTYPE_FLOAT32, device, shape);
        tensor_zero(optimizer->state[i]);
    }
    optimizer->device = optimizer->state[0]->device; /* beside a GPU, the host is the processor */
    return optimizer;
}

struct optimizer *optimizer_new(const struct optimizer_options *options, struct stage *stage)
{
    const struct tensor *parameters = stage_parameters(stage);
    if (parameters == NULL || parameters->dtype != DTYPE_FLOAT32)
        fatal(
            "stage %d: its parameters come and go, or have 16 bits: what steps with them needs an "
            "optimizer for its own numbers",
            stage_index(stage));
    return made(options, stage, MEMORY_OPTIMIZER, parameters->device, parameters->shape);
}

struct optimizer *optimizer_new_for(const struct optimizer_options *options, enum device device,
                                    size_t count)
{
    return made(options, NULL, MEMORY_OPTIMIZER, device, shape_flat(count));
}

struct optimizer *optimizer_new_on_host(const struct optimizer_options *options, enum device device,
                                        size_t count)
{
    return made(options, NULL, MEMORY_HOST, device, shape_flat(count));
}

void optimizer_free(struct optimizer *optimizer)
{
    if (optimizer == NULL)
        return;
    for (int i = 0; i < optimizer->states; i++)
        tensor_free(optimizer->state[i]);
    memory_block_free(optimizer, sizeof *optimizer);
}

static struct adamw_factors adamw_factors(const struct optimizer_options *options, int step)
{
    double average_correction = 1.0 - pow(options->beta1, step);
    double square_correction = 1.0 - pow(options->beta2, step);
    return (struct adamw_factors){
        .keep = (float)(1.0 - options->learning_rate * options->weight_decay),
        .average_gain = (float)(1.0 - options->beta1),
        .square_keep = (float)options->beta2,
        .square_gain = (float)(1.0 - options->beta2),
        .step_size = (float)(options->learning_rate / average_correction),
        .correction = (float)sqrt(square_correction),
        .epsilon = (float)options->epsilon,
    };
}

void optimizer_hold(struct optimizer *optimizer, bool held)
{
    optimizer->held = held;
}

/* Steps with numbers first, …, first + count - 1. */
static void step_with(struct optimizer *optimizer, size_t first, size_t count, float *parameters,
                      const float *gradients)
{
    const struct optimizer_options *options = &optimizer->options;
    const struct kernels *kernels = kernels_for(optimizer->device);
    float *state[MAX_STATES];
    for (int i = 0; i < optimizer->states; i++)
        state[i] = tensor_floats(optimizer->state[i]) + first;
    if (options->kind == OPTIMIZER_ADAMW)
        kernels->adamw_step(count, parameters, state[0], state[1], gradients,
                            adamw_factors(options, optimizer->steps_done));
    else
        kernels->sgd_step(count, parameters, state[0], gradients, (float)options->learning_rate,
                          (float)options->momentum);
}

/* gradient_bytes: of one of them. What the host's memory carries: parameters and state there and back, gradients
 * there. */
static void charge(const struct optimizer *optimizer, size_t count, size_t gradient_bytes)
{
    const bool adamw = optimizer->options.kind == OPTIMIZER_ADAMW;
    const double flops = (adamw ? ADAMW_FLOPS : SGD_FLOPS) * (double)count;
    const size_t bytes = 2 * (1 + (size_t)optimizer->states) * sizeof(float) + gradient_bytes;
    if (optimizer->on_host)
        flops_charge_on_host(flops, (double)(count * bytes));
    else
        flops_charge(flops);
}

void optimizer_step(struct optimizer *optimizer)
{
    if (optimizer->held)
        return;
    if (optimizer->stage == NULL)
        fatal("this optimizer is for numbers that are no stage's own: optimizer_step_on steps with "
              "them");
    struct tensor *parameters = stage_parameters(optimizer->stage);
    const float *gradients = tensor_floats(stage_gradients(optimizer->stage));
    log_compute(LOG_OPTIMIZER_STEP, LOG_BEGIN, stage_index(optimizer->stage), -1);
    optimizer->steps_done++;
    step_with(optimizer, 0, parameters->elements, tensor_floats(parameters), gradients);
    charge(optimizer, parameters->elements, sizeof(float));
    log_compute_with(LOG_OPTIMIZER_STEP, LOG_END, stage_index(optimizer->stage), -1,
                     stage_parameters_fingerprint(optimizer->stage), 0);
}

void optimizer_step_begin(struct optimizer *optimizer, int stage)
{
    optimizer->stage_index = stage;
    log_compute(LOG_OPTIMIZER_STEP, LOG_BEGIN, stage, -1);
    optimizer->steps_done++;
}

void optimizer_step_end(struct optimizer *optimizer)
{
    log_compute(LOG_OPTIMIZER_STEP, LOG_END, optimizer->stage_index, -1);
}

/* Gradients that are not float32, or have a factor, are made so by blocks. */
static void step_by_blocks(struct optimizer *optimizer, size_t first, size_t count,
                           float *parameters, const void *gradients, enum dtype dtype,
                           double factor)
{
    /* Small ones stay in the processor's cache; a GPU wants much to do at once. */
    enum { SMALL = 4096, LARGE = 1 << 20 };
    const bool on_gpu = optimizer->device == DEVICE_CUDA;
    const size_t most = on_gpu ? LARGE : SMALL, together = count < most ? count : most;
    const struct kernels *kernels = kernels_for(optimizer->device);
    float small[SMALL];
    struct tensor *large = !on_gpu ? NULL
                                   : tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, optimizer->device,
                                                shape_flat(together));
    float *block = on_gpu ? tensor_floats(large) : small;
    for (size_t i = 0; i < count; i += together) {
        const size_t length = count - i < together ? count - i : together;
        if (dtype == DTYPE_FLOAT32)
            kernels->copy_blocks(1, length, (const float *)gradients + i, length, block, length);
        else
            kernels->widen(dtype, length, (const uint16_t *)gradients + i, block);
        kernels->scale(length, (float)factor, block);
        step_with(optimizer, first + i, length, parameters + i, block);
    }
    tensor_free(large);
}

void optimizer_step_on(struct optimizer *optimizer, size_t first, size_t count, float *parameters,
                       const void *gradients, enum dtype dtype, double factor)
{
    if (first > optimizer->count || count > optimizer->count - first)
        fatal("numbers %zu to %zu, of an optimizer for %zu", first, first + count,
              optimizer->count);
    charge(optimizer, count, dtype_bytes(dtype));
    if (count == 0 || optimizer->device == DEVICE_META)
        return;
    if (dtype == DTYPE_FLOAT32 && factor == 1.0)
        step_with(optimizer, first, count, parameters, gradients);
    else
        step_by_blocks(optimizer, first, count, parameters, gradients, dtype, factor);
}

int optimizer_states(const struct optimizer *optimizer)
{
    return optimizer->states;
}

static void need_state(const struct optimizer *optimizer, int i)
{
    if (i < 0 || i >= optimizer->states)
        fatal("state %d of an optimizer that has %d", i, optimizer->states);
}

const char *optimizer_state_name(const struct optimizer *optimizer, int i)
{
    need_state(optimizer, i);
    if (optimizer->options.kind == OPTIMIZER_SGD)
        return "momentum_buffer";
    return i == 0 ? "exp_avg" : "exp_avg_sq";
}

struct tensor *optimizer_state(struct optimizer *optimizer, int i)
{
    need_state(optimizer, i);
    return optimizer->state[i];
}

int optimizer_steps_done(const struct optimizer *optimizer)
{
    return optimizer->steps_done;
}

void optimizer_set_steps_done(struct optimizer *optimizer, int steps)
{
    if (steps < 0)
        fatal("%d steps done: it can't be less than 0", steps);
    optimizer->steps_done = steps;
}
