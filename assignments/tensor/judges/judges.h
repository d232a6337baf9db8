/* The tensor assignment's judges. Each opens with what is run, what must hold, and what a failure means. */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_JUDGES_H
#define ASSIGNMENTS_TENSOR_JUDGES_JUDGES_H

#include "grader/verdict/judge.h"

judge_function tensor_judge_windows, tensor_judge_gradients, tensor_judge_traffic,
    tensor_judge_collectives, tensor_judge_really_split, tensor_judge_overlap;
judge_function tensor_judge_split;
judge_function tensor_judge_operators;
judge_function tensor_judge_forms;
judge_function tensor_judge_windows;
judge_function tensor_judge_layers, tensor_judge_windows;
judge_function tensor_judge_block;
judge_function tensor_judge_attention, tensor_judge_vocabulary;
/* What judge "windows" does with one run. */
void tensor_judge_windows_of(const struct judgement *judgement, const struct outcome *run,
                             struct verdict *verdict);
judge_function tensor_judge_counts;
judge_function tensor_judge_norm;
judge_function tensor_judge_both_norms;
judge_function tensor_judge_scaling;
judge_function tensor_judge_answer_bytes;
judge_function tensor_judge_answer_dropout;
judge_function tensor_judge_answer_norms;
judge_function tensor_judge_answer_snippets;
judge_function tensor_judge_sequence_parallel;
judge_function tensor_judge_one_weird_trick;

#endif
