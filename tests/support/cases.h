/*
 * Many small mistakes in one submission of the example: it is built once, and a
 * rubric made for it has a check for each, which runs that one alone.
 */
#ifndef TESTS_SUPPORT_CASES_H
#define TESTS_SUPPORT_CASES_H

#include "tests/support/grading.h"

struct test_case {
    const char *name;
    /* C, at the begin of the first call of average(mine, comm), where `rank` and `ranks` are known.
     * It goes on with the solution. */
    const char *code;
    const char *at_start; /* C, before main; NULL: nothing */
    const char *at_exit;  /* C, when the program ends: `path` is rank 0's log, of `size` bytes */
    int ranks;            /* 0: 2 */
    double seconds;       /* the run's limit; 0: 8 */
    const char *keys;     /* further ones of the run, for the rubric; NULL: none */
    const char *status;   /* "passed", "failed" or "": not judged. NULL: not "failed" */
    const char *words[2]; /* told of it; NULL: whatever */
};

/* Writes average.c and the rubric, and grades: it may call whatever it likes. `before`: C before all functions. */
struct graded cases_run(const struct test_case *cases, int count, const char *before);

/* Fails the test if the verdict is not as it says. */
void cases_check(const struct test_case *one, const struct graded *graded);

#endif
