/*
 * The judge's own truth for asynchronous training (PipeDream with weight
 * stashing, Narayanan et al. 2019): m micro-batches with an optimizer step
 * behind each, all stages in one process, one micro-batch after the other.
 *
 * On stage s of p micro-batch i uses, forwards and backwards, the parameters
 * after max(0, i - (p - 1 - s)) of the step's own optimizer steps. All of these
 * come before micro-batch i, so an order without any overlap gives the same
 * numbers. State of the optimizer (momentum and the like) is always the newest.
 *
 * Beside the right rule it computes what known mistakes compute.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_ASYNCHRONOUS_H
#define ASSIGNMENTS_PIPELINE_JUDGES_ASYNCHRONOUS_H

#include "assignments/pipeline/judges/stages.h"
#include "grader/truth/reference.h"

enum asynchronous_rule {
    ASYNCHRONOUS_RIGHT,
    ASYNCHRONOUS_NOT_STASHED,   /* backward with the newest parameters */
    ASYNCHRONOUS_STASH_UPDATED, /* the optimizer steps from the stashed parameters */
    ASYNCHRONOUS_NOT_ZEROED,    /* gradients add up from one micro-batch to the next */
    ASYNCHRONOUS_DIVIDED,       /* the loss scaled by 1/m */
    ASYNCHRONOUS_RULES
};

struct asynchronous {
    int stages;
    int micro_batches;
    struct stage **stage; /* with the newest parameters */
    struct optimizer **optimizer;
    struct tensor **version; /* [stage · stages + k % stages]: parameters after k steps */
    struct batch *batch;
};

/* How many optimizer steps lie behind the parameters that a micro-batch uses. */
int asynchronous_version(int stages, int stage, int micro_batch);

/* At the initial parameters. `reference` (model, data, options) and nothing else must outlive it;
 * layers are cut as in `stage`. The caller frees with asynchronous_free. */
struct asynchronous *asynchronous_new(const struct reference *reference,
                                      const struct evidence_stage *stage, int stages,
                                      int micro_batches);
void asynchronous_free(struct asynchronous *asynchronous); /* NULL is allowed */

/* The m micro-batches of one training step; returns the mean of their losses. */
double asynchronous_step(struct asynchronous *asynchronous, int step, enum asynchronous_rule rule);

/* New views (the caller frees them) of a parameter tensor of a layer of the model, or of
 * optimizer state `state` for it (-1: of the parameters themselves). */
struct tensor *asynchronous_tensor(const struct asynchronous *asynchronous, int layer,
                                   int parameter, int state);

#endif
