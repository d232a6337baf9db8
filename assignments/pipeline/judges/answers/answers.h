/* The judges of answers.md that compare with a right answer. Each opens with what must hold, and what a failure means. */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_ANSWERS_ANSWERS_H
#define ASSIGNMENTS_PIPELINE_JUDGES_ANSWERS_ANSWERS_H

#include "grader/verdict/judge.h"

judge_function judge_answer_shape, judge_answer_data;

#endif
