/*
 * Timelines of logs.
 */
#include "grader/trace/timeline_parts.h"

#include <math.h>

int timeline_last_step(const struct log_file *logs, int ranks)
{
    int last = -1;
    for (int rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < logs[rank].count; i++)
            last = MAX(last, log_step(&logs[rank].record[i]));
    return last >= 0 ? last : REPLAY_ALL_STEPS;
}

/* ---- collectives -------------------------------------------------------------------------- */

/* A bar of a call that a collective is the matter of becomes two: of waiting until the last had come,
 * and of communicating. */
static void append_divided(GArray *bars, struct timeline_bar bar,
                           const struct collective_call *call)
{
    struct timeline_bar behind = bar;
    double ready = call->ready == NEVER_READY ? bar.end : (double)call->ready;
    bar.end = behind.begin = fmin(fmax(ready, bar.begin), bar.end);
    behind.kind = TIMELINE_COMMUNICATING;
    if (bar.end > bar.begin)
        g_array_append_val(bars, bar);
    if (behind.end > behind.begin || bar.end <= bar.begin)
        g_array_append_val(bars, behind);
}

static void append_in_flight(GArray *bars, struct timeline_bar bar,
                             const struct collective_call *call)
{
    bar.kind = TIMELINE_IN_FLIGHT;
    bar.end = (double)call->end;
    g_array_append_val(bars, bar);
}

static void divide_collectives(struct timeline *timeline, int rank)
{
    GArray *bars = timeline->bar[rank];
    timeline->bar[rank] = g_array_new(FALSE, FALSE, sizeof(struct timeline_bar));
    for (guint i = 0; i < bars->len; i++) {
        struct timeline_bar bar = g_array_index(bars, struct timeline_bar, i);
        const struct collective_call *call =
            bar.call == NO_COLLECTIVE_CALL ? NULL : &timeline->calls->call[bar.call];
        if (!call)
            g_array_append_val(timeline->bar[rank], bar);
        else if (bar.kind == TIMELINE_IN_FLIGHT)
            append_in_flight(timeline->bar[rank], bar, call);
        else
            append_divided(timeline->bar[rank], bar, call);
    }
    g_array_unref(bars);
}

/* What is in flight at one time lies in different lanes: each takes the first that is free. (Of more than
 * anybody would draw, some share the last one: to look for a free one among thousands takes long.) */
static void choose_lanes(struct timeline *timeline, int rank)
{
    enum { MOST_LANES = 64 };
    GArray *until = g_array_new(FALSE, FALSE, sizeof(double)); /* [lane] */
    for (guint i = 0; i < timeline->bar[rank]->len; i++) {
        struct timeline_bar *bar = timeline_bar(timeline, rank, i);
        if (bar->kind != TIMELINE_IN_FLIGHT && bar->kind != TIMELINE_TRANSFER)
            continue;
        guint lane = 0;
        while (lane + 1 < MOST_LANES && lane < until->len &&
               g_array_index(until, double, lane) > bar->begin)
            lane++;
        if (lane == until->len)
            g_array_append_val(until, bar->end);
        g_array_index(until, double, lane) = bar->end;
        bar->lane = (int)lane;
    }
    timeline->lanes = MAX(timeline->lanes, (int)until->len);
    g_array_unref(until);
}

/* ---- calls and computations --------------------------------------------------------------- */

static guint append_bar(struct timeline *timeline, int rank, struct timeline_bar bar)
{
    g_array_append_val(timeline->bar[rank], bar);
    return timeline->bar[rank]->len;
}

/* A call that starts a collective only sends it off; it is in flight from then on. */
static guint append_call(struct timeline *timeline, int rank, size_t i, struct timeline_bar bar)
{
    bar.call = timeline->calls->by_record[rank][i];
    if (bar.call == NO_COLLECTIVE_CALL || !timeline->calls->call[bar.call].nonblocking ||
        timeline->calls->call[bar.call].begins != i)
        return append_bar(timeline, rank, bar);
    struct timeline_bar in_flight = bar;
    in_flight.kind = TIMELINE_IN_FLIGHT;
    append_bar(timeline, rank, in_flight);
    bar.kind = TIMELINE_SENDING;
    bar.call = NO_COLLECTIVE_CALL;
    return append_bar(timeline, rank, bar);
}

/* What is read of a rank: where in its bars that of each operation is, + 1; 0: it is not open. */
struct open_bars {
    guint of[LOG_OPERATIONS];
    enum log_operation computation; /* the one that is open; LOG_NONE: there is none */
};

/* A call inside of a computation, as layers have that are split over ranks, interrupts it. */
static void interrupt(struct timeline *timeline, int rank, struct open_bars *open, double from,
                      double until)
{
    if (open->computation == LOG_NONE || until <= from)
        return;
    struct timeline_bar *before = timeline_bar(timeline, rank, open->of[open->computation] - 1);
    struct timeline_bar behind = *before;
    before->end = from;
    behind.begin = until;
    open->of[open->computation] = append_bar(timeline, rank, behind);
}

static void add_begin(struct timeline *timeline, int rank, const struct log_record *record,
                      size_t i, struct timeline_bar bar, struct open_bars *open)
{
    open->of[record->operation] = append_call(timeline, rank, i, bar);
    if (log_is_computation(record))
        open->computation = record->operation;
}

static void add_end(struct timeline *timeline, int rank, const struct log_record *record,
                    struct open_bars *open)
{
    const guint place = open->of[record->operation];
    if (place == 0)
        return;
    struct timeline_bar *bar = timeline_bar(timeline, rank, place - 1);
    const double begin = bar->begin;
    bar->end = (double)record->clock;
    open->of[record->operation] = 0;
    if (!log_is_computation(record))
        interrupt(timeline, rank, open, begin, (double)record->clock);
    else
        open->computation = LOG_NONE;
}

/* ---- transfers between device and host ---------------------------------------------------- */

static const struct timeline_bar nobody_s = {
    .stage = -1, .micro_batch = -1, .call = NO_COLLECTIVE_CALL};

/* The bar of a transfer that is open lasts until the step's last record. */
static void begin_transfer(struct timeline *timeline, int rank, const struct log_record *record,
                           double until, GHashTable *transfers)
{
    const struct log_transfer transfer = log_transfer(record);
    struct timeline_bar bar = nobody_s;
    bar.kind = TIMELINE_TRANSFER;
    bar.begin = fmin(fmax(transfer.clock, (double)record->clock), until);
    bar.end = until;
    g_hash_table_insert(transfers, GSIZE_TO_POINTER(transfer.number),
                        GUINT_TO_POINTER(append_bar(timeline, rank, bar)));
}

/* A wait interrupts the computation that it is in. */
static void add_wait(struct timeline *timeline, int rank, double from, double until,
                     struct open_bars *open)
{
    struct timeline_bar waiting = nobody_s;
    if (open->computation != LOG_NONE)
        from = fmax(from, timeline_bar(timeline, rank, open->of[open->computation] - 1)->begin);
    if (from >= until)
        return;
    waiting.kind = TIMELINE_WAITING;
    waiting.begin = from;
    waiting.end = until;
    append_bar(timeline, rank, waiting);
    interrupt(timeline, rank, open, from, until);
}

static void end_transfer(struct timeline *timeline, int rank, const struct log_record *record,
                         struct open_bars *open, GHashTable *transfers)
{
    const struct log_transfer transfer = log_transfer(record);
    gpointer key = GSIZE_TO_POINTER(transfer.number);
    const guint place = GPOINTER_TO_UINT(g_hash_table_lookup(transfers, key));
    if (place == 0) /* it was begun in a step before */
        return;
    struct timeline_bar *bar = timeline_bar(timeline, rank, place - 1);
    bar->end = fmax(fmin(transfer.clock, (double)record->clock), bar->begin);
    g_hash_table_remove(transfers, key);
    add_wait(timeline, rank, (double)transfer.waited_since, (double)record->clock, open);
}

static gint by_begin(gconstpointer a, gconstpointer b)
{
    const double first = ((const struct timeline_bar *)a)->begin,
                 second = ((const struct timeline_bar *)b)->begin;
    return (first > second) - (first < second);
}

/* ---- all ---------------------------------------------------------------------------------- */

/* The computation in which a call never returned ended with it. */
static void end_before_pending(struct timeline *timeline, int rank, struct open_bars *open)
{
    if (open->computation == LOG_NONE)
        return;
    struct timeline_bar *bar = timeline_bar(timeline, rank, open->of[open->computation] - 1);
    for (int operation = 0; operation < LOG_OPERATIONS; operation++)
        if (open->of[operation] > open->of[open->computation])
            bar->end = fmin(bar->end, timeline_bar(timeline, rank, open->of[operation] - 1)->begin);
}

static void add_records(struct timeline *timeline, int rank, const struct log_file *log,
                        size_t first, size_t last, double until)
{
    struct open_bars open = {.computation = LOG_NONE};
    GHashTable *transfers = g_hash_table_new(NULL, NULL); /* number → place of its bar, + 1 */
    bool any_transfer = false;
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        any_transfer |= log_is_transfer(record);
        if (record->operation == LOG_TRANSFER_BEGIN)
            begin_transfer(timeline, rank, record, until, transfers);
        else if (record->operation == LOG_TRANSFER_END)
            end_transfer(timeline, rank, record, &open, transfers);
        struct timeline_bar bar = {.stage = record->stage,
                                   .micro_batch = record->micro_batch,
                                   .begin = (double)record->clock,
                                   .end = until};
        if (record->operation >= LOG_OPERATIONS || !timeline_kind_of(record->operation, &bar.kind))
            continue;
        if (record->phase == LOG_BEGIN)
            add_begin(timeline, rank, record, i, bar, &open);
        else if (record->phase == LOG_END)
            add_end(timeline, rank, record, &open);
    }
    g_hash_table_destroy(transfers);
    end_before_pending(timeline, rank, &open);
    if (any_transfer) /* a transfer begins in its turn, and its wait is known at the end */
        g_array_sort(timeline->bar[rank], by_begin);
    divide_collectives(timeline, rank);
    choose_lanes(timeline, rank);
}

struct timeline *timeline_of_logs(const struct log_file *logs, int ranks, int step)
{
    struct timeline *timeline = timeline_new(ranks, TIMELINE_NANOSECONDS);
    if (step == TIMELINE_LAST_STEP)
        step = timeline_last_step(logs, ranks);
    timeline->collectives = collectives_new(logs, ranks);
    timeline->calls = collective_calls_new(logs, ranks, timeline->collectives, step);
    size_t *first = g_new0(size_t, (gsize)ranks + 1), *last = g_new0(size_t, (gsize)ranks + 1);
    double until = 0;
    for (int rank = 0; rank < ranks; rank++) {
        timeline->stuck |= !replay_find_records(&logs[rank], step, &first[rank], &last[rank]);
        if (last[rank] > first[rank])
            until = fmax(until, (double)logs[rank].record[last[rank] - 1].clock);
    }
    for (int rank = 0; rank < ranks; rank++)
        add_records(timeline, rank, &logs[rank], first[rank], last[rank], until);
    g_free(first);
    g_free(last);
    timeline_finish(timeline);
    return timeline;
}
