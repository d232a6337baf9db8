/*
 * Optimizers over flat ranges of parameters, as PyTorch's torch.optim.SGD and
 * torch.optim.AdamW (decoupled weight decay: Loshchilov & Hutter 2019) define them.
 */
#ifndef COMMON_TRAINING_OPTIMIZER_H
#define COMMON_TRAINING_OPTIMIZER_H

#include "common/training/stage.h"

enum optimizer_kind { OPTIMIZER_SGD, OPTIMIZER_ADAMW };

struct optimizer_options {
    enum optimizer_kind kind;
    double learning_rate;
    double momentum;     /* SGD */
    double weight_decay; /* AdamW */
    double beta1, beta2, epsilon;
};

struct optimizer; /* options, step count and state */

/* SGD: rate 0.05, momentum 0.9. AdamW: rate 1e-3, betas 0.9 and 0.999, epsilon 1e-8, decay 0.01. */
struct optimizer_options optimizer_defaults(enum optimizer_kind kind);

/* For all parameters of the stage, which must outlive the optimizer. */
struct optimizer *optimizer_new(const struct optimizer_options *options, struct stage *stage);
/* For `count` numbers that are no stage's own: a rank's shard of them, say. Its state is of that length. */
struct optimizer *optimizer_new_for(const struct optimizer_options *options, enum device device,
                                    size_t count);
/* The same with its state in the host's memory, MEMORY_HOST: its steps are computed there. */
struct optimizer *optimizer_new_on_host(const struct optimizer_options *options, enum device device,
                                        size_t count);
void optimizer_free(struct optimizer *optimizer);
/* One step with the gradients as they are; recorded in the log. Gradients are not zeroed. */
void optimizer_step(struct optimizer *optimizer);

/* A step of such an optimizer has a begin and an end, which are in the log; stage: whose numbers they are. */
void optimizer_step_begin(struct optimizer *optimizer, int stage);
void optimizer_step_end(struct optimizer *optimizer);
/* Between them: steps with its numbers first, …, first + count - 1, which are parameters[0 … count - 1] and whose gradients are
 * gradients[0 … count - 1], of a dtype, times factor. */
void optimizer_step_on(struct optimizer *optimizer, size_t first, size_t count, float *parameters,
                       const void *gradients, enum dtype dtype, double factor);

/* While it is held, optimizer_step does nothing: what steps at its end can be made a part of a larger step,
 * before whose end more is to be done with the gradients. */
void optimizer_hold(struct optimizer *optimizer, bool held);

/* State, to store and restore: flat tensors as long as the parameters, which stay the
 * optimizer's. SGD has 1, "momentum_buffer"; AdamW has 2, "exp_avg" and "exp_avg_sq". */
int optimizer_states(const struct optimizer *optimizer);
const char *optimizer_state_name(const struct optimizer *optimizer, int i);
struct tensor *optimizer_state(struct optimizer *optimizer, int i);
int optimizer_steps_done(const struct optimizer *optimizer);
void optimizer_set_steps_done(struct optimizer *optimizer, int steps);

#endif
