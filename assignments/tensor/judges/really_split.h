/*
 * Does each rank have its share of every weight, and no more?
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_REALLY_SPLIT_H
#define ASSIGNMENTS_TENSOR_JUDGES_REALLY_SPLIT_H

#include "grader/evidence/evidence.h"

/* Of a run with --log-memory that stored its gradients after step 0. False after setting the verdict. */
bool tensor_run_is_split(const struct outcome *run, struct verdict *verdict);

#endif
