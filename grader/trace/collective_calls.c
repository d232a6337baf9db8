/*
 * Collective calls in time.
 */
#include "grader/trace/collective_calls_parts.h"

#include "grader/trace/replay.h"

#include <glib.h>

const char *collective_call_name(enum log_operation operation)
{
    static const char *const names[] = {"barrier",
                                        "broadcast",
                                        "reduce",
                                        "all-reduce",
                                        "gather",
                                        "gather (v)",
                                        "scatter",
                                        "scatter (v)",
                                        "all-gather",
                                        "all-gather (v)",
                                        "all-to-all",
                                        "all-to-all (v)",
                                        "all-to-all (w)",
                                        "reduce-scatter",
                                        "reduce-scatter (block)",
                                        "scan",
                                        "exclusive scan",
                                        "neighbour all-gather",
                                        "neighbour all-gather (v)",
                                        "neighbour all-to-all",
                                        "neighbour all-to-all (v)",
                                        "neighbour all-to-all (w)"};
    _Static_assert(G_N_ELEMENTS(names) == LOG_NEIGHBOR_ALLTOALLW - LOG_BARRIER + 1, "all of them");
    if (log_is_collective(operation))
        return names[log_blocking_form(operation) - LOG_BARRIER];
    return log_operation_name(operation);
}

const struct group *collective_call_group(const struct collective_calls *calls,
                                          const struct collective_call *call)
{
    return calls->collectives->collective[call->collective].group;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* What is needed while the calls are read. */
struct reading {
    struct collective_ready ready;
    struct collective_calls *calls;
    GArray *list;      /* of struct collective_call */
    GHashTable *begun; /* of this rank: request → call + 1 */
    int open;          /* the blocking collective that this rank is in, or NO_COLLECTIVE_CALL */
    uint64_t until;    /* the last clock of all */
};

static struct collective_call *call_at(const struct reading *reading, int index)
{
    return &g_array_index(reading->list, struct collective_call, index);
}

/* The rank was in a call from one clock to another, and in it for this collective. */
static void spend(struct collective_call *call, uint64_t from, uint64_t until)
{
    uint64_t turn = MIN(MAX(call->ready, from), until);
    call->waiting += turn - from;
    call->communicating += until - turn;
}

static void begin_call(struct reading *reading, int rank, size_t i)
{
    const struct log_record *record = &reading->ready.logs[rank].record[i];
    struct collective_call call = {.rank = rank,
                                   .collective = reading->ready.collectives->by_record[rank][i],
                                   .operation = record->operation,
                                   .begins = i,
                                   .ends = NO_RECORD,
                                   .begin = record->clock,
                                   .end = reading->until,
                                   .bytes = record->bytes};
    call.nonblocking = collectives_only_start(call.operation);
    collective_find_ready(&reading->ready, &call);
    int index = (int)reading->list->len;
    g_array_append_val(reading->list, call);
    reading->calls->by_record[rank][i] = index;
    reading->open = index;
    if (call.nonblocking && log_request(record) != 0)
        g_hash_table_insert(reading->begun, GSIZE_TO_POINTER(log_request(record)),
                            GINT_TO_POINTER(index + 1));
}

/* A call that was complete before another rank came did not need that one: what is small may be sent off
 * to a root that has not called yet. */
static void forget_later(struct collective_call *call, uint64_t complete)
{
    if (call->ready <= complete)
        return;
    call->ready = call->begin;
    call->waits_for = LOG_NO_PEER;
}

static void end_call(struct collective_call *call, size_t i, uint64_t clock)
{
    call->ends = i;
    call->end = clock;
    forget_later(call, clock);
}

static int find_begun(const struct reading *reading, const struct log_record *record)
{
    gpointer key = GSIZE_TO_POINTER(log_request(record));
    return GPOINTER_TO_INT(g_hash_table_lookup(reading->begun, key)) - 1;
}

static void complete(struct reading *reading, const struct log_record *record, size_t i)
{
    int index = find_begun(reading, record);
    if (index == NO_COLLECTIVE_CALL || call_at(reading, index)->ends != NO_RECORD)
        return;
    end_call(call_at(reading, index), i, record->clock);
}

static bool is_wait(const struct log_record *record)
{
    return record->operation >= LOG_WAIT && record->operation <= LOG_WAITSOME;
}

/* The end of a wait that begins at `begin`, or the last record. */
static size_t find_end(const struct log_file *log, size_t begin, size_t last)
{
    for (size_t i = begin + 1; i < last; i++)
        if (log->record[i].operation == log->record[begin].operation &&
            log->record[i].phase == LOG_END)
            return i;
        else if (log->record[i].phase == LOG_BEGIN)
            break; /* a wait has no other call in it */
    return last;
}

/* The collective for which a wait lasts, or NO_COLLECTIVE_CALL: the last that was ready of those which it
 * completes or, if it has not come to its end, of those that it waits for. */
static int awaited(const struct reading *reading, const struct log_file *log, size_t begin,
                   size_t end, bool ended)
{
    const unsigned about = ended ? LOG_COMPLETED : LOG_WAITING_FOR;
    int last = NO_COLLECTIVE_CALL;
    for (size_t i = begin + 1; i < end; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation != about)
            continue;
        int index = find_begun(reading, record);
        if (index == NO_COLLECTIVE_CALL)
            return NO_COLLECTIVE_CALL; /* a message */
        if (last == NO_COLLECTIVE_CALL ||
            call_at(reading, index)->ready >= call_at(reading, last)->ready)
            last = index;
    }
    return last;
}

static void read_wait(struct reading *reading, int rank, size_t begin, size_t last)
{
    const struct log_file *log = &reading->ready.logs[rank];
    size_t end = find_end(log, begin, last);
    int index = awaited(reading, log, begin, end, end < last);
    reading->calls->by_record[rank][begin] = index;
    if (index == NO_COLLECTIVE_CALL)
        return;
    uint64_t until = end < last ? log->record[end].clock : reading->until;
    if (end < last)
        forget_later(call_at(reading, index), until);
    spend(call_at(reading, index), log->record[begin].clock, until);
}

static void read_record(struct reading *reading, int rank, size_t i, size_t last)
{
    const struct log_record *record = &reading->ready.logs[rank].record[i];
    const bool begins = record->phase == LOG_BEGIN;
    struct collective_call *open =
        reading->open == NO_COLLECTIVE_CALL ? NULL : call_at(reading, reading->open);
    if (record->operation == LOG_COMPLETED) {
        complete(reading, record, i);
    } else if (is_wait(record) && begins) {
        read_wait(reading, rank, i, last);
    } else if (collectives_include(record->operation) && begins) {
        if (reading->ready.collectives->by_record[rank][i] != NO_COLLECTIVE)
            begin_call(reading, rank, i);
    } else if (open && record->phase == LOG_END && record->operation == open->operation) {
        if (!open->nonblocking)
            end_call(open, i, record->clock);
        reading->open = NO_COLLECTIVE_CALL;
    }
}

/* When all ends are known. */
static void add_up(struct reading *reading, struct collective_call *call)
{
    if (call->nonblocking)
        call->hidden =
            collective_calls_computed(reading->calls, call->rank, call->begin, call->end);
    else
        spend(call, call->begin, call->end);
}

static void read_rank(struct reading *reading, int rank, size_t first, size_t last)
{
    const guint before = reading->list->len;
    reading->open = NO_COLLECTIVE_CALL;
    reading->begun = g_hash_table_new(NULL, NULL);
    for (size_t i = first; i < last; i++)
        read_record(reading, rank, i, last);
    g_hash_table_destroy(reading->begun);
    collective_find_computed(reading->calls->computed[rank], &reading->ready.logs[rank], first,
                             last);
    for (guint i = before; i < reading->list->len; i++)
        add_up(reading, call_at(reading, (int)i));
}

/* ---- interface ---------------------------------------------------------------------------- */

struct collective_calls *collective_calls_new(const struct log_file *logs, int ranks,
                                              const struct collectives *collectives, int step)
{
    struct collective_calls *calls = g_new0(struct collective_calls, 1);
    struct reading reading = {
        .ready = {logs, collectives, g_hash_table_new(NULL, NULL)},
        .calls = calls,
        .list = g_array_new(FALSE, FALSE, sizeof(struct collective_call)),
    };
    calls->collectives = collectives;
    calls->ranks = ranks;
    calls->by_record = g_new(int *, (gsize)ranks + 1);
    calls->computed = g_new(GArray *, (gsize)ranks + 1);
    size_t *first = g_new0(size_t, (gsize)ranks + 1), *last = g_new0(size_t, (gsize)ranks + 1);
    for (int rank = 0; rank < ranks; rank++) {
        calls->computed[rank] = g_array_new(FALSE, FALSE, sizeof(struct computed));
        calls->by_record[rank] = g_new(int, logs[rank].count + 1);
        for (size_t i = 0; i <= logs[rank].count; i++)
            calls->by_record[rank][i] = NO_COLLECTIVE_CALL;
        replay_find_records(&logs[rank], step, &first[rank], &last[rank]);
        if (last[rank] > first[rank])
            reading.until = MAX(reading.until, logs[rank].record[last[rank] - 1].clock);
    }
    for (int rank = 0; rank < ranks; rank++)
        read_rank(&reading, rank, first[rank], last[rank]);
    g_free(first);
    g_free(last);
    g_hash_table_destroy(reading.ready.last);
    calls->count = (int)reading.list->len;
    calls->call = (struct collective_call *)(void *)g_array_free(reading.list, FALSE);
    return calls;
}

void collective_calls_free(struct collective_calls *calls)
{
    if (!calls)
        return;
    for (int rank = 0; rank < calls->ranks; rank++) {
        g_free(calls->by_record[rank]);
        g_array_unref(calls->computed[rank]);
    }
    g_free(calls->by_record);
    g_free(calls->computed);
    g_free(calls->call);
    g_free(calls);
}
