/*
 * The judges of recomputation.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_RECOMPUTE_H
#define ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_RECOMPUTE_H

#include "grader/diagnosis/diagnose.h"

void memory_judge_recompute(const struct judgement *judgement, struct verdict *verdict);
void memory_judge_recompute_memory(const struct judgement *judgement, struct verdict *verdict);
void memory_judge_recompute_pipeline(const struct judgement *judgement, struct verdict *verdict);
void memory_judge_selective(const struct judgement *judgement, struct verdict *verdict);

/* For mistake_of_hang of struct assignment: of a run that recomputes; else NULL. */
const struct mistake *memory_recompute_mistake_of_hang(const struct diagnosis *diagnosis,
                                                       GString *cause);

#endif
