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
void optimizer_free(struct optimizer *optimizer);
/* One step with the gradients as they are; recorded in the log. Gradients are not zeroed. */
void optimizer_step(struct optimizer *optimizer);

/* While it is held, optimizer_step does nothing: what steps at its end can be made a part of a larger step,
 * before whose end more is to be done with the gradients. */
void optimizer_hold(struct optimizer *optimizer, bool held);

/* State, to store and restore: flat tensors as long as the stage's parameters, which stay the
 * optimizer's. SGD has 1, "momentum_buffer"; AdamW has 2, "exp_avg" and "exp_avg_sq". */
int optimizer_states(const struct optimizer *optimizer);
const char *optimizer_state_name(const struct optimizer *optimizer, int i);
struct tensor *optimizer_state(struct optimizer *optimizer, int i);
int optimizer_steps_done(const struct optimizer *optimizer);
void optimizer_set_steps_done(struct optimizer *optimizer, int steps);

#endif
