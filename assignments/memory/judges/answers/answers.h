/* The judges of answers.md. Each opens with what must hold, and what a failure means. */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ANSWERS_ANSWERS_H
#define ASSIGNMENTS_MEMORY_JUDGES_ANSWERS_ANSWERS_H

#include "grader/verdict/judge.h"

judge_function memory_judge_answer_savings, memory_judge_answer_techniques;
judge_function memory_judge_answer_snippets;

#endif
