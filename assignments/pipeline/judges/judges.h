/*
 * The pipeline's judges, one per file; assignment.c lists them for the rubric.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_JUDGES_H
#define ASSIGNMENTS_PIPELINE_JUDGES_JUDGES_H

#include "grader/verdict/judge.h"

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
judge_function judge_own_stage;
judge_function judge_answer_table;

#endif
