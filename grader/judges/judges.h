/*
 * The judges, one per file; table.c lists them for the rubric.
 */
#ifndef GRADER_JUDGES_JUDGES_H
#define GRADER_JUDGES_JUDGES_H

#include "grader/judge.h"

judge_function judge_gradients;
judge_function judge_windows;
judge_function judge_pipedream;
judge_function judge_distribute;
judge_function judge_arguments;
judge_function judge_communicate;
judge_function judge_data;
judge_function judge_comparison;
judge_function judge_order;
judge_function judge_parallel;
judge_function judge_race;
judge_function judge_memory;
judge_function judge_luck;
judge_function judge_own_stage;
judge_function judge_loss_falls;
judge_function judge_answer_shape;
judge_function judge_answer_data;
judge_function judge_answer_table;

#endif
