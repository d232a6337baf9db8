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

double schedule_timeline_bubble(const struct timeline *timeline, const struct schedule_kind *kind)
{
    double time[TIMELINE_KINDS] = {0};
    for (int rank = 0; rank < timeline->ranks; rank++)
        for (guint i = 0; i < timeline->bar[rank]->len; i++) {
            const struct timeline_bar *bar =
                &g_array_index(timeline->bar[rank], struct timeline_bar, i);
            time[bar->kind] += bar->end - bar->begin;
        }
    const struct schedule_shape shape = {timeline->ranks, chunks_of(timeline),
                                         timeline->micro_batches};
    /* Of one micro-batch on a whole rank. A whole backward is taken as two halves of one length;
     * only their sum counts in the formulas of schedules that have whole ones. */
    const double share = 1.0 / timeline->ranks / MAX(timeline->micro_batches, 1);
    const double forward = time[TIMELINE_FORWARD] * share;
    const double whole = time[TIMELINE_BACKWARD] * share;
    const double input = time[TIMELINE_BACKWARD_INPUT] * share + whole / 2;
    const double weight = time[TIMELINE_BACKWARD_WEIGHT] * share + whole / 2;
    if (!(forward > 0) || !(input + weight > 0))
        return NAN;
    return schedule_bubble_of_makespan(kind->idle(shape, forward, input, weight),
                                       schedule_makespan(kind, shape, forward, input, weight));
}
