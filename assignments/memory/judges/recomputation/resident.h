/*
 * Memory outside of the accounting: what a process grew by, beside what its tensors take.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_RESIDENT_H
#define ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_RESIDENT_H

#include "assignments/memory/judges/recomputation/costs.h"

/* Sets the verdict to a failure if a rank's process grew by more than the judge's own activations, what the optimizer
 * touches for the first time, and 24 MiB (libraries, message buffers, the log). Not on the simulated cluster, where all
 * ranks are one process. */
void resident_is_small(const struct recomputation_case *one, struct verdict *verdict);

#endif
