/* Changing a trace; see change.h. */
#include "class/viva/change.h"

#include "grader/trace/call_place.h"
#include "grader/trace/source_line.h"
#include "grader/trace/timeline.h"

#include <stdlib.h>
#include <string.h>

/* ---- calls ------------------------------------------------------------------------------------ */

char *viva_place(const struct viva_run *run, const struct log_record *record)
{
    GString *text = g_string_new(NULL);
    call_place_name(run->program, record, text);
    return g_string_free(text, FALSE);
}

/* "step.c:12 (forward)": step.c and 12. */
static void take_line(const char *text, char **file, int *line)
{
    const char *colon = strchr(text, ':');
    *file = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup("");
    *line = colon ? atoi(colon + 1) : 0;
}

static void set_lines(const struct viva_run *run, struct viva_call *call)
{
    const struct log_record *record = &run->logs[call->rank].record[call->begin];
    const struct call_place place = call_place_of(run->program, record);
    const char *inner = source_line(run->program, record->caller);
    call->place =
        g_strdup_printf("%s at %s", place.called, *place.line ? place.line : "an unknown line");
    take_line(place.line, &call->file, &call->line);
    take_line(inner, &call->inner_file, &call->inner_line);
    g_autofree char *path = g_build_filename(run->submission, call->inner_file, NULL);
    if (*call->inner_file && g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        call->inner = g_strdup_printf("%s at %s", log_operation_name(record->operation), inner);
        return;
    }
    g_free(call->inner_file);
    call->inner = g_strdup(call->place);
    call->inner_file = g_strdup(call->file);
    call->inner_line = call->line;
}

static void clear_call(void *data)
{
    struct viva_call *call = data;
    g_free(call->place);
    g_free(call->file);
    g_free(call->inner);
    g_free(call->inner_file);
}

static bool is_computation(const struct log_record *record)
{
    return record->operation >= LOG_FORWARD && record->operation <= LOG_BACKWARD_WEIGHT;
}

static void prepare_lines(const struct viva_run *run)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    for (int rank = 0; rank < run->ranks; rank++)
        for (size_t i = 0; i < run->logs[rank].count; i++)
            if (run->logs[rank].record[i].phase == LOG_BEGIN)
                g_ptr_array_add(records, &run->logs[rank].record[i]);
    call_place_prepare(run->program, (const struct log_record *const *)records->pdata,
                       (int)records->len);
}

GArray **viva_calls_new(const struct viva_run *run)
{
    GArray **calls = g_new0(GArray *, (gsize)run->ranks);
    prepare_lines(run);
    for (int rank = 0; rank < run->ranks; rank++) {
        const struct log_file *log = &run->logs[rank];
        size_t first, last;
        calls[rank] = g_array_new(FALSE, FALSE, sizeof(struct viva_call));
        g_array_set_clear_func(calls[rank], clear_call);
        replay_find_records(log, run->step, &first, &last);
        for (size_t i = first; i < last; i++) {
            const struct log_record *record = &log->record[i];
            if (record->phase != LOG_BEGIN || record->operation < LOG_SEND)
                continue;
            struct viva_call call = {.rank = rank, .begin = i, .end = log_end_of(log, i)};
            if (call.end >= last)
                break;
            set_lines(run, &call);
            g_array_append_val(calls[rank], call);
            i = call.end;
        }
    }
    return calls;
}

void viva_calls_free(GArray **calls, int ranks)
{
    for (int rank = 0; rank < ranks; rank++)
        g_array_unref(calls[rank]);
    g_free(calls);
}

bool viva_computes_between(const struct log_file *log, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (is_computation(&log->record[i]) || log->record[i].operation == LOG_OPTIMIZER_STEP)
            return true;
    return log->record[from].flops != log->record[to].flops; /* a part of one */
}

GArray **viva_statements_new(const struct viva_run *run, GArray **calls)
{
    GArray **statements = g_new0(GArray *, (gsize)run->ranks);
    for (int rank = 0; rank < run->ranks; rank++) {
        statements[rank] = g_array_new(FALSE, FALSE, sizeof(struct viva_call));
        for (guint i = 0; i < calls[rank]->len; i++) {
            const struct viva_call *call = VIVA_CALL(calls, rank, i);
            struct viva_call *last =
                i > 0 ? VIVA_CALL(statements, rank, statements[rank]->len - 1) : NULL;
            if (last && strcmp(last->place, call->place) == 0 &&
                !viva_computes_between(&run->logs[rank], last->end, call->begin))
                last->end = call->end;
            else
                g_array_append_val(statements[rank], *call);
        }
    }
    return statements;
}

void viva_statements_free(GArray **statements, int ranks)
{
    viva_calls_free(statements, ranks);
}

/* ---- copies ------------------------------------------------------------------------------------- */

struct log_file *viva_logs_copy(const struct viva_run *run)
{
    struct log_file *logs = g_new(struct log_file, run->ranks);
    for (int rank = 0; rank < run->ranks; rank++) {
        const gsize bytes = run->logs[rank].count * sizeof(struct log_record);
        logs[rank] = run->logs[rank];
        logs[rank].record = g_malloc(bytes + 1);
        memcpy(logs[rank].record, run->logs[rank].record, bytes);
    }
    return logs;
}

void viva_logs_free(struct log_file *logs, int ranks)
{
    for (int rank = 0; rank < ranks; rank++)
        g_free(logs[rank].record);
    g_free(logs);
}

/* Puts what is charged back in order: a call that moves does not take FLOPs with it. */
static void set_flops(struct log_record *record, size_t count, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < count; i++)
        record[i].flops = i + 1 < count ? from : to;
}

void viva_swap(struct log_file *log, const struct viva_call *first, const struct viva_call *second)
{
    const size_t count = second->end - first->begin + 1, one = first->end - first->begin + 1,
                 other = second->end - second->begin + 1, between = count - one - other;
    struct log_record *record = &log->record[first->begin];
    const uint64_t from = record[0].flops, to = record[count - 1].flops;
    g_autofree struct log_record *copy = g_new(struct log_record, count);
    memcpy(copy, record + one, between * sizeof *copy);
    memcpy(copy + between, record + one + between, other * sizeof *copy);
    memcpy(copy + between + other, record, one * sizeof *copy);
    memcpy(record, copy, count * sizeof *copy);
    set_flops(record, count, from, to);
}

static void silence(struct log_record *record)
{
    record->operation = LOG_PROBE; /* an instant that no replay waits for */
    record->phase = LOG_INSTANT;
}

static void silence_request(struct log_file *log, uint64_t request, size_t from)
{
    for (size_t i = from; request != 0 && i < log->count; i++) {
        struct log_record *record = &log->record[i];
        if ((record->operation == LOG_WAITING_FOR || record->operation == LOG_COMPLETED) &&
            log_request(record) == request)
            silence(record);
    }
}

void viva_leave_out(struct log_file *log, const struct viva_call *call)
{
    const struct log_record *begin = &log->record[call->begin];
    const bool starts = begin->operation == LOG_ISEND || begin->operation == LOG_IRECV ||
                        begin->operation == LOG_ISSEND ||
                        log_is_nonblocking_collective(begin->operation);
    if (starts)
        silence_request(log, log_request(begin), call->end + 1);
    for (size_t i = call->begin; i <= call->end; i++)
        silence(&log->record[i]);
}

bool viva_make_synchronous(struct log_file *log, const struct viva_call *call)
{
    struct log_record *begin = &log->record[call->begin], *end = &log->record[call->end];
    if (begin->operation != LOG_SEND && begin->operation != LOG_ISEND)
        return false;
    if (begin->operation == LOG_ISEND)
        silence_request(log, log_request(begin), call->end + 1);
    begin->operation = end->operation = LOG_SSEND;
    return true;
}
