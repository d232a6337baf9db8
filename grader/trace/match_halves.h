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

/* ---- receives that never completed, from anybody or with any tag: match_wildcards.c ------------ */

struct matching_wildcards;

/* Of these halves, which must stay. */
struct matching_wildcards *matching_wildcards_new(GArray *halves);
void matching_wildcards_free(struct matching_wildcards *wildcards); /* may be NULL */
/* The first send that fits the receive and is not among the keys of `taken`, to which only more may be added;
 * NULL: there is none. */
struct half *matching_wildcards_send_for(struct matching_wildcards *wildcards,
                                         const struct half *receive, GHashTable *taken);

#endif
