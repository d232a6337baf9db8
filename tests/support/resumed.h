/*
 * Runs that go on from a checkpoint, beside one that was never interrupted and knows nothing of
 * checkpoints: its learning curve, and its parameters, state and running averages as the evidence has
 * them.
 */
#ifndef TESTS_SUPPORT_RESUMED_H
#define TESTS_SUPPORT_RESUMED_H

#include "tests/support/run.h"

struct resumed {
    bool simulated;
    const char *program; /* as for test_run_program */
    const char *options; /* of every run */
    int ranks;
    int steps;
    char *folder; /* a new one, with evidence/, truth.csv, checkpoints/ and curve.csv */
};

/* Makes the folder and runs without interruption. */
void resumed_begin(struct resumed *resumed);
void resumed_end(struct resumed *resumed);
/* Another one with a folder of its own, in which is the same. */
struct resumed resumed_copy(const struct resumed *resumed);

/* Runs with --checkpoint EVERY and further options to the curve and the checkpoints of the folder. */
struct test_run resumed_run(const struct resumed *resumed, int ranks, int every,
                            const char *further);
/* The same; fails the test unless it ends well. */
void resumed_run_well(const struct resumed *resumed, int ranks, int every, const char *further);
/* Begins; takes 3 steps on resumed->ranks, with a checkpoint after every second and the last; and goes on to
 * the last on `ranks`. */
void resumed_goes_on(struct resumed *resumed, int ranks);
/* That; then fails the test unless the run that goes on is the uninterrupted one: on as many ranks to the bit, on
 * others, where sums have another order, by its losses up to 1e-5. Ends. */
void resumed_is_the_same(struct resumed *resumed, int ranks);
/* Fails the test unless the checkpoint of the last step, written by so many ranks, is to the bit what the
 * uninterrupted run ended with: rank by rank, where they are as many, else as wholes. */
void resumed_expect_same_numbers(const struct resumed *resumed, int ranks);
/* Fails the test unless losses and accuracies of the curves are the same to the bit. */
void resumed_expect_same_curve(const struct resumed *resumed);
/* Fails the test unless each loss is, relatively, no farther from that of the uninterrupted run. */
void resumed_expect_close_losses(const struct resumed *resumed, double relative);
/* Fails the test unless the checkpoints in the folder are those of these steps, ends with 0. */
void resumed_expect_steps(const struct resumed *resumed, const int steps[]);

#endif
