/*
 * What all ranks together have of a model in mixed precision before a step: parameters, masters and the optimizer's state,
 * each in one row, as the arena of all parameters has them.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_SNAPSHOT_H
#define ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_SNAPSHOT_H

#include "assignments/memory/judges/mixed/mixed_truth.h"

enum { MIXED_STATES = 2 };

struct mixed_snapshot {
    int step; /* that comes next */
    size_t count;
    float *parameters, *masters; /* masters NULL: with float32 there are none */
    int states;
    const char *state_name[MIXED_STATES];
    float *state[MIXED_STATES];
    gint64 *steps_done; /* [rank]: how often its optimizer has stepped; -1: it does not say */
    size_t *own; /* [rank]: how many numbers' masters it told, or where there are none, state */
};

/* NULL after setting the verdict to a failure: something is missing, on the wrong ranks, not the same on all ranks that have
 * it, or not finite. */
struct mixed_snapshot *mixed_snapshot_read(const struct outcome *run,
                                           const struct mixed_truth *truth, int step,
                                           struct verdict *verdict);
void mixed_snapshot_free(struct mixed_snapshot *snapshot); /* NULL is allowed */

/* "layers.3.weight, element 17": what number `place` of the row is. The caller frees. */
char *mixed_place_name(const struct mixed_truth *truth, size_t place);

#endif
