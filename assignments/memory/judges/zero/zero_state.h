/*
 * Are parameters and optimizer state, whoever has which shard of them, what one process has?
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_STATE_H
#define ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_STATE_H

#include "assignments/memory/judges/zero/zero_snapshot.h"

/* One training step between two snapshots, and what one process makes of it. Arrays are as long as the model has
 * parameters. */
struct zero_step {
    const struct outcome *run;
    struct reference *reference; /* at the parameters before the step */
    int step;
    int zero_stage;
    const struct zero_snapshot *before, *after;
    float *parameters;     /* before */
    float *state, *second; /* before; second: of AdamW alone, else NULL */
    float *state_behind, *second_behind;
    float *gradient;     /* of one process, not clipped */
    double clip;         /* by what it has to be multiplied */
    float *found;        /* the gradient that the ranks' state was made from */
    float *found_before; /* in the step before; NULL: there is none */
};

/* Of a run with float32, which stores snapshots before steps: those that follow each other are compared. Sets the verdict to a
 * failure unless they are right, the losses, too, and the optimizer steps once in each step. Clips as --clip says. */
bool memory_zero_state_is_right(const struct outcome *run, struct verdict *verdict);

/* Names the known mistake that made step->found of one process's gradient, if it is one. (zero_explain.c) */
void memory_zero_explain_gradient(struct zero_step *step, struct verdict *verdict);
/* The same where clipping is why. (zero_clipped.c) */
bool memory_zero_explain_clip(const struct zero_step *step, struct verdict *verdict);
/* Why a rank's parameters are not `due`. (zero_stale.c) */
void memory_zero_explain_parameters(const struct zero_step *step, int rank, const double *due,
                                    struct verdict *verdict);

#endif
