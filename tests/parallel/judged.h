/*
 * A run of one of the programs, judged by the grader's generic pieces alone: none of them knows what
 * the program is for. Only the truth, and the tables of what a wrong tensor can be made of, are
 * the program's own.
 */
#ifndef TESTS_PARALLEL_JUDGED_H
#define TESTS_PARALLEL_JUDGED_H

#include "grader/verdict/judge.h"

struct parallel_form {
    const char *program, *form; /* of programs/ */
    int ranks;
    const char *says;    /* a part of the headline; NULL: it is right */
    const char *mistake; /* its name, where the numbers tell it; else NULL */
};

/* Runs it and judges the run; to be freed by verdict_free. */
struct verdict *parallel_judge(const struct parallel_form *form, bool simulated);

#endif
