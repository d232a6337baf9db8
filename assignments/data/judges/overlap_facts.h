/*
 * When a rank's gradients were complete in a step, and when it began to add them up over the ranks: what the
 * judges of overlap read from its log.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_OVERLAP_FACTS_H
#define ASSIGNMENTS_DATA_JUDGES_OVERLAP_FACTS_H

#include "grader/evidence/evidence.h"

/* Of one rank in one step. Sums are collective calls that reduce, blocking or not; those of a few bytes (a loss)
 * do not count. FLOPs are counted from the step's begin. */
struct overlap_facts {
    int layers;
    double *
        ready; /* [layer]: FLOPs until the last micro-batch's gradient had been added; NAN: it never was */
    double flops;     /* of the whole step … */
    double optimizer; /* … and of the optimizer in it */
    double bytes;     /* of all gradients */
    double summed;    /* bytes given to sums */
    double begun;     /* … of them before the first layer's gradient was complete */
    double stood;     /* nanoseconds between the parts of the last micro-batch's backward */
    size_t
        early; /* begin of the first sum that is given more than was complete; NO_RECORD: there is none … */
    int early_micro_batch; /* … the micro-batch whose backward it stands in or behind; -1: before any … */
    double early_ready; /* … and the bytes that were complete, … */
    double early_begun; /* … and were given to sums, it included */
};

/* micro_batches: of this rank's share, at least 1. False: the log does not hold the whole step. The caller frees
 * ready (g_free). The model is the whole one, on each rank. */
bool overlap_facts_of(const struct log_file *log, int step, int micro_batches,
                      const struct model *model, struct overlap_facts *facts);

/* The known mistake behind a sum that is begun early (facts->early), or NULL. */
const struct mistake *overlap_early_mistake(const struct overlap_facts *facts, int micro_batches);

#endif
