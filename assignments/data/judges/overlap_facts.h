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
    int last; /* the micro-batch whose backward comes last, whatever its number */
    /* [layer]: FLOPs until the last micro-batch's gradient had been added; NAN: it never was. */
    double *ready;
    double flops;     /* of the whole step … */
    double optimizer; /* … and of the optimizer in it */
    double bytes;     /* of all gradients */
    double summed;    /* bytes given to sums … */
    double begun;     /* … of them before the first layer's gradient was complete */
    double stood;     /* nanoseconds between the parts of the last micro-batch's backward */
    int under_way;    /* sums that were not waited for when the optimizer stepped … */
    int forgotten;    /* … nor at the end of the step */
    size_t
        early; /* begin of the first sum with which more is given than is complete; or NO_RECORD */
    int early_micro_batch; /* its backward is under way or was the last before; -1: none was */
    double early_ready;    /* bytes that were complete … */
    double early_begun;    /* … and were given to sums, this one included */
};

/* micro_batches: of this rank's share, at least 1. False: the log does not hold the whole step. The caller frees
 * ready (g_free). The model is the whole one, on each rank. */
bool overlap_facts_of(const struct log_file *log, int step, int micro_batches,
                      const struct model *model, struct overlap_facts *facts);

/* The known mistake behind a sum that is begun early (facts->early), or NULL. */
const struct mistake *overlap_early_mistake(const struct overlap_facts *facts);
/* That, or one about sums that are not waited for, or too late; or NULL. */
const struct mistake *overlap_mistake(const struct overlap_facts *facts);

#endif
