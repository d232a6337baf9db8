/* The judges of answers.md. Each opens with what must hold, and what a failure means. */
#ifndef ASSIGNMENTS_DATA_JUDGES_ANSWERS_ANSWERS_H
#define ASSIGNMENTS_DATA_JUDGES_ANSWERS_ANSWERS_H

#include "grader/verdict/judge.h"

judge_function data_judge_answer_messages, data_judge_answer_groups, data_judge_answer_speed_up;
judge_function data_judge_answer_norms, data_judge_answer_snippets;

#endif
