/*
 * Do the ranks hand each other what the rounds of a model take (rounds.h), and no more?
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_TRAFFIC_H
#define ASSIGNMENTS_TENSOR_JUDGES_TRAFFIC_H

#include "grader/evidence/evidence.h"

/* In each forward and backward of a run. padded_gathers: a gather may be a sum of what is zero on all ranks
 * but one, which takes twice the bytes. Sets the verdict to a failure, or remarks on what costs no points. */
bool tensor_traffic_is_frugal(const struct outcome *run, bool padded_gathers,
                              struct verdict *verdict);

#endif
