/*
 * Memory over time, from logs.
 */
#include "grader/trace/live_memory.h"

#include "common/log/log_fields.h"
#include "grader/trace/replay.h"

static bool is_change(const struct log_record *record)
{
    const int kind = log_allocation(record).kind;
    return (record->operation == LOG_ALLOCATE || record->operation == LOG_RELEASE) && kind >= 0 &&
           kind < MEMORY_KINDS;
}

const struct live_moment *live_moment(const struct live_memory *curve, guint i)
{
    return &g_array_index(curve->moments, struct live_moment, i);
}

double live_moment_bytes(const struct live_moment *moment)
{
    double bytes = 0;
    for (int kind = 0; kind < MEMORY_DEVICE_KINDS; kind++)
        bytes += moment->live[kind];
    return bytes;
}

static void append(struct live_memory *curve, struct live_moment moment)
{
    g_array_append_val(curve->moments, moment);
    if (live_moment_bytes(&moment) > live_moment_bytes(live_moment(curve, curve->peak)))
        curve->peak = curve->moments->len - 1;
}

static void read_rank(struct live_memory *curve, const struct log_file *log, size_t first,
                      size_t last, uint64_t origin)
{
    struct live_moment moment = {.record = first};
    for (size_t i = 0; i < last; i++) {
        const struct log_record *record = &log->record[i];
        if (i == first)
            append(curve, moment);
        if (!is_change(record))
            continue;
        const struct log_allocation change = log_allocation(record);
        moment.live[change.kind] = change.live;
        if (i < first)
            continue;
        moment.time = (double)(record->clock - origin);
        moment.record = i;
        curve->cut |= change.cut;
        append(curve, moment);
    }
    if (last <= first)
        return;
    moment.time = (double)(log->record[last - 1].clock - origin);
    moment.record = last - 1;
    append(curve, moment);
}

/* The records of a step with its begin and end. */
static bool find_records(const struct log_file *log, int step, size_t *first, size_t *last)
{
    const bool complete = replay_find_records(log, step, first, last);
    if (*first > 0 && log->record[*first - 1].operation == LOG_STEP_BEGIN)
        --*first;
    if (*last > *first && *last < log->count && log->record[*last].operation == LOG_STEP_END)
        ++*last;
    return complete;
}

static bool any_change(const struct log_file *logs, int ranks)
{
    for (int rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < logs[rank].count; i++)
            if (is_change(&logs[rank].record[i]))
                return true;
    return false;
}

struct live_memory *live_memory_new(const struct log_file *logs, int ranks, int step)
{
    if (!any_change(logs, ranks))
        return NULL;
    struct live_memory *curves = g_new0(struct live_memory, (gsize)ranks + 1);
    size_t *first = g_new0(size_t, (gsize)ranks + 1), *last = g_new0(size_t, (gsize)ranks + 1);
    uint64_t origin = UINT64_MAX;
    for (int rank = 0; rank < ranks; rank++) {
        curves[rank].complete = find_records(&logs[rank], step, &first[rank], &last[rank]);
        if (last[rank] > first[rank])
            origin = MIN(origin, logs[rank].record[first[rank]].clock);
    }
    for (int rank = 0; rank < ranks; rank++) {
        curves[rank].rank = rank;
        curves[rank].moments = g_array_new(FALSE, FALSE, sizeof(struct live_moment));
        read_rank(&curves[rank], &logs[rank], first[rank], last[rank], origin);
    }
    g_free(first);
    g_free(last);
    return curves;
}

void live_memory_free(struct live_memory *curves, int ranks)
{
    if (!curves)
        return;
    for (int rank = 0; rank < ranks; rank++)
        g_array_unref(curves[rank].moments);
    g_free(curves);
}

/* ---- what was being done -------------------------------------------------------------------- */

static char *name_of(const char *before, const struct log_record *record)
{
    const char *name = log_operation_name((enum log_operation)record->operation);
    if (log_is_computation(record) && record->micro_batch >= 0)
        return g_strdup_printf("%s%s of micro-batch %d", before, name, record->micro_batch);
    return g_strdup_printf("%s%s", before, name);
}

char *live_moment_doing(const struct log_file *log, const struct live_moment *moment, int step)
{
    size_t first, last;
    const struct log_record *open = NULL, *done = NULL; /* the innermost; the last computation */
    replay_find_records(log, step, &first, &last);
    for (size_t i = first; i < last && i <= moment->record; i++) {
        const struct log_record *record = &log->record[i];
        if (record->phase == LOG_BEGIN)
            open = record;
        else if (record->phase == LOG_END && log_is_computation(record))
            done = record;
        if (record->phase == LOG_END && open && open->operation == record->operation)
            open = NULL;
    }
    if (open)
        return name_of("", open);
    return done ? name_of("after ", done) : g_strdup("before the first computation");
}
