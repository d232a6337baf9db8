/*
 * The judge of a synchronised batch norm.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_NORMS_NORMS_H
#define ASSIGNMENTS_DATA_JUDGES_NORMS_NORMS_H

#include "grader/diagnosis/diagnose.h"

void data_judge_norms(const struct judgement *judgement, struct verdict *verdict);
/* For mistake_of_hang of struct assignment: of a run of --probe batch-norm; else NULL. */
const struct mistake *data_norm_mistake_of_hang(const struct diagnosis *diagnosis, GString *cause);

#endif
