/*
 * The halves of messages, as the logs have them: for match.c, which joins them.
 */
#ifndef GRADER_TRACE_MATCH_HALVES_H
#define GRADER_TRACE_MATCH_HALVES_H

#include "grader/trace/match.h"

#include <glib.h>

struct half {
    bool is_send;
    bool ignored; /* cancelled, or to MPI_PROC_NULL */
    int rank;     /* whose log */
    int peer;
    int tag;
    uint64_t communicator;
    struct message_half data;
    int message; /* number of the message it became part of */
};

static inline struct half *matching_half(GArray *halves, int index)
{
    return &g_array_index(halves, struct half, index);
}

/* The halves (struct half) of all ranks, in the order of their logs. about[rank] becomes an array with,
 * for each record, the half that it posted or is about, or -1; the caller frees both. */
GArray *matching_read_halves(const struct log_file *logs, int ranks, int **about);

#endif
