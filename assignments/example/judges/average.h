/* The example's one judge. */
#ifndef ASSIGNMENTS_EXAMPLE_JUDGES_AVERAGE_H
#define ASSIGNMENTS_EXAMPLE_JUDGES_AVERAGE_H

#include "grader/verdict/judge.h"

judge_function example_judge_average;

#endif
