/*
 * Known mistakes of runs that did not come to their end, or whose collectives do not fit together.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_MISTAKES_OF_HANG_H
#define ASSIGNMENTS_DATA_JUDGES_MISTAKES_OF_HANG_H

#include "grader/diagnosis/diagnose.h"

const struct mistake *data_mistake_of_hang(const struct diagnosis *diagnosis, GString *cause);

/* Did a rank that had no sample in a step say nothing to the others in it, who did? The mistake, and in `cause` which
 * rank and step; else NULL. The logs may be cut off. */
const struct mistake *data_mistake_of_empty_share(const struct outcome *run, GString *cause);

#endif
