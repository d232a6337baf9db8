/*
 * The judges of what ranks share out; each one's file says what is run, what must hold and what a failure means.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_H
#define ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_H

#include "grader/verdict/judge.h"

judge_function memory_judge_shards;        /* shards.c */
judge_function memory_judge_zero;          /* zero.c: numbers, memory and traffic … */
judge_function memory_judge_zero_numbers;  /* … or numbers … */
judge_function memory_judge_zero_memory;   /* … or memory and traffic alone */
judge_function memory_judge_zero_training; /* zero_training.c */
judge_function memory_judge_clip;          /* clip.c */
judge_function memory_judge_prefetch;      /* prefetch.c */

#endif
