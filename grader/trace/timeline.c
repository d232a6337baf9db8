/*
 * Timelines: their sums, and those of replays.
 */
#include "grader/trace/timeline_parts.h"

#include <limits.h>
#include <math.h>

struct timeline *timeline_new(int ranks, enum timeline_unit unit)
{
    struct timeline *timeline = g_new0(struct timeline, 1);
    timeline->ranks = ranks;
    timeline->unit = unit;
    timeline->bar = g_new(GArray *, (gsize)ranks + 1);
    timeline->busy = g_new0(double, (gsize)ranks + 1);
    for (int rank = 0; rank < ranks; rank++)
        timeline->bar[rank] = g_array_new(FALSE, FALSE, sizeof(struct timeline_bar));
    return timeline;
}

void timeline_free(struct timeline *timeline)
{
    if (!timeline)
        return;
    for (int rank = 0; rank < timeline->ranks; rank++)
        g_array_unref(timeline->bar[rank]);
    collective_calls_free(timeline->calls);
    collectives_free(timeline->collectives);
    g_free(timeline->bar);
    g_free(timeline->busy);
    g_free(timeline);
}

struct timeline_bar *timeline_bar(const struct timeline *timeline, int rank, guint i)
{
    return &g_array_index(timeline->bar[rank], struct timeline_bar, i);
}

static bool is_work(enum timeline_kind kind)
{
    return kind <= TIMELINE_BACKWARD_WEIGHT;
}

/* ---- what is what ------------------------------------------------------------------------ */

static bool kind_of_call(unsigned operation, enum timeline_kind *kind)
{
    if (collectives_include(operation) || operation == LOG_RECV || operation == LOG_MRECV ||
        operation == LOG_PROBE_MESSAGE || operation == LOG_MPROBE || operation == LOG_SENDRECV ||
        operation == LOG_SENDRECV_REPLACE || (operation >= LOG_WAIT && operation <= LOG_WAITSOME) ||
        (operation >= LOG_WIN_CREATE && operation <= LOG_WIN_SYNC))
        *kind = TIMELINE_WAITING;
    else if ((operation >= LOG_SEND && operation <= LOG_IRSEND) || operation == LOG_START ||
             operation == LOG_STARTALL || operation >= LOG_PUT)
        *kind = TIMELINE_SENDING;
    else
        return false;
    return true;
}

bool timeline_kind_of(unsigned operation, enum timeline_kind *kind)
{
    switch (operation) {
    case LOG_FORWARD:
        *kind = TIMELINE_FORWARD;
        return true;
    case LOG_BACKWARD:
        *kind = TIMELINE_BACKWARD;
        return true;
    case LOG_BACKWARD_INPUT:
        *kind = TIMELINE_BACKWARD_INPUT;
        return true;
    case LOG_BACKWARD_WEIGHT:
        *kind = TIMELINE_BACKWARD_WEIGHT;
        return true;
    case LOG_OPTIMIZER_STEP:
        *kind = TIMELINE_OPTIMIZER;
        return true;
    default:
        return kind_of_call(operation, kind);
    }
}

/* ---- the sums ---------------------------------------------------------------------------- */

/* The begin of the first forward or backward; without any, of the first bar. */
static double find_origin(const struct timeline *timeline)
{
    double work = INFINITY, any = INFINITY;
    for (int rank = 0; rank < timeline->ranks; rank++)
        for (guint i = 0; i < timeline->bar[rank]->len; i++) {
            const struct timeline_bar *bar = timeline_bar(timeline, rank, i);
            any = fmin(any, bar->begin);
            if (is_work(bar->kind))
                work = fmin(work, bar->begin);
        }
    return isinf(work) ? any : work;
}

/* A log may name any number; sums with the ranks must not overflow. */
static int one_past(int number)
{
    return MIN(number, INT_MAX / 2) + 1;
}

static gint by_number(gconstpointer a, gconstpointer b)
{
    return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b;
}

/* The stages that a rank worked on, ascending. */
static GArray *stages_of(const GArray *bars)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(int));
    GArray *stages = g_array_new(FALSE, FALSE, sizeof(int));
    for (guint i = 0; i < bars->len; i++) {
        const struct timeline_bar *bar = &g_array_index(bars, struct timeline_bar, i);
        if (is_work(bar->kind) && bar->stage >= 0)
            g_array_append_val(all, bar->stage);
    }
    g_array_sort(all, by_number);
    for (guint i = 0; i < all->len; i++)
        if (i == 0 || g_array_index(all, int, i) != g_array_index(all, int, i - 1))
            g_array_append_val(stages, g_array_index(all, int, i));
    g_array_unref(all);
    return stages;
}

static void number_stages(struct timeline *timeline, int rank)
{
    GArray *stages = stages_of(timeline->bar[rank]);
    for (guint i = 0; i < timeline->bar[rank]->len; i++) {
        struct timeline_bar *bar = timeline_bar(timeline, rank, i);
        guint place;
        if (g_array_binary_search(stages, &bar->stage, by_number, &place))
            bar->stage_of_rank = (int)place;
    }
    timeline->stages_of_rank = MAX(timeline->stages_of_rank, (int)stages->len);
    g_array_unref(stages);
}

/* Shifts the bars of a rank, cuts off what lies before time 0, and adds up. */
static void finish_rank(struct timeline *timeline, int rank, double origin)
{
    GArray *kept = g_array_new(FALSE, FALSE, sizeof(struct timeline_bar));
    for (guint i = 0; i < timeline->bar[rank]->len; i++) {
        struct timeline_bar bar = *timeline_bar(timeline, rank, i);
        bar.begin = fmax(bar.begin - origin, 0);
        bar.end -= origin;
        if (bar.end < 0 || (bar.end <= 0 && !is_work(bar.kind)))
            continue;
        g_array_append_val(kept, bar);
        timeline->end = fmax(timeline->end, bar.end);
        if (!is_work(bar.kind))
            continue;
        timeline->busy[rank] += bar.end - bar.begin;
        timeline->makespan = fmax(timeline->makespan, bar.end);
        timeline->stages = MAX(timeline->stages, one_past(bar.stage));
        timeline->micro_batches = MAX(timeline->micro_batches, one_past(bar.micro_batch));
    }
    g_array_unref(timeline->bar[rank]);
    timeline->bar[rank] = kept;
}

void timeline_finish(struct timeline *timeline)
{
    double origin = find_origin(timeline);
    for (int rank = 0; rank < timeline->ranks; rank++) {
        finish_rank(timeline, rank, origin);
        number_stages(timeline, rank);
    }
}

double timeline_bubble(const struct timeline *timeline)
{
    double busy = 0;
    for (int rank = 0; rank < timeline->ranks; rank++)
        busy += timeline->busy[rank];
    return timeline->makespan > 0 ? 1 - busy / (timeline->makespan * timeline->ranks) : 0;
}

/* ---- from and to replays ----------------------------------------------------------------- */

struct timeline *timeline_of_replay(const struct replay *replay, enum timeline_unit unit)
{
    struct timeline *timeline = timeline_new(replay->ranks, unit);
    timeline->stuck = replay->deadlock;
    for (int rank = 0; rank < replay->ranks; rank++)
        for (int i = 0; i < replay->rank[rank].count; i++) {
            const struct interval *interval = &replay->rank[rank].interval[i];
            struct timeline_bar bar = {.stage = interval->stage,
                                       .micro_batch = interval->micro_batch,
                                       .begin = interval->begin,
                                       .end = interval->end,
                                       .call = NO_COLLECTIVE_CALL};
            if (timeline_kind_of(interval->operation, &bar.kind))
                g_array_append_val(timeline->bar[rank], bar);
        }
    timeline_finish(timeline);
    return timeline;
}

struct replay *timeline_computations(const struct timeline *timeline)
{
    static const enum log_operation operation[] = {
        [TIMELINE_FORWARD] = LOG_FORWARD,
        [TIMELINE_BACKWARD] = LOG_BACKWARD,
        [TIMELINE_BACKWARD_INPUT] = LOG_BACKWARD_INPUT,
        [TIMELINE_BACKWARD_WEIGHT] = LOG_BACKWARD_WEIGHT,
        [TIMELINE_OPTIMIZER] = LOG_OPTIMIZER_STEP,
    };
    struct replay *replay = g_new0(struct replay, 1);
    replay->ranks = replay->steps_found = timeline->ranks;
    replay->makespan = timeline->makespan;
    replay->deadlock = timeline->stuck;
    replay->rank = g_new0(struct replay_rank, (gsize)timeline->ranks);
    for (int rank = 0; rank < timeline->ranks; rank++) {
        struct replay_rank *result = &replay->rank[rank];
        result->interval = g_new(struct interval, (gsize)timeline->bar[rank]->len + 1);
        for (guint i = 0; i < timeline->bar[rank]->len; i++) {
            const struct timeline_bar *bar = timeline_bar(timeline, rank, i);
            if (bar->kind <= TIMELINE_OPTIMIZER)
                result->interval[result->count++] = (struct interval){
                    operation[bar->kind], bar->stage, bar->micro_batch, bar->begin, bar->end};
        }
        result->busy = timeline->busy[rank];
        result->idle = timeline->makespan - result->busy;
        result->stuck_in = NO_RECORD;
        result->waits_for = LOG_NO_PEER;
        result->stuck = timeline->stuck;
    }
    return replay;
}
