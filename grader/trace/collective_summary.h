/*
 * The collectives of a step, summed up: a row for each operation of each group.
 */
#ifndef GRADER_TRACE_COLLECTIVE_SUMMARY_H
#define GRADER_TRACE_COLLECTIVE_SUMMARY_H

#include "grader/trace/collective_calls.h"

struct collective_row {
    char *group; /* "{0, 3}", "all ranks" */
    enum log_operation operation;
    bool nonblocking;
    int calls;      /* of all ranks together */
    int ranks;      /* that called */
    double bytes;   /* that all ranks together handed in */
    double waiting; /* nanoseconds; the sum over the ranks, as what follows */
    double communicating;
    double in_flight; /* of a non-blocking one: with one or more of this row in flight … */
    double hidden;    /* … and at the same time in a computation */
    int last;         /* the rank that was waited for most often; LOG_NO_PEER: nobody was */
    int times_last;   /* in so many of the collectives */
    int collectives;  /* of so many */
    int pending;      /* calls that never came to their end */
};

/* In the order in which they first begin. The caller frees with collective_rows_free. */
GArray *collective_rows(const struct collective_calls *calls);
void collective_rows_free(GArray *rows);

#endif
