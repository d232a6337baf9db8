/*
 * A trial from inside: for the files trial*.c, and nobody else.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_TRIAL_PARTS_H
#define ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_TRIAL_PARTS_H

#include "assignments/memory/judges/recomputation/trial.h"
#include "common/training/batch.h"
#include "common/training/optimizer.h"

/* What a rank has. */
struct lane {
    struct stage *stage;
    struct optimizer *optimizer;
    struct manner_run *manner;
    struct tensor **y, **dx; /* of each micro-batch: on their way to the neighbours */
    const struct computations *order;
    guint next; /* of these */
};

struct training {
    const struct outcome *run;
    const struct options *options;
    struct model *model;
    struct batch *batch;
    int lanes, micro_batches;
    bool are_stages; /* else replicas */
    struct lane *lane;
    struct trial *trial;
};

/* Has this rank the last layers? */
static inline bool recomputation_trial_is_last(const struct training *training, int lane)
{
    return !training->are_stages || lane == training->lanes - 1;
}

/* trial_store.c: what each rank's evidence has of this moment, where the options ask for it. */
void recomputation_trial_store_before(struct training *training, int step);
void recomputation_trial_store_after(struct training *training, int step);

#endif
