/*
 * Shared by the collective_*.c files, and nobody else.
 */
#ifndef GRADER_TRACE_COLLECTIVE_CALLS_PARTS_H
#define GRADER_TRACE_COLLECTIVE_CALLS_PARTS_H

#include "grader/trace/collective_calls.h"

/* ---- collective_ready.c: when those that a rank needs have come --------------------------- */

struct collective_ready {
    const struct log_file *logs;
    const struct collectives *collectives;
    GHashTable *last; /* of those that need all: collective → rank + 1 that came last */
};

/* Fills in ready and waits_for of a call whose begin is known. */
void collective_find_ready(struct collective_ready *ready, struct collective_call *call);

/* ---- collective_computed.c: what a rank computed ------------------------------------------ */

struct computed {
    uint64_t begin, end;
    uint64_t before; /* in all computations before this one */
};

/* Appends the computations among some records to an array of struct computed. */
void collective_find_computed(GArray *computed, const struct log_file *log, size_t first,
                              size_t last);

#endif
