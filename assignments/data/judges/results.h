/*
 * Shared by the judges that compare a run with one process: results*.c.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_RESULTS_H
#define ASSIGNMENTS_DATA_JUDGES_RESULTS_H

#include "grader/evidence/wholes.h"
#include "grader/truth/reference.h"

/* A gradient of which some rank's copy or slice is not what one process computes. */
struct wrong_gradient {
    int layer, parameter;
    const struct whole *whole;
    struct tensor *expected;
    guint first_wrong; /* of its parts */
};

/* A step of a run, beside the same in one process. */
struct results {
    const struct outcome *run;
    struct shares *shares;
    struct reference *reference;
    struct wholes *after;
    int step;
    GArray *wrong; /* of struct wrong_gradient, from the loss backwards */
    struct tensor *
        before; /* all gradients that the step before ended with, as one process has them; or NULL */
};

/* The shares of a run, every step's batch put together; and the reference for them. False after setting the
 * verdict. A caller frees both. */
bool data_shares_of(const struct outcome *run, struct shares **shares, struct reference **reference,
                    struct verdict *verdict);
/* The replica that a rank belongs to, of those that share a batch: ranks with the same samples are of one. Numbered
 * by the places of their shares in the first step. */
int data_replica_of(const struct shares *shares, int rank);

/* Fails the run unless outputs, loss and gradients of each step that it stores are those of one process; each
 * optimizer stepped once; and before each step that it stores all copies of a parameter, on whatever ranks,
 * have the same bits. */
void data_judge_results_of(const struct judgement *judgement, const struct outcome *run,
                           struct verdict *verdict);

/* Have all copies in the snapshots before a step the same bits? False after setting the verdict. */
bool data_copies_are_equal(const struct outcome *run, int step, struct verdict *verdict);

/* Which known mistake the gradients show, if one (results_explain.c). */
void data_results_explain(struct results *c, struct verdict *verdict);

#endif
