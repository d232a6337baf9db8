/*
 * The work that every check of a training run is about: was it done, by all ranks, each its share?
 *
 * On every rank each micro-batch of each step went forwards and backwards once, and each of these cost what a
 * rank's share of the layers costs. Whose ranks compute the whole model has split nothing, and whose compute
 * next to nothing got the numbers from elsewhere, or did not use the kit's arithmetic: neither shows that it
 * works.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_WORK_H
#define ASSIGNMENTS_TENSOR_JUDGES_WORK_H

#include "grader/evidence/evidence.h"

/* Of a run that finished. Sets the verdict to a failure where it does not hold. A probe, which does not
 * train, is sound. */
bool tensor_work_is_sound(const struct outcome *run, struct verdict *verdict);

#endif
