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

#define MAX_STATES  2
#define SGD_FLOPS   4.0 /* per parameter */
#define ADAMW_FLOPS 13.0

struct optimizer {
    struct optimizer_options options;
    struct stage *stage;
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

struct optimizer *optimizer_new(const struct optimizer_options *options, struct stage *stage)
{
    struct tensor *parameters = stage_parameters(stage);
    struct optimizer *optimizer = memory_block_new(sizeof *optimizer);
    *optimizer = (struct optimizer){
        .options = *options, .stage = stage, .states = options->kind == OPTIMIZER_ADAMW ? 2 : 1};
    for (int i = 0; i < optimizer->states; i++) {
        optimizer->state[i] =
            tensor_new(MEMORY_OPTIMIZER, DTYPE_FLOAT32, parameters->device, parameters->shape);
        tensor_zero(optimizer->state[i]);
    }
    return optimizer;
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

void optimizer_step(struct optimizer *optimizer)
{
    if (optimizer->held)
        return;
    const struct optimizer_options *options = &optimizer->options;
    struct tensor *parameters = stage_parameters(optimizer->stage);
    const float *gradients = tensor_floats(stage_gradients(optimizer->stage));
    const struct kernels *kernels = kernels_for(parameters->device);
    size_t count = parameters->elements;
    bool adamw = options->kind == OPTIMIZER_ADAMW;

    log_compute(LOG_OPTIMIZER_STEP, LOG_BEGIN, stage_index(optimizer->stage), -1);
    optimizer->steps_done++;
    if (adamw)
        kernels->adamw_step(count, tensor_floats(parameters), tensor_floats(optimizer->state[0]),
                            tensor_floats(optimizer->state[1]), gradients,
                            adamw_factors(options, optimizer->steps_done));
    else
        kernels->sgd_step(count, tensor_floats(parameters), tensor_floats(optimizer->state[0]),
                          gradients, (float)options->learning_rate, (float)options->momentum);
    flops_charge((adamw ? ADAMW_FLOPS : SGD_FLOPS) * (double)count);
    log_compute_with(LOG_OPTIMIZER_STEP, LOG_END, stage_index(optimizer->stage), -1,
                     stage_parameters_fingerprint(optimizer->stage), 0);
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
