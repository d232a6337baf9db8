/*
 * Collective calls in time: of each, how long a rank waited in it and for whom,
 * how long it communicated, and what of it was hidden behind computation.
 *
 * A rank can't be done before the others that it needs something from have called,
 * too: of a broadcast the root, of an all-reduce all of them. Until the last of
 * those has, it waits for that one; the rest of its time in the call it
 * communicates. A neighbourhood collective needs the neighbours only from whom it gets
 * something.
 *
 * A non-blocking collective is in flight from its start until the rank is told
 * that it is complete, which may be later than it was. What of that time the rank
 * spent in computations is hidden; what it spent in waits for it is not, and is
 * divided as above. A wait for several counts for the one that was ready last, and
 * one for messages, too, for none.
 *
 * Times are the logs' clocks, nanoseconds.
 */
#ifndef GRADER_TRACE_COLLECTIVE_CALLS_H
#define GRADER_TRACE_COLLECTIVE_CALLS_H

#include "grader/trace/collectives.h"

#define NO_COLLECTIVE_CALL (-1)
#define NEVER_READY        UINT64_MAX

struct collective_call {
    int rank;
    int collective; /* of the struct collectives */
    enum log_operation operation;
    size_t begins; /* its record */
    size_t ends;   /* of a non-blocking one its LOG_COMPLETED; NO_RECORD: pending */
    uint64_t begin, end;
    uint64_t ready; /* when the last that it needs had called; NEVER_READY: one never did */
    int waits_for;  /* that one, if it came later than this rank; else LOG_NO_PEER */
    bool nonblocking;
    uint64_t bytes;                  /* that it hands in */
    uint64_t waiting, communicating; /* in the call, or in waits for it */
    uint64_t hidden;                 /* of a non-blocking one: in computations */
};

struct collective_calls {
    const struct collectives *collectives;
    int count;
    struct collective_call *call; /* by rank, and in order of begin */
    int ranks;
    /* by_record[rank][record]: the call that this begin of a collective, or of a wait, is about;
     * else NO_COLLECTIVE_CALL. */
    int **by_record;
    GArray **computed; /* [rank]: its computations; for collective_calls_computed */
};

/* Those that begin in a training step, or in REPLAY_ALL_STEPS (replay.h). A call that never returned
 * lasts until the last record of all ranks. The logs may be anything; `collectives` must stay. The
 * caller frees with collective_calls_free. */
struct collective_calls *collective_calls_new(const struct log_file *logs, int ranks,
                                              const struct collectives *collectives, int step);
void collective_calls_free(struct collective_calls *calls);

/* How long a rank computed between two clocks. */
uint64_t collective_calls_computed(const struct collective_calls *calls, int rank, uint64_t from,
                                   uint64_t until);

/* The group of a call; NULL: no log names it. */
const struct group *collective_call_group(const struct collective_calls *calls,
                                          const struct collective_call *call);

/* "all-reduce", "broadcast": what the field calls it, blocking or not. */
const char *collective_call_name(enum log_operation operation);

#endif
