/*
 * References for timelines.
 */
#include "assignments/pipeline/schedules/schedule_timeline.h"

#include "assignments/pipeline/placement.h"

#include <math.h>

static int chunks_of(const struct timeline *timeline)
{
    return timeline->stages > 0 ? placement_chunk(timeline->stages - 1, timeline->ranks) + 1 : 1;
}

struct timeline *schedule_timeline(const struct timeline *timeline,
                                   const struct schedule_kind *kind)
{
    if (timeline->ranks < 1)
        return NULL;
    struct replay *own = timeline_computations(timeline);
    struct schedule *schedule = schedule_like(own, chunks_of(timeline), kind->make);
    struct replay *run = schedule ? schedule_run(schedule) : NULL;
    struct timeline *reference = NULL;
    if (run && !run->deadlock)
        reference = timeline_of_replay(run, timeline->unit);
    replay_free(run);
    schedule_free(schedule);
    replay_free(own);
    return reference;
}

/* ---- the formula --------------------------------------------------------------------------- */

/* The computations of a kind: how long all of them took, and how many there are. A call inside of one
 * makes two bars of it. */
struct computed {
    double time;
    int count;
};

static void add_rank(const GArray *bars, struct computed computed[TIMELINE_KINDS])
{
    const struct timeline_bar *last = NULL;
    for (guint i = 0; i < bars->len; i++) {
        const struct timeline_bar *bar = &g_array_index(bars, struct timeline_bar, i);
        if (bar->kind > TIMELINE_BACKWARD_WEIGHT)
            continue;
        computed[bar->kind].time += bar->end - bar->begin;
        computed[bar->kind].count += !last || last->kind != bar->kind ||
                                     last->stage != bar->stage ||
                                     last->micro_batch != bar->micro_batch;
        last = bar;
    }
}

double schedule_timeline_bubble(const struct timeline *timeline, const struct schedule_kind *kind,
                                struct schedule_shape shape)
{
    struct computed computed[TIMELINE_KINDS] = {0};
    double mean[TIMELINE_KINDS] = {0}; /* of one micro-batch on a whole rank */
    for (int rank = 0; rank < timeline->ranks; rank++)
        add_rank(timeline->bar[rank], computed);
    for (int i = 0; i < TIMELINE_KINDS; i++)
        mean[i] = computed[i].count > 0 ? computed[i].time / computed[i].count * shape.chunks : 0;
    /* A whole backward is taken as two halves of one length; only their sum counts in the formulas of
     * schedules that have whole ones. */
    const double forward = mean[TIMELINE_FORWARD], whole = mean[TIMELINE_BACKWARD];
    const bool halves = mean[TIMELINE_BACKWARD_INPUT] > 0;
    const double input = halves ? mean[TIMELINE_BACKWARD_INPUT] : whole / 2;
    const double weight = halves ? mean[TIMELINE_BACKWARD_WEIGHT] : whole / 2;
    if (!(forward > 0) || !(input + weight > 0))
        return NAN;
    return schedule_bubble_of_makespan(kind->idle(shape, forward, input, weight),
                                       schedule_makespan(kind, shape, forward, input, weight));
}

/* ---- the order ----------------------------------------------------------------------------- */

/* The next computation of a rank; NULL: there is none. */
static const struct schedule_operation *next_of(const struct schedule *schedule, int rank, int *at)
{
    while (*at < schedule->count[rank]) {
        const struct schedule_operation *operation = &schedule->operation[rank][(*at)++];
        if (operation->operation != LOG_OPTIMIZER_STEP)
            return operation;
    }
    return NULL;
}

static bool same_order(const struct schedule *one, const struct schedule *other)
{
    for (int rank = 0; rank < one->ranks; rank++) {
        const struct schedule_operation *a, *b;
        int at[2] = {0};
        do {
            a = next_of(one, rank, &at[0]);
            b = next_of(other, rank, &at[1]);
            if (!a != !b || (a && (a->operation != b->operation || a->stage != b->stage ||
                                   a->micro_batch != b->micro_batch)))
                return false;
        } while (a);
    }
    return true;
}

const struct schedule_kind *schedule_of_order(const struct replay *replay, int chunks)
{
    static const enum schedule_id known[] = {SCHEDULE_AFAB, SCHEDULE_1F1B, SCHEDULE_BOUNDED,
                                             SCHEDULE_ZERO_BUBBLE, SCHEDULE_INTERLEAVED};
    struct schedule *own = schedule_of_replay(replay);
    const struct schedule_kind *found = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(known) && !found; i++) {
        const struct schedule_kind *kind = schedule_kind_of(known[i]);
        if (kind->facts->chunked != (chunks > 1))
            continue;
        struct schedule *like = schedule_like(replay, chunks, kind->make);
        if (like && same_order(own, like))
            found = kind;
        schedule_free(like);
    }
    schedule_free(own);
    return found;
}
