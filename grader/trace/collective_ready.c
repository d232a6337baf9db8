/*
 * When a rank's collective call can be done, and whose coming decides on it.
 */
#include "grader/trace/collective_calls_parts.h"

#include <glib.h>

/* What a rank of a group needs before it can be done. */
enum need { NEEDS_ALL, NEEDS_ROOT, NEEDS_THOSE_BEFORE, NEEDS_NOBODY };

static enum need need_of(enum log_operation operation, bool is_root)
{
    switch (log_blocking_form(operation)) {
    case LOG_BCAST:
    case LOG_SCATTER:
    case LOG_SCATTERV:
        return is_root ? NEEDS_NOBODY : NEEDS_ROOT;
    case LOG_REDUCE:
    case LOG_GATHER:
    case LOG_GATHERV:
        return is_root ? NEEDS_ALL : NEEDS_ROOT; /* the root must take what is large */
    case LOG_SCAN:
    case LOG_EXSCAN:
        return NEEDS_THOSE_BEFORE;
    case LOG_NEIGHBOR_ALLGATHER:
    case LOG_NEIGHBOR_ALLGATHERV:
    case LOG_NEIGHBOR_ALLTOALL:
    case LOG_NEIGHBOR_ALLTOALLV:
    case LOG_NEIGHBOR_ALLTOALLW:
        return NEEDS_NOBODY;
    default:
        return NEEDS_ALL;
    }
}

static uint64_t clock_of(const struct collective_ready *ready, int collective, int rank)
{
    const size_t entered = ready->collectives->collective[collective].entered[rank];
    return entered == NO_RECORD ? NEVER_READY : ready->logs[rank].record[entered].clock;
}

/* The later to come of two; LOG_NO_PEER: there is only the other. */
static int later(const struct collective_ready *ready, int collective, int last, int rank)
{
    return last == LOG_NO_PEER ||
                   clock_of(ready, collective, rank) > clock_of(ready, collective, last)
               ? rank
               : last;
}

/* The last of those who take part, or of the members before `me`; LOG_NO_PEER: there are none. */
static int last_to_come(const struct collective_ready *ready, int collective, int me,
                        bool before_me)
{
    const struct collective *one = &ready->collectives->collective[collective];
    const struct group *group = one->group;
    const int ranks = ready->collectives->ranks;
    int last = LOG_NO_PEER;
    for (int rank = 0; !group && !before_me && rank < ranks; rank++)
        if (collectives_takes_part(one, rank))
            last = later(ready, collective, last, rank);
    for (int side = 0; group && side < group->sides; side++)
        for (int i = 0; i < group->size[side]; i++) {
            int rank = group->rank[side][i];
            if (before_me && rank == me)
                return last;
            if (rank >= 0 && rank < ranks)
                last = later(ready, collective, last, rank);
        }
    return last;
}

/* Likewise of all members; a large group is looked through once. */
static int last_of_all(struct collective_ready *ready, int collective)
{
    gpointer key = GINT_TO_POINTER(collective), found = g_hash_table_lookup(ready->last, key);
    if (found)
        return GPOINTER_TO_INT(found) - 1;
    int last = last_to_come(ready, collective, -1, false);
    g_hash_table_insert(ready->last, key, GINT_TO_POINTER(last + 1));
    return last;
}

/* When this rank's call can be done, and whose coming decides on it. */
void collective_find_ready(struct collective_ready *ready, struct collective_call *call)
{
    int root = ready->logs[call->rank].record[call->begins].peer, last = LOG_NO_PEER;
    switch (need_of(call->operation, root == call->rank)) {
    case NEEDS_ALL:
        last = last_of_all(ready, call->collective);
        break;
    case NEEDS_ROOT:
        last = root >= 0 && root < ready->collectives->ranks ? root : LOG_NO_PEER;
        break;
    case NEEDS_THOSE_BEFORE:
        last = last_to_come(ready, call->collective, call->rank, true);
        break;
    default:
        break;
    }
    call->ready = call->begin;
    call->waits_for = LOG_NO_PEER;
    if (last == LOG_NO_PEER || last == call->rank)
        return;
    uint64_t came = clock_of(ready, call->collective, last);
    if (came <= call->begin)
        return;
    call->ready = came;
    call->waits_for = last;
}
