/*
 * Optimizers over flat ranges of parameters, as PyTorch's torch.optim.SGD and
 * torch.optim.AdamW (decoupled weight decay: Loshchilov & Hutter 2019) define them.
 */
#ifndef COMMON_OPTIMIZER_H
#define COMMON_OPTIMIZER_H

#include "common/stage.h"

enum optimizer_kind { OPTIMIZER_SGD, OPTIMIZER_ADAMW };

struct optimizer_options {
    enum optimizer_kind kind;
    double learning_rate;
    double momentum;     /* SGD */
    double weight_decay; /* AdamW */
    double beta1, beta2, epsilon;
};

struct optimizer; /* options, step count and state */

struct optimizer_options optimizer_defaults(
    enum optimizer_kind kind); /* SGD 0.05, 0.9; AdamW 1e-3, 0.9, 0.999, 1e-8, 0.01 */

/* For all parameters of the stage, which must outlive the optimizer. */
struct optimizer *optimizer_new(const struct optimizer_options *options, struct stage *stage);
void optimizer_free(struct optimizer *optimizer);
/* One step with the gradients as they are; recorded in the log. Gradients are not zeroed. */
void optimizer_step(struct optimizer *optimizer);

/* State, to store and restore: flat tensors as long as the stage's parameters. */
int optimizer_states(const struct optimizer *optimizer); /* SGD: 1, AdamW: 2 */
const char *optimizer_state_name(const struct optimizer *optimizer,
                                 int i); /* "momentum_buffer"; "exp_avg", "exp_avg_sq" */
struct tensor *optimizer_state(struct optimizer *optimizer, int i); /* stays the optimizer's */
int optimizer_steps_done(const struct optimizer *optimizer);
void optimizer_set_steps_done(struct optimizer *optimizer, int steps);

#endif
