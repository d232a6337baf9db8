/*
 * A log that is full: the program made more calls than the kit has room to write down. If all of them belong
 * to one step, or to a probe, it would never have come to an end: no right program calls so often. If steps
 * ended, it may be right and in no hurry, and the limit is the kit's.
 */
#include "grader/run/outcome.h"

#include "grader/trace/source_line.h"

#include <inttypes.h>

#define GROWTH                                                                                     \
    ((uint64_t)1 << 20) /* of a log, at most: it is full where no more than that is left */

static bool is_full(const struct log_file *log)
{
    const uint64_t bytes = sizeof(struct log_header) + (uint64_t)log->count * sizeof *log->record;
    return !log->complete && bytes + GROWTH > sandbox_limits_default().file_bytes;
}

/* The call that the log has most of; NULL: none. */
static const struct log_record *most_frequent(const struct log_file *log, guint *times)
{
    g_autoptr(GHashTable) counts = g_hash_table_new(g_int64_hash, g_int64_equal);
    const struct log_record *found = NULL;
    *times = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->phase != LOG_BEGIN || record->operation < LOG_SEND)
            continue;
        const guint count = 1 + GPOINTER_TO_UINT(g_hash_table_lookup(counts, &record->caller));
        g_hash_table_insert(counts, (gpointer)&record->caller, GUINT_TO_POINTER(count));
        if (count > *times) {
            *times = count;
            found = record;
        }
    }
    return found;
}

static bool has_ended_steps(const struct log_file *log)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_STEP_END)
            return true;
    return false;
}

char *outcome_full_log(const struct outcome *outcome, enum culprit *culprit)
{
    for (int rank = 0; rank < outcome->ranks; rank++) {
        const struct log_file *log = &outcome->log[rank];
        guint times;
        const struct log_record *most = is_full(log) ? most_frequent(log, &times) : NULL;
        if (!most)
            continue;
        const char *line = source_line(outcome->program, most->caller);
        const bool steps = has_ended_steps(log);
        *culprit = steps ? CULPRIT_KIT : CULPRIT_SUBMISSION;
        return g_strdup_printf(
            "rank %d called %s %u times%s%s%s: its log is full, %zu records of %zu MiB%s", rank,
            log_operation_name(most->operation), times, line[0] != '\0' ? " at " : "", line,
            steps ? "" : ", and no step has ended; is that loop endless?", log->count,
            (size_t)(sandbox_limits_default().file_bytes >> 20),
            steps ? ", which is the kit's limit" : "");
    }
    return NULL;
}
