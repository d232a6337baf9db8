/*
 * The judges of an all-reduce of one's own.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_SUMS_SUMS_H
#define ASSIGNMENTS_DATA_JUDGES_SUMS_SUMS_H

#include "grader/verdict/judge.h"

void data_judge_sums(const struct judgement *judgement, struct verdict *verdict);

#endif
