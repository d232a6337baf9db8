/*
 * Do the ranks hand each other what the rounds of a model take (rounds.h), and no more?
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_TRAFFIC_H
#define ASSIGNMENTS_TENSOR_JUDGES_TRAFFIC_H

#include "grader/evidence/evidence.h"

/* In each forward and backward of a run. Sets the verdict to a failure, or remarks on what costs no points. */
bool tensor_traffic_is_frugal(const struct outcome *run, struct verdict *verdict);
/* That, but they may move more. */
bool tensor_traffic_is_no_less(const struct outcome *run, struct verdict *verdict);

#endif
