/*
 * What every check of a training run rests on.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_WORK_H
#define ASSIGNMENTS_DATA_JUDGES_WORK_H

#include "grader/evidence/evidence.h"

/* Did each rank run every micro-batch of its share forward and backward once, at the cost of its part of the
 * model, and nothing of another's share? False after setting the verdict to a failure. */
bool data_work_is_sound(const struct outcome *run, struct verdict *verdict);

#endif
