/*
 * Timelines: who did what, when; what pictures of runs draw.
 *
 * A timeline comes from the clocks in the logs of a run (real or simulated), or
 * from a replay, which has no clock, or from a reference for either. Its time
 * begins where the first forward begins. The makespan ends with the last
 * backward: what the optimizer does behind it is drawn, but does not count.
 * Idle is what is neither a forward nor a backward; the bubble is
 * idle / makespan ("of makespan"), the mean over the ranks. A call inside of a
 * forward or backward interrupts it: the time in it is no computation.
 *
 * A collective is waiting until the last that the rank needs has called, and
 * communicating from then on; one that is not blocking is in flight beside what
 * the rank does meanwhile (collective_calls.h). So is a transfer between device and
 * host, from when its link began with it until it was done.
 */
#ifndef GRADER_TRACE_TIMELINE_H
#define GRADER_TRACE_TIMELINE_H

#include "grader/trace/collective_calls.h"
#include "grader/trace/replay.h"

#include <glib.h>

enum timeline_kind {
    TIMELINE_FORWARD,
    TIMELINE_BACKWARD, /* both halves */
    TIMELINE_BACKWARD_INPUT,
    TIMELINE_BACKWARD_WEIGHT,
    TIMELINE_OPTIMIZER,
    TIMELINE_SENDING,       /* in a call that sends */
    TIMELINE_WAITING,       /* in a receive, a wait, a probe or a collective */
    TIMELINE_COMMUNICATING, /* in a collective, or a wait for one, that all have come to */
    TIMELINE_IN_FLIGHT,     /* a non-blocking collective, from its start until it was complete */
    TIMELINE_TRANSFER,      /* between device and host, while it moved */
    TIMELINE_KINDS
};

enum timeline_unit { TIMELINE_NANOSECONDS, TIMELINE_FLOPS, TIMELINE_FORWARDS };

struct timeline_bar {
    enum timeline_kind kind;
    int stage, micro_batch; /* -1: none */
    double begin, end;
    int stage_of_rank; /* the how-manieth of its rank's stages that is, from 0 */
    int call;          /* the collective that it is about, of the timeline's calls;
                          else NO_COLLECTIVE_CALL */
    int lane;          /* of what is in flight at one time, from 0 */
};

struct timeline {
    enum timeline_unit unit;
    int ranks;
    int stages, micro_batches;       /* one past the largest that was seen */
    int stages_of_rank;              /* the most stages that were seen on one rank */
    GArray **bar;                    /* [rank], of struct timeline_bar, in order of their begin */
    double makespan;                 /* the last backward's end */
    double end;                      /* of all bars */
    double *busy;                    /* [rank]: forwards and backwards */
    bool stuck;                      /* the run never came to the end of the step */
    int lanes;                       /* the most collectives and transfers in flight at one time */
    struct collectives *collectives; /* of the run; NULL: the timeline is not of logs */
    struct collective_calls *calls;  /* of the step; likewise */
};

#define TIMELINE_LAST_STEP (-2) /* the last training step that any rank began */

/* Its number; REPLAY_ALL_STEPS: the logs have no steps. */
int timeline_last_step(const struct log_file *logs, int ranks);

/* From the clocks of a run: one training step, REPLAY_ALL_STEPS or TIMELINE_LAST_STEP; nanoseconds.
 * logs[r] is rank r's. A call that never returned lasts until the last record of all ranks. A log
 * without steps is taken as a whole. The caller frees with timeline_free. */
struct timeline *timeline_of_logs(const struct log_file *logs, int ranks, int step);

/* From a replay; it has no sending and no waiting. */
struct timeline *timeline_of_replay(const struct replay *replay, enum timeline_unit unit);

void timeline_free(struct timeline *timeline);

/* Idle share of makespan, 0 for an empty timeline. */
double timeline_bubble(const struct timeline *timeline);

/* The computations of a timeline in the form of a replay. The caller frees with replay_free. */
struct replay *timeline_computations(const struct timeline *timeline);

#endif
