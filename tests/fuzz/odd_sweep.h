/*
 * Every field of every kind of record in the logs of a run, set to every odd value, one at a time: is each judged?
 *
 * Not at random, and without a fuzzer: the same cases each time.
 */
#ifndef TESTS_FUZZ_ODD_SWEEP_H
#define TESTS_FUZZ_ODD_SWEEP_H

#include "tests/fuzz/judged_runs.h"

struct odd_sweep {
    int cases;      /* that there are … */
    int judged;     /* … and that were tried */
    int slow;       /* of these: took more than the undisturbed run does, by far */
    char last[256]; /* the last case that was begun: what to look at if it ends the program */
};

/* One of the first records of its kind (operation and phase) is changed, on the first rank and on the last; and
 * all of its kind on all ranks at once. Case number `first` and each `every`-th behind it are tried. Slow
 * ones are told to standard error. */
void odd_sweep(const struct judged_runs *runs, int first, int every, struct odd_sweep *sweep);

#endif
