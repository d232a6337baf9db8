/*
 * The judges of the data assignment; each one's file says what is run, what must hold and what a failure means.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_JUDGES_H
#define ASSIGNMENTS_DATA_JUDGES_JUDGES_H

#include "grader/verdict/judge.h"

judge_function data_judge_results;
judge_function data_judge_windows;

#endif
