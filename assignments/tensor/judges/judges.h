/* The tensor assignment's judges of runs, and those that put others together; answers/, operators/ and layers/
 * have a header of their own. Each opens with what is run, what must hold, and what a failure means. */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_JUDGES_H
#define ASSIGNMENTS_TENSOR_JUDGES_JUDGES_H

#include "grader/verdict/judge.h"

judge_function tensor_judge_forms;
judge_function tensor_judge_gradients, tensor_judge_windows;
judge_function tensor_judge_traffic, tensor_judge_collectives, tensor_judge_overlap;
judge_function tensor_judge_really_split, tensor_judge_counts, tensor_judge_scaling;
judge_function tensor_judge_sequence_parallel, tensor_judge_one_weird_trick;
judge_function tensor_judge_attention, tensor_judge_vocabulary;
judge_function tensor_judge_norm, tensor_judge_both_norms, tensor_judge_block;
/* What judges "gradients" and "windows" do with one run. */
void tensor_judge_gradients_of(const struct judgement *judgement, const struct outcome *run,
                               struct verdict *verdict);
void tensor_judge_windows_of(const struct judgement *judgement, const struct outcome *run,
                             struct verdict *verdict);

#endif
