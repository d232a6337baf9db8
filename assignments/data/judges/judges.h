/*
 * The judges of the data assignment; each one's file says what is run, what must hold and what a failure means.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_JUDGES_H
#define ASSIGNMENTS_DATA_JUDGES_JUDGES_H

#include "grader/verdict/judge.h"

judge_function data_judge_partition, data_judge_broadcast, data_judge_buckets, data_judge_averages;
judge_function data_judge_results;
judge_function data_judge_windows;

#endif
