/* The judges of answers.md. Each opens with what must hold, and what a failure means. */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_ANSWERS_ANSWERS_H
#define ASSIGNMENTS_TENSOR_JUDGES_ANSWERS_ANSWERS_H

#include "grader/verdict/judge.h"

judge_function tensor_judge_answer_bytes;
judge_function tensor_judge_answer_dropout, tensor_judge_answer_norms, tensor_judge_answer_snippets;

#endif
