/*
 * The clock of a run on the simulated cluster, and whether it agrees with the
 * replay.
 *
 * On the platform "free" a FLOP takes a nanosecond and messages take none, so
 * that simulator and replay must find the same makespan. Where they do not, one
 * of them is wrong: that is no fault of the student's.
 */
#ifndef GRADER_JUDGES_SIMULATED_H
#define GRADER_JUDGES_SIMULATED_H

#include "grader/judges/evidence.h"
#include "grader/match.h"

/* The clocks of one training step. */
struct simulated_step {
    double began;    /* the first rank's begin, by the run's clock: nanoseconds */
    double *begin;   /* [rank]: nanoseconds behind that */
    double makespan; /* nanoseconds until the last rank's last computation or message */
};

/* False if some rank's log does not hold the whole step. The caller frees begin (g_free). */
bool simulated_step(const struct outcome *run, int step, struct simulated_step *result);

/* On the simulated platform "free": compares the step's makespan with that of the replay, and
 * tells both. Anywhere else it does nothing. Where they differ the verdict becomes "not judged", or
 * a failure if a rank slept, and the result is false. */
bool simulated_agrees(const struct outcome *run, const struct matching *matching, int step,
                      struct verdict *verdict);

#endif
