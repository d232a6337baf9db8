/*
 * Known mistakes of runs that did not come to their end, of ranks that share out state.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ZERO_MISTAKES_OF_HANG_H
#define ASSIGNMENTS_MEMORY_JUDGES_ZERO_MISTAKES_OF_HANG_H

#include "grader/diagnosis/diagnose.h"

/* For struct assignment: NULL, or the mistake, and in `cause` (appended) what the logs show. */
const struct mistake *memory_zero_mistake_of_hang(const struct diagnosis *diagnosis,
                                                  GString *cause);
/* The same of a run whose ranks' calls do not fit together, whether it came to its end or not. */
const struct mistake *memory_zero_mistake_of_calls(const struct outcome *run, GString *cause);

#endif
