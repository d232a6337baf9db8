/*
 * The clock of a run on the simulated cluster, and whether it agrees with the
 * replay.
 *
 * On the platform "free" a FLOP takes a nanosecond and messages take none, so
 * that simulator and replay must find the same makespan. Where they do not, one
 * of them is wrong: that is no fault of the student's.
 */
#ifndef GRADER_EVIDENCE_SIMULATED_H
#define GRADER_EVIDENCE_SIMULATED_H

#include "grader/evidence/evidence.h"
#include "grader/trace/match.h"

/* The clocks of one training step. */
struct simulated_step {
    double began;    /* the first rank's begin, by the run's clock: nanoseconds */
    double *begin;   /* [rank]: nanoseconds behind that */
    double makespan; /* nanoseconds until the last rank's last computation or message */
};

/* False if some rank's log does not hold the whole step. The caller frees begin (g_free). */
bool simulated_step(const struct outcome *run, int step, struct simulated_step *result);

/* On the simulated platform "free": compares the step's makespan with that of the replay, and
 * tells both. Anywhere else it does nothing. Where they differ and the ranks' own doing explains it,
 * that is told: it is fine if they looked at the clock or tested for messages, and a failure if they
 * slept, computed outside of their stages or tested too rarely. Where nothing explains it, the verdict
 * becomes "not judged". False if the verdict is a failure or not judged. */
bool simulated_agrees(const struct outcome *run, const struct matching *matching, int step,
                      struct verdict *verdict);

#endif
