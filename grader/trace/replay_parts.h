/*
 * Shared by replay.c, replay_waits.c and replay_collectives.c, and nobody else.
 */
#ifndef GRADER_TRACE_REPLAY_PARTS_H
#define GRADER_TRACE_REPLAY_PARTS_H

#include "grader/trace/collectives.h"
#include "grader/trace/replay.h"

#include <glib.h>

/* A rank that is replayed. */
struct actor {
    const struct log_file *log;
    size_t first, last; /* the records that are replayed: first … last-1 */
    size_t at;          /* the next one */
    double clock;
    int depth;         /* of computations that are open */
    size_t open_call;  /* begin of the MPI call that is open, or NO_RECORD */
    GArray *intervals; /* of struct interval */
    GArray *open;      /* of guint: intervals that have no end yet */
    double busy;
    int waits_for; /* why it can't go on */
};

/* How many ranks have entered a collective, and when the last of them did. */
struct gathering {
    int present;
    double latest;
    uint64_t most_bytes; /* what its root gives or gets, or the little that the others do */
};

struct play {
    struct replay_options options;
    int ranks;
    const struct log_file *logs;
    struct actor *actor;
    const struct matching *matching;
    struct collectives *collectives;
    bool explain;    /* nobody can go on: say for whom each waits, which takes time to find out */
    double *sent;    /* [message]: when it was sent; NaN: not yet */
    double *posted;  /* [message]: when its receive was posted */
    double *entered; /* [slot of the collectives] */
    struct gathering *gathering; /* [collective] */
};

/* Each of these returns the time at which something is so, or NaN while it is not known; then
 * waits_for says whose turn it is. */

/* This rank enters a collective. */
void replay_enter(struct play *play, int collective, int rank, double time);

/* A message was sent. */
double replay_message_sent(const struct play *play, int message, int *waits_for);
/* What a LOG_WAITING_FOR or LOG_COMPLETED is about. */
double replay_request_complete(const struct play *play, int rank, size_t record, int *waits_for);
/* When does the call between these two records return (end: NO_RECORD if it did not)? A wait that
 * did return is not asked: its LOG_COMPLETED records say what it waited for. */
double replay_call_complete(const struct play *play, int rank, size_t begin, size_t end,
                            int *waits_for);
/* A collective, for this rank: replay_collectives.c. */
double replay_collective_complete(const struct play *play, int collective, int rank,
                                  int *waits_for);
/* A wait that never returned: all, or any, of what it waits for. */
double replay_pending_wait(const struct play *play, int rank, size_t begin, int *waits_for);

#endif
