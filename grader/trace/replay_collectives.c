/*
 * When a collective is complete for one of its ranks, in a replay.
 *
 * Where every rank's output depends on every rank's input, it is when the last has entered: a
 * rendezvous. Of the rooted ones and the scans only those wait whose output needs others: MPI may let
 * the rest go on, and with synchronous sends it may not. A non-blocking one is the same, asked for by
 * its wait.
 *
 * Calls that make communicators or windows, fences and the end of a window are rendezvous, too.
 * Neighbourhood collectives wait for those from whom their records say that they get something. Nobody
 * is waited for in what only one rank does (MPI_Put, MPI_Win_lock, …), nor in MPI_Win_post, start,
 * complete and wait; of MPI_Intercomm_create's two sides each waits for itself.
 */
#include "grader/trace/replay_parts.h"

#include <math.h>

void replay_enter(struct play *play, int collective, int rank, double time)
{
    double *entered =
        &play->entered[collective_slot(&play->collectives->collective[collective], rank)];
    struct gathering *gathering = &play->gathering[collective];
    if (isnan(*entered))
        gathering->present++;
    *entered = time;
    gathering->latest = fmax(gathering->latest, time);
}

/* When a rank entered it; NaN: it has not. */
static double entered_by(const struct play *play, int collective, int rank)
{
    const size_t slot = collective_slot(&play->collectives->collective[collective], rank);
    return slot == NO_RECORD ? NAN : play->entered[slot];
}

/* The later of two, where NaN (not yet) wins. */
static double later(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

/* A member that has not entered it, or LOG_NO_PEER. */
static int missing_member(const struct play *play, int index)
{
    const struct collective *collective = &play->collectives->collective[index];
    for (int rank = 0; rank < play->ranks; rank++)
        if (isnan(entered_by(play, index, rank)) && collectives_takes_part(collective, rank))
            return rank;
    return LOG_NO_PEER;
}

static double everybody_entered(const struct play *play, int index, int *waits_for)
{
    const struct gathering *gathering = &play->gathering[index];
    if (gathering->present >= play->collectives->collective[index].size)
        return gathering->latest;
    if (play->explain)
        *waits_for = missing_member(play, index);
    return NAN;
}

static double one_entered(const struct play *play, int index, int rank, int *waits_for)
{
    *waits_for = rank;
    return entered_by(play, index, rank);
}

/* All members in front of this rank, in the order of the communicator. */
static double lower_ranks_entered(const struct play *play, int index, int rank, int *waits_for)
{
    const struct group *group = play->collectives->collective[index].group;
    double time = 0;
    for (int i = 0; i < group->size[0] && group->rank[0][i] != rank; i++) {
        const int other = group->rank[0][i];
        if (other == GROUP_UNKNOWN)
            continue;
        time = later(time, entered_by(play, index, other));
        if (isnan(time)) {
            *waits_for = other;
            return NAN;
        }
    }
    return time;
}

/* Those of whom this rank's call says that it gets something from them. */
static double givers_entered(const struct play *play, int index, int rank, int *waits_for)
{
    const struct log_file *log = &play->logs[rank];
    const size_t begin = collective_entered(&play->collectives->collective[index], rank);
    double time = 0;
    for (size_t i = begin + 1; i < log->count && log->record[i].operation == LOG_COUNT_PART; i++) {
        const struct log_count_part part = log_count_part(&log->record[i]);
        if (part.direction != LOG_GETS || part.peer < 0 || part.peer >= play->ranks)
            continue;
        time = later(time, entered_by(play, index, part.peer));
        if (isnan(time)) {
            *waits_for = part.peer;
            return NAN;
        }
    }
    return time;
}

bool replay_is_rendezvous(enum log_operation operation)
{
    return !collectives_include(operation) ||
           (collectives_need(operation, true) == COLLECTIVES_NEED_ALL &&
            collectives_need(operation, false) == COLLECTIVES_NEED_ALL);
}

static bool sends_wait(const struct play *play, int index)
{
    return play->options.synchronous &&
           (play->options.synchronous_from == 0 ||
            play->gathering[index].most_bytes >= play->options.synchronous_from);
}

/* On the root's side of an intercommunicator nobody but the root has a part in it. */
static bool has_no_part(const struct play *play, const struct collective *collective, int rank)
{
    const size_t begin = collective_entered(collective, rank);
    return begin != NO_RECORD && play->logs[rank].record[begin].peer == LOG_PEER_NULL;
}

double replay_collective_complete(const struct play *play, int index, int rank, int *waits_for)
{
    const struct collective *collective = &play->collectives->collective[index];
    const enum collectives_need need =
        collectives_need(collective->operation, collective->root == rank);
    *waits_for = LOG_NO_PEER;
    if (collectives_has_root(collective->operation) && has_no_part(play, collective, rank))
        return 0;
    if (need == COLLECTIVES_NEED_GIVERS && collective_entered(collective, rank) != NO_RECORD)
        return givers_entered(play, index, rank, waits_for);
    if (sends_wait(play, index))
        return everybody_entered(play, index, waits_for);
    if (need == COLLECTIVES_NEED_NOBODY)
        return 0;
    if (need == COLLECTIVES_NEED_ROOT && collective->root >= 0 && collective->root < play->ranks)
        return one_entered(play, index, collective->root, waits_for);
    if (need == COLLECTIVES_NEED_LOWER && collective->group && group_has(collective->group, rank))
        return lower_ranks_entered(play, index, rank, waits_for);
    return everybody_entered(play, index, waits_for);
}
