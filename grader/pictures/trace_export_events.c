/*
 * The events of a trace: what each record gives rise to.
 */
#include "grader/pictures/trace_export_parts.h"

#include <math.h>

/* Enough digits for nanoseconds in a trace of eleven days. */
#define FORMAT (JSON_COMPACT | JSON_REAL_PRECISION(15))

/* ---- writing ----------------------------------------------------------------------------- */

void trace_write_event(struct trace *trace, json_t *event)
{
    if (!event || (trace->begun && fputs(",\n", trace->file) < 0) ||
        json_dumpf(event, trace->file, FORMAT) != 0)
        trace->failed = true;
    trace->begun = true;
    json_decref(event);
}

/* A difference of clocks in microseconds. */
static json_t *microseconds(uint64_t from, uint64_t to)
{
    return json_real((double)(to > from ? to - from : 0) / 1000);
}

json_t *trace_new_event(const struct trace *trace, const char *kind, const char *name,
                        const char *category, int rank, uint64_t clock)
{
    /* Thread 0 has a meaning of its own in some viewers. */
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "name", name, "cat", category, "ph", kind,
                     "pid", TRACE_PROCESS, "tid", rank + 1, "ts",
                     microseconds(trace->earliest, clock));
}

/* ---- names ------------------------------------------------------------------------------- */

/* " (stage 3)", " (stages 0, 4)", or nothing. */
static char *stages_of(const struct log_file *log)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int count = 0;
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_STAGE && log->record[i].stage >= 0)
            g_string_append_printf(text, "%s%d", count++ ? ", " : "", log->record[i].stage);
    return count == 0 ? g_strdup("")
                      : g_strdup_printf(" (stage%s %s)", count > 1 ? "s" : "", text->str);
}

static void write_name(struct trace *trace, const char *what, int rank, json_t *arguments)
{
    trace_write_event(trace, json_pack("{s:s, s:s, s:i, s:i, s:o}", "name", what, "ph", "M", "pid",
                                       TRACE_PROCESS, "tid", rank + 1, "args", arguments));
}

void trace_write_names(struct trace *trace)
{
    g_autofree char *name = g_utf8_make_valid(trace->options.name, -1);
    write_name(trace, "process_name", 0, json_pack("{s:s}", "name", name));
    for (int rank = 0; rank < trace->ranks; rank++) {
        g_autofree char *stages = stages_of(trace->rank[rank].log);
        g_autofree char *thread = g_strdup_printf("rank %d%s", rank, stages);
        write_name(trace, "thread_name", rank, json_pack("{s:s}", "name", thread));
        write_name(trace, "thread_sort_index", rank, json_pack("{s:i}", "sort_index", rank));
    }
}

/* ---- slices ------------------------------------------------------------------------------ */

/* Is this record the begin of something that takes time? Steps are such things, too. */
static bool begins_span(const struct log_record *record)
{
    return record->phase == LOG_BEGIN || record->operation == LOG_STEP_BEGIN;
}

static bool ends(const struct log_record *begin, const struct log_record *end)
{
    if (begin->operation == LOG_STEP_BEGIN)
        return end->operation == LOG_STEP_END;
    return end->phase == LOG_END && end->operation == begin->operation;
}

/* Closes what this record ends, and what is open inside of it. */
static void close_spans(struct trace_rank *rank, GArray *open, size_t end)
{
    const struct log_record *record = rank->log->record;
    guint depth = open->len;
    while (depth > 0 && !ends(&record[g_array_index(open, size_t, depth - 1)], &record[end]))
        depth--;
    if (depth == 0)
        return;
    for (guint i = depth; i < open->len; i++)
        rank->span[g_array_index(open, size_t, i)].until = record[end].clock;
    struct trace_span *closed = &rank->span[g_array_index(open, size_t, depth - 1)];
    closed->end = end;
    closed->until = record[end].clock;
    g_array_set_size(open, depth - 1);
}

/* The innermost computation that is open. */
static size_t computation_of(const struct trace_rank *rank, const GArray *open)
{
    for (guint depth = open->len; depth > 0; depth--) {
        const size_t begin = g_array_index(open, size_t, depth - 1);
        if (log_is_computation(&rank->log->record[begin]))
            return begin;
    }
    return NO_RECORD;
}

void trace_find_spans(struct trace_rank *rank, uint64_t latest)
{
    GArray *open = g_array_new(FALSE, FALSE, sizeof(size_t));
    for (size_t i = 0; i < rank->log->count; i++) {
        const struct log_record *record = &rank->log->record[i];
        rank->span[i] = (struct trace_span){NO_RECORD, latest, computation_of(rank, open)};
        if (begins_span(record))
            g_array_append_val(open, i);
        else if (record->phase == LOG_END || record->operation == LOG_STEP_END)
            close_spans(rank, open, i);
    }
    g_array_unref(open);
}

static void write_slice(struct trace *trace, int rank, size_t begin)
{
    const struct log_record *record = &trace->rank[rank].log->record[begin];
    const struct trace_span *span = &trace->rank[rank].span[begin];
    g_autofree char *name = trace_slice_name(trace, rank, begin);
    const char *category = record->operation >= LOG_SEND         ? "mpi"
                           : record->operation == LOG_STEP_BEGIN ? "step"
                                                                 : "computation";
    json_t *event = trace_new_event(trace, "X", name, category, rank, record->clock);
    json_object_set_new(event, "dur", microseconds(record->clock, span->until));
    json_object_set_new(event, "args", trace_arguments(trace, rank, begin));
    trace_write_event(trace, event);
}

/* ---- collectives in flight ---------------------------------------------------------------- */

/* "b" or "e": a slice beside those of its rank, which need not nest. */
static void write_flight(struct trace *trace, const char *kind, int index, uint64_t clock)
{
    const struct collective_call *call = &trace->calls->call[index];
    g_autofree char *what = trace_collective_name(trace, call);
    g_autofree char *name = g_strdup_printf("rank %d: %s%s", call->rank, what,
                                            call->ends == NO_RECORD ? " (pending)" : "");
    json_t *event = trace_new_event(trace, kind, name, "in flight", call->rank, clock);
    json_object_set_new(event, "id", json_integer(index + 1));
    if (kind[0] == 'b')
        json_object_set_new(event, "args", trace_arguments(trace, call->rank, call->begins));
    trace_write_event(trace, event);
}

static void write_flights(struct trace *trace, int rank, size_t i)
{
    const uint64_t clock = trace->rank[rank].log->record[i].clock;
    const int begins = trace->calls->by_record[rank][i], ends = trace->completes[rank][i];
    if (begins != NO_COLLECTIVE_CALL && trace->calls->call[begins].nonblocking &&
        trace->calls->call[begins].begins == i)
        write_flight(trace, "b", begins, clock);
    if (ends != NO_COLLECTIVE_CALL && trace->calls->call[ends].nonblocking)
        write_flight(trace, "e", ends, clock);
}

void trace_write_pending(struct trace *trace, uint64_t latest)
{
    for (int i = 0; i < trace->calls->count; i++)
        if (trace->calls->call[i].nonblocking && trace->calls->call[i].ends == NO_RECORD)
            write_flight(trace, "e", i, latest);
    trace_write_pending_transfers(trace, latest);
}

/* ---- the rest ---------------------------------------------------------------------------- */

static void write_arrow(struct trace *trace, const char *kind, int rank, uint64_t clock, int arrow)
{
    const char *name = trace_arrow(trace, arrow)->name;
    json_t *event = trace_new_event(trace, kind, name, name, rank, clock);
    json_object_set_new(event, "id", json_integer(arrow + 1));
    if (kind[0] == 'f') /* it belongs to the slice that it lies in, not to the next one */
        json_object_set_new(event, "bp", json_string("e"));
    trace_write_event(trace, event);
}

/* Where logs contradict each other, a record may stand before its cause: then there is no arrow. */
static void write_arrows(struct trace *trace, int rank, size_t i)
{
    const struct trace_rank *at = &trace->rank[rank];
    uint64_t clock = at->log->record[i].clock;
    for (int begins = at->begins[i]; begins != NO_ARROW;
         begins = trace_arrow(trace, begins)->next) {
        if (trace_arrow(trace, begins)->dropped)
            continue;
        write_arrow(trace, "s", rank, clock, begins);
        trace_arrow(trace, begins)->begun = true;
    }
    if (at->ends[i] == NO_ARROW)
        return;
    struct trace_arrow *ends = trace_arrow(trace, at->ends[i]);
    if (ends->begun)
        write_arrow(trace, "f", rank, clock, at->ends[i]);
    else
        ends->dropped = true;
}

static void write_counter(struct trace *trace, int rank, const char *what, const char *series,
                          uint64_t clock, int64_t value)
{
    g_autofree char *name = g_strdup_printf("rank %d: %s", rank, what);
    json_t *event = trace_new_event(trace, "C", name, "counter", rank, clock);
    json_object_set_new(event, "args", json_pack("{s:I}", series, (json_int_t)value));
    trace_write_event(trace, event);
}

static void count_forwards(struct trace *trace, int rank, const struct log_record *record)
{
    struct trace_rank *at = &trace->rank[rank];
    if (record->operation == LOG_FORWARD && record->phase == LOG_BEGIN)
        at->in_flight++;
    else if ((record->operation == LOG_BACKWARD || record->operation == LOG_BACKWARD_WEIGHT) &&
             record->phase == LOG_END)
        at->in_flight--;
    else
        return;
    write_counter(trace, rank, "forwards in flight", "forwards", record->clock, at->in_flight);
}

static const char *kind_of_memory(int kind)
{
    static const char *const names[] = {"parameters",      "gradients", "activations",
                                        "optimizer state", "workspace", "host"};
    return kind >= 0 && kind < (int)G_N_ELEMENTS(names) ? names[kind] : NULL;
}

static void write_live(struct trace *trace, int rank, const struct log_record *record)
{
    const struct log_allocation change = log_allocation(record);
    if (!kind_of_memory(change.kind))
        return;
    g_autofree char *what = g_strdup_printf("live memory, %s", kind_of_memory(change.kind));
    write_counter(trace, rank, what, "bytes", record->clock, (int64_t)change.live);
}

static void write_memory(struct trace *trace, int rank, const struct log_record *record)
{
    struct log_memory memory = log_memory(record);
    const char *kind = kind_of_memory(memory.kind);
    if (!kind && memory.kind != LOG_MEMORY_RESIDENT)
        return;
    g_autofree char *what = g_strdup_printf("peak memory, %s", kind ? kind : "whole process");
    write_counter(trace, rank, what, "bytes", record->clock,
                  (int64_t)MIN(memory.peak, (uint64_t)INT64_MAX));
}

static void write_instant(struct trace *trace, int rank, const struct log_record *record)
{
    json_t *event =
        trace_new_event(trace, "i", log_operation_name((enum log_operation)record->operation),
                        "fact", rank, record->clock);
    json_object_set_new(event, "s", json_string("t"));
    json_t *arguments = json_object();
    if (record->micro_batch >= 0)
        json_object_set_new(arguments, "micro-batch", json_integer(record->micro_batch));
    /* JSON has no infinity and no NaN. */
    if (isfinite(log_stated(record)))
        json_object_set_new(arguments, "value", json_real(log_stated(record)));
    json_object_set_new(event, "args", arguments);
    trace_write_event(trace, event);
}

void trace_write_record(struct trace *trace, int rank, size_t i)
{
    const struct log_record *record = &trace->rank[rank].log->record[i];
    if (begins_span(record))
        write_slice(trace, rank, i);
    write_flights(trace, rank, i);
    write_arrows(trace, rank, i);
    count_forwards(trace, rank, record);
    if (record->phase != LOG_INSTANT)
        return;
    if (log_is_transfer(record))
        trace_write_transfer(trace, rank, record);
    else if (record->operation == LOG_MEMORY)
        write_memory(trace, rank, record);
    else if (record->operation == LOG_ALLOCATE || record->operation == LOG_RELEASE)
        write_live(trace, rank, record);
    else if (record->operation == LOG_LOSS || record->operation == LOG_LOSS_BACKWARD ||
             record->operation == LOG_ASSERT_CLOSE || record->operation == LOG_FINAL)
        write_instant(trace, rank, record);
}
