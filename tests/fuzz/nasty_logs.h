/*
 * For the fuzzers: logs whose records all hold and make no sense, many of one kind, in the last training step of
 * a good run.
 */
#ifndef TESTS_FUZZ_NASTY_LOGS_H
#define TESTS_FUZZ_NASTY_LOGS_H

#include "tests/fuzz/judged_runs.h"

enum nasty_log {
    NASTY_FORWARDS,      /* that begin and never end … */
    NASTY_BACKWARDS,     /* … likewise, each of another micro-batch */
    NASTY_PAIRS,         /* computations that end, of micro-batches that nobody has */
    NASTY_NESTED,        /* calls in calls, which end in turn */
    NASTY_SENDS,         /* that nobody receives, with one tag */
    NASTY_RECEIVES,      /* that nobody sends for, with one tag … */
    NASTY_RECEIVES_ANY,  /* … from anybody, with any */
    NASTY_MESSAGES,      /* with one tag, sent first and received much later */
    NASTY_TAGS,          /* each with another tag, received in the opposite order */
    NASTY_REQUESTS,      /* started, and waited for only at the end, the last one first */
    NASTY_WAITS,         /* for requests that there are not */
    NASTY_COLLECTIVES,   /* that only one rank calls … */
    NASTY_DISORDER,      /* … and that each calls in another order */
    NASTY_COMMUNICATORS, /* each collective in one of its own */
    NASTY_MEMBERS,       /* of communicators that are never used */
    NASTY_PARTS,         /* of one collective */
    NASTY_POLLS,         /* in vain */
    NASTY_WINDOWS,       /* puts that are never completed */
    NASTY_STEPS,         /* training steps in the step */
    NASTY_LOSSES,
    NASTY_STAGES,
    NASTY_MEMORY,    /* allocations and releases */
    NASTY_TRANSFERS, /* between device and host, of which most never end */
    NASTY_HELD,
    NASTY_CLOSE, /* comparisons */
    NASTY_OPTIMIZER,
    NASTY_ODD, /* any record at all, with odd values in any field */
    NASTY_LOGS
};

const char *nasty_log_name(enum nasty_log kind);

/* A copy of the outcomes, in which each rank's log has so many records more. Freed with nasty_logs_free. */
struct outcome *nasty_logs_put(const struct judged_runs *runs, enum nasty_log kind, int records);
void nasty_logs_free(const struct judged_runs *runs, struct outcome *outcomes);

#endif
