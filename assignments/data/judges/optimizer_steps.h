/*
 * How often the optimizers stepped.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_OPTIMIZER_STEPS_H
#define ASSIGNMENTS_DATA_JUDGES_OPTIMIZER_STEPS_H

#include "grader/evidence/evidence.h"

/* Did the optimizer of every rank step once in each training step from `first` to `last`? False after setting the
 * verdict to a failure. */
bool data_optimizers_stepped_once(const struct outcome *run, int first, int last,
                                  struct verdict *verdict);

#endif
