/*
 * Which calls make a step longer than it has to be?
 *
 * A call that waits is taken out of the replay, and the step replayed again: what that saves is what
 * the call costs. Only what nothing needs is taken out: collectives, waits for sends, and receives
 * that are waited for before another computation than the one that uses them; such a receive is then
 * waited for where it is used. A receive that the next computation needs stays.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_PARALLEL_WAITS_H
#define ASSIGNMENTS_PIPELINE_JUDGES_PARALLEL_WAITS_H

#include "grader/evidence/evidence.h"
#include "grader/trace/replay.h"

/* The calls of one kind on one line. */
struct wait_site {
    enum log_operation operation; /* as it was called: LOG_BARRIER, LOG_WAIT … */
    uint64_t caller;
    int calls;    /* of all ranks in the step */
    int ranks;    /* that made them */
    bool early;   /* it waits for what is received and not needed yet */
    double saves; /* FLOPs of makespan, if it did not wait */
};

/* Those that cost anything, the most expensive first: an array of struct wait_site to g_array_unref.
 * replay: of the step with these options. */
GArray *wait_sites_find(const struct outcome *run, const struct matching *matching,
                        const struct replay *replay, struct replay_options options);

/* "MPI_Barrier at step.c:31 (take_step), called 32 times"; the caller frees it. */
char *wait_site_text(const struct outcome *run, const struct wait_site *site);

#endif
