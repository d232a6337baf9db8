/*
 * What layers say of their costs (struct custom_layer: forward_flops …), beside a rank's share of the work.
 *
 * Nothing in a run depends on it: what is computed charges itself. But who hands out layers, or plans ahead, reckons
 * with what they say. So it is a remark, and costs no points.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_TOLD_COSTS_H
#define ASSIGNMENTS_TENSOR_JUDGES_TOLD_COSTS_H

#include "assignments/tensor/judges/facts/places.h"
#include "grader/evidence/wholes.h"

/* Of all ranks, as the files of the gradients have it. Adds a remark about the first that is wrong, if there is
 * none yet. */
void tensor_told_costs_remark(const struct tensor_places *places, const struct outcome *run,
                              const struct wholes *after, struct verdict *verdict);

#endif
