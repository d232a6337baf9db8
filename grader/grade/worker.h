/*
 * The work on one check, in a process of its own. It writes one JSON object per
 * line to a pipe: {"run": k} when a run begins, {"ran": …} when it ended,
 * {"judging": true}, and at last {"verdict": …}.
 */
#ifndef GRADER_GRADE_WORKER_H
#define GRADER_GRADE_WORKER_H

#include "grader/grade/grade.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

struct worker {
    pid_t pid;
    int pipe;         /* read end, non-blocking */
    int words;        /* a file with what it printed to standard error */
    GString *pending; /* read, but not yet a whole line */
    int slot;
    int run;      /* that goes on; 0: none yet */
    gint64 began; /* monotonic, microseconds */
    bool judging;
    double judging_seconds; /* for how long, of an idle machine's clock */
    bool has_verdict;
};

/* Forks a worker for a check. False if that is impossible. */
bool worker_start(struct worker *worker, const struct grade *grade,
                  const struct check_result *result, int slot);
/* Takes what the worker wrote into the result. */
void worker_read(struct worker *worker, struct check_result *result);
/* Has its process ended? It is left to worker_finish to collect it. */
bool worker_has_ended(const struct worker *worker);
/* Collects the worker after its end, or ends it; without a verdict, the result says why. */
void worker_finish(struct worker *worker, struct check_result *result, bool too_slow);

#endif
