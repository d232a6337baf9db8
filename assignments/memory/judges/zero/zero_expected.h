/*
 * What one process makes of a training step, and how far rounding may be off it. For zero_state.c and those that explain.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_EXPECTED_H
#define ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_EXPECTED_H

#include "assignments/memory/judges/zero/zero_state.h"

bool memory_zero_is_adamw(const struct zero_step *step);
/* One process, from what the ranks had before: fills in gradient and clip, and the reference has the loss. */
void memory_zero_compute(struct zero_step *step);
/* Fills in `found`: the gradient that made the state behind the step of that before. */
void memory_zero_find_gradient(struct zero_step *step);
/* How far rounding of the state may put an element of that off. */
double memory_zero_noise(const struct zero_step *step, size_t i);
/* The first element of `found` that is not one process's, clipped, or whose tensor isn't; -1: all are. */
gssize memory_zero_first_wrong(const struct zero_step *step);
/* Where a parameter goes from the state that the ranks have behind the step; and how far rounding may put it off. */
double memory_zero_updated(const struct zero_step *step, size_t i);
double memory_zero_room(const struct zero_step *step, size_t i, double due);

/* The numbers of a rank's shard in an array of all parameters; for g_free. (zero_stale.c) */
float *memory_zero_own_of(const struct zero_step *step, int rank, const float *all, int *count);
/* Do the numbers of one rank's shard stand where another's begins in `due`? (zero_stale.c) */
bool memory_zero_lies_elsewhere(const float *found, int count, const float *due, int due_count);

#endif
