/*
 * The judge of an all-reduce of one's own.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_SUMS_SUMS_H
#define ASSIGNMENTS_DATA_JUDGES_SUMS_SUMS_H

#include "grader/diagnosis/diagnose.h"

void data_judge_sums(const struct judgement *judgement, struct verdict *verdict);
/* One of MPI's collectives does what the student's own messages should. */
extern const struct mistake data_sum_by_collective;
/* For mistake_of_hang of struct assignment: of a run of --probe all-reduce; else NULL. */
const struct mistake *data_sum_mistake_of_hang(const struct diagnosis *diagnosis, GString *cause);

#endif
