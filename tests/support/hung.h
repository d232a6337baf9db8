/*
 * Runs a program that hangs, on this computer or on the simulated cluster, and
 * makes an outcome of what it leaves behind. The grader's own watch ends it, with
 * less patience.
 */
#ifndef TESTS_SUPPORT_HUNG_H
#define TESTS_SUPPORT_HUNG_H

#include "grader/diagnosis/diagnose.h"
#include "grader/verdict/assignment.h"

struct hung {
    struct outcome outcome;
    char *folder;
    char *program;
};

/* program: as in test_program(); way: its last argument; assignment: who knows more about it, or NULL.
 * hung_clear() afterwards. */
void hung_run(struct hung *hung, const char *program, const char *way, int ranks, bool simulated,
              bool synchronous, const struct assignment *assignment);
void hung_clear(struct hung *hung);

/* One way to hang, and what must be said about it. Ranks are digits, cycles in the order of waiting. */
struct hang {
    const char *program, *way;
    int ranks;
    enum { HANG_REAL = 1, HANG_SIMULATED = 2, HANG_BOTH = 3 } machines;
    enum diagnosis_kind kind;
    const char *cycle, *tails; /* tails NULL: whatever they are */
    int culprit;               /* HANG_ANY_CULPRIT: whoever it is */
    const char *headline;      /* a part of it */
    const char *text, *more;   /* parts of the Markdown; NULL: none */
    const char *mistake;       /* NULL: none */
};
#define HANG_ANY_CULPRIT (-2)

/* Lets it hang on one of the machines, if it is for that; fails the test if anything else is said. */
void hung_check(const struct hang *hang, bool simulated, const struct assignment *assignment);

/* Fails the test if `all` does not hold `part`, which may be NULL. */
void hung_assert_part(const char *all, const char *part);

#endif
