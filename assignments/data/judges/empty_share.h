/*
 * A rank that has no sample in a step takes part in it nevertheless.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_EMPTY_SHARE_H
#define ASSIGNMENTS_DATA_JUDGES_EMPTY_SHARE_H

#include "grader/verdict/judge.h"

/* Did a rank that had no sample in a step say nothing to the others in it, who did? The mistake, and in `cause` which
 * rank and step; else NULL. The logs may be cut off. */
const struct mistake *data_mistake_of_empty_share(const struct outcome *run, GString *cause);

#endif
