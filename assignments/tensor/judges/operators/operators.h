/* The judges of the operators, and of the parts into which they split a dimension. Each opens with what is run,
 * what must hold, and what a failure means. */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_OPERATORS_OPERATORS_H
#define ASSIGNMENTS_TENSOR_JUDGES_OPERATORS_OPERATORS_H

#include "grader/verdict/judge.h"

judge_function tensor_judge_split, tensor_judge_operators;

#endif
