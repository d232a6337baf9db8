/*
 * When a rank's collective call can be done, and whose coming decides on it.
 */
#include "grader/trace/collective_calls_parts.h"

#include <glib.h>

static uint64_t clock_of(const struct collective_ready *ready, int collective, int rank)
{
    const size_t entered = collective_entered(&ready->collectives->collective[collective], rank);
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

/* The last of those from whom this rank's call says that it gets something. */
static int last_giver(const struct collective_ready *ready, const struct collective_call *call)
{
    const struct log_file *log = &ready->logs[call->rank];
    int last = LOG_NO_PEER;
    for (size_t i = call->begins + 1; i < log->count && log->record[i].operation == LOG_COUNT_PART;
         i++) {
        const struct log_count_part part = log_count_part(&log->record[i]);
        if (part.direction == LOG_GETS && part.peer >= 0 && part.peer < ready->collectives->ranks)
            last = later(ready, call->collective, last, part.peer);
    }
    return last;
}

static int last_needed(struct collective_ready *ready, const struct collective_call *call)
{
    const int root = ready->logs[call->rank].record[call->begins].peer;
    enum collectives_need need = collectives_need(call->operation, root == call->rank);
    /* who gives to a root may wait for it: it must take what is large */
    if (need == COLLECTIVES_NEED_NOBODY && collectives_root_gets(call->operation))
        need = COLLECTIVES_NEED_ROOT;
    switch (need) {
    case COLLECTIVES_NEED_ALL:
        return last_of_all(ready, call->collective);
    case COLLECTIVES_NEED_ROOT:
        return root >= 0 && root < ready->collectives->ranks ? root : LOG_NO_PEER;
    case COLLECTIVES_NEED_LOWER:
        return last_to_come(ready, call->collective, call->rank, true);
    case COLLECTIVES_NEED_GIVERS:
        return last_giver(ready, call);
    default:
        return LOG_NO_PEER;
    }
}

/* When this rank's call can be done, and whose coming decides on it. */
void collective_find_ready(struct collective_ready *ready, struct collective_call *call)
{
    const int last = last_needed(ready, call);
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
