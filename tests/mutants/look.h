/*
 * Looking at mutants: each in a process of its own, several at the same time.
 *
 * A whole look takes all checks, with their pictures and the search for luck. A
 * hurried one takes the checks that the mutant is about, of each the first run;
 * if that does not decide as it should, all runs of them.
 */
#ifndef TESTS_MUTANTS_LOOK_H
#define TESTS_MUTANTS_LOOK_H

#include "tests/mutants/build.h"

#include <stdio.h>

#define MUTANTS_MOST_JOBS 7

/* What came of a mutant. */
struct mutant_result {
    GString *failed;    /* checks that failed by themselves, "a, b" */
    GString *named;     /* known mistakes that were named, "a; b" */
    GString *surprises; /* what is not as expected, a line each; empty: caught, or accepted */
    GString *verdicts;  /* "check passed; …": all that was decided */
    GString *headlines; /* of checks that failed by themselves, "check: headline", a line each;
                           "N s", "N MiB" for what is measured and differs from run to run */
    GString *causes;    /* what its report begins with, "mistake: headline" in the same way */
    bool all_runs;      /* a hurried look that had to take all runs */
    double seconds;
};

void mutant_result_init(struct mutant_result *result);

void mutant_result_clear(struct mutant_result *result);

enum mutant_look { MUTANT_ALL_CHECKS, MUTANT_FAST, MUTANT_FAST_ALL_RUNS };

/* A mutant to look at, and what came of it. */
struct mutant_work {
    const struct mutant *mutant;
    enum mutant_look look;
    struct mutant_result result;
    bool done;
    pid_t pid;
    gint64 began;
    FILE *answer; /* the process writes it, unseen by others */
};

/* What came of that mutant; NULL: it was not looked at. */
const struct mutant_work *mutants_work_of(const struct mutant *mutant,
                                          const struct mutant_work *work, guint number);

/* Looks at all of them, `jobs` at the same time, and calls `report` (may be NULL) with each as it is
 * done. False if processes can't be started. */
bool mutants_look(const struct mutants_kit *kit, struct mutant_work *work, guint number, int jobs,
                  void (*report)(const struct mutant_work *));

#endif
