/*
 * The calls of choose_parallelism by --probe choices: which jobs. Shared by the program and the judge.
 *
 * The first ones are the same in every run, each with something to find; the others are drawn from the seed.
 */
#ifndef ASSIGNMENTS_MEMORY_DECISION_CASES_H
#define ASSIGNMENTS_MEMORY_DECISION_CASES_H

#include "assignments/memory/arithmetic.h"

#include <stdint.h>

enum { DECISION_FIXED = 21, DECISION_DRAWN = 24, DECISION_CASES = DECISION_FIXED + DECISION_DRAWN };

struct decision_case {
    const char *name;
    struct job job;
};

struct decision_case decision_case_of(uint64_t seed, int number);

/* All sizes of the job, in one line. */
#define JOB_TEXT_SIZE 320
const char *job_text(const struct decision_case *one, char text[JOB_TEXT_SIZE]);

#endif
