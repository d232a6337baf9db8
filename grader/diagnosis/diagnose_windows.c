/*
 * For the diagnosis: what a call about a window waits for. MPI_Win_wait for those that
 * were let in and have not called MPI_Win_complete; MPI_Win_start and complete for
 * those that have not called MPI_Win_post; a lock, and what has to have it, for who has
 * locked the same and not unlocked it. (Fences are collectives.)
 */
#include "grader/diagnosis/diagnose_parts.h"

/* Calls of one rank about one window. */
struct window {
    uint64_t communicator;
    int number;
};

static bool is_about(const struct log_record *record, struct window window)
{
    return record->communicator == window.communicator && window.number != 0 &&
           log_window(record) == window.number;
}

/* Does MPI_Win_post or MPI_Win_start, whose begin this is, name a rank? */
static bool names(const struct log_file *log, size_t begin, int rank)
{
    for (size_t i = begin + 1; i < log->count && log->record[i].operation == LOG_COUNT_PART; i++)
        if (log_count_part(&log->record[i]).peer == rank)
            return true;
    return false;
}

/* How often a rank called MPI_Win_post or MPI_Win_start with another one. */
static int calls_with(const struct log_file *log, struct window window,
                      enum log_operation operation, int rank)
{
    int count = 0;
    for (size_t i = 0; i < log->count; i++)
        count += log->record[i].operation == operation && log->record[i].phase == LOG_BEGIN &&
                 is_about(&log->record[i], window) && names(log, i, rank);
    return count;
}

/* How often it called MPI_Win_complete for an MPI_Win_start with that one. */
static int completes_with(const struct log_file *log, struct window window, int rank)
{
    int count = 0;
    bool with_rank = false;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->phase != LOG_BEGIN || !is_about(record, window))
            continue;
        if (record->operation == LOG_WIN_START)
            with_rank = names(log, i, rank);
        count += record->operation == LOG_WIN_COMPLETE && with_rank;
    }
    return count;
}

/* How many locks of a target it was given and has not asked to give back. */
static int locks_of(const struct log_file *log, struct window window, int target)
{
    int count = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (!is_about(record, window))
            continue;
        const bool all =
            record->operation == LOG_WIN_LOCK_ALL || record->operation == LOG_WIN_UNLOCK_ALL;
        if (!all && record->peer != target)
            continue;
        const bool locks =
            record->operation == LOG_WIN_LOCK || record->operation == LOG_WIN_LOCK_ALL;
        const bool unlocks =
            record->operation == LOG_WIN_UNLOCK || record->operation == LOG_WIN_UNLOCK_ALL;
        count += locks && record->phase == LOG_END;
        count -= unlocks && record->phase == LOG_BEGIN;
    }
    return count;
}

/* The call that `other` has to make before the pending one returns; LOG_NONE: it has done its part. */
static enum log_operation awaited_from(const struct scene *scene, int rank, size_t call, int other)
{
    const struct log_file *logs = scene->outcome->log;
    const struct log_record *record = &logs[rank].record[call];
    const struct window window = {record->communicator, log_window(record)};
    switch (record->operation) {
    case LOG_WIN_WAIT:
        return completes_with(&logs[other], window, rank) <
                       calls_with(&logs[rank], window, LOG_WIN_POST, other)
                   ? LOG_WIN_COMPLETE
                   : LOG_NONE;
    case LOG_WIN_START:
    case LOG_WIN_COMPLETE:
        return calls_with(&logs[other], window, LOG_WIN_POST, rank) <
                       calls_with(&logs[rank], window, LOG_WIN_START, other)
                   ? LOG_WIN_POST
                   : LOG_NONE;
    case LOG_WIN_LOCK:
    case LOG_WIN_UNLOCK:
    case LOG_WIN_FLUSH:
    case LOG_WIN_FLUSH_LOCAL:
        return locks_of(&logs[other], window, record->peer) > 0 ? LOG_WIN_UNLOCK : LOG_NONE;
    default:
        return LOG_NONE;
    }
}

void scene_add_window_waits(struct scene *scene, int rank, size_t call)
{
    for (int other = 0; other < scene->outcome->ranks; other++) {
        const enum log_operation awaited =
            other == rank ? LOG_NONE : awaited_from(scene, rank, call, other);
        if (awaited == LOG_NONE)
            continue;
        struct wait wait = {.kind = WAIT_WINDOW,
                            .peer = other,
                            .message = NO_MESSAGE,
                            .collective = NO_COLLECTIVE,
                            .posted = call,
                            .awaited = awaited};
        g_array_append_val(scene->place[rank].waits, wait);
    }
}
