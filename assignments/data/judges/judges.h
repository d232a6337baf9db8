/*
 * The judges of the data assignment; each one's file says what is run, what must hold and what a failure means.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_JUDGES_H
#define ASSIGNMENTS_DATA_JUDGES_JUDGES_H

#include "grader/verdict/judge.h"

judge_function data_judge_partition, data_judge_broadcast, data_judge_buckets, data_judge_averages;
judge_function data_judge_results;
judge_function data_judge_own_sums;
judge_function data_judge_windows;
judge_function data_judge_groups, data_judge_hybrid, data_judge_hybrid_messages;
judge_function data_judge_three_dimensions, data_judge_tied_embedding;
judge_function data_judge_norm_training;
judge_function data_judge_overlap_gradients;
judge_function data_judge_overlap;

#endif
