/*
 * Known mistakes of sequence parallelism: what wrong gradients, missing bytes, and the difference between right
 * runs and wrong ones show.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_SEQUENCE_MISTAKES_H
#define ASSIGNMENTS_TENSOR_JUDGES_SEQUENCE_MISTAKES_H

#include "grader/truth/reference.h"
#include "grader/verdict/judge.h"

/* False after setting the verdict to a failure, where the ranks' copies of the first step's gradients show a
 * mistake by themselves. The reference has computed that step, here and below. */
bool tensor_sequence_copies_are_right(const struct outcome *run, const struct reference *reference,
                                      struct verdict *verdict);
/* Of a run that failed: where its outputs are right, and as many bytes are missing as the sums of dx take, names
 * that. */
void tensor_sequence_name_missing_sums(const struct outcome *run, const struct reference *reference,
                                       struct verdict *verdict);
/* Of a check that failed: names what the runs have in common that begin wrong, and those that begin right have
 * not. */
void tensor_sequence_compare_runs(const struct judgement *judgement, struct verdict *verdict);

#endif
