/*
 * Two ranks' calls on one communicator, put side by side: what is the first thing that
 * has to be changed, so that both make the same calls? The cheapest set of changes
 * decides: calls left out, calls too many, neighbours in another order, calls that
 * differ (F. Damerau 1964; C. Lowrance and R. Wagner 1975).
 */
#ifndef GRADER_TRACE_COLLECTIVE_ALIGNMENT_H
#define GRADER_TRACE_COLLECTIVE_ALIGNMENT_H

#include "grader/trace/collective_faults.h"

struct collectives_calls {
    const struct log_file *log;
    const size_t *record; /* [count]: begins of calls */
    int count;
    bool ended; /* there are no further ones: the rank came to its end */
};

enum collectives_change {
    CHANGE_NONE,
    CHANGE_CALL,    /* a's call and b's differ */
    CHANGE_ORDER,   /* a's call and the next are b's next and this one */
    CHANGE_MISSING, /* b leaves out a's call */
    CHANGE_SURPLUS  /* a leaves out b's call */
};

/* The first change; *at and *b_at become the places in a's and b's calls (or their count). Only so many
 * calls are looked at as can tell. */
enum collectives_change collectives_align(struct collectives_calls a, struct collectives_calls b,
                                          int *at, int *b_at);

#endif
