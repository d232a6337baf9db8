/*
 * The timelines of pipelines: beside a run the reference schedule with the same
 * computations and the formula of its bubble; and schedules of equal stages, a
 * backward twice as long as a forward, for documents.
 */
#include "handin/timeline.h"
#include "assignments/pipeline/options.h"
#include "assignments/pipeline/placement.h"
#include "assignments/pipeline/schedules/schedule_timeline.h"

#include <math.h>

/* Where the order is free: says which one the run chose, and returns it; NULL: one without a name. */
static const struct schedule_kind *name_order(const struct timeline *own,
                                              struct timeline_beside *beside)
{
    struct replay *computations = timeline_computations(own);
    const struct schedule_kind *kind = schedule_of_order(computations, 1);
    replay_free(computations);
    if (kind)
        beside->label =
            g_strdup_printf("this run, in the order of %s", schedule_order_title(kind->facts));
    return kind;
}

static void beside(const struct options *options, const struct timeline *own,
                   struct timeline_beside *beside)
{
    const struct schedule_kind *kind = schedule_find(options->step);
    if (!kind)
        return;
    const struct schedule_shape shape = {own->ranks, pipeline_chunks(options),
                                         options_micro_batches(options)};
    beside->title = g_strdup(kind->facts->title);
    beside->reference = schedule_timeline(own, kind);
    const struct schedule_kind *formula = kind;
    if (kind->facts->reference) {
        formula = name_order(own, beside);
        beside->reference_label = g_strdup_printf(
            "one right order of many, %s, with the same computations", kind->facts->reference);
    }
    if (!formula)
        return;
    beside->formula = g_strdup_printf("idle = %s (equal stages)", formula->idle_formula);
    beside->bubble = schedule_timeline_bubble(own, formula, shape);
}

static struct schedule *make_schedule(const struct schedule_kind *kind,
                                      const struct options *options, int ranks)
{
    const int chunks = pipeline_chunks(options);
    /* The naive schedule takes the batch as one micro-batch. */
    const double length = kind->facts->whole_batch ? (double)options->micro_batches : 1.0 / chunks;
    return schedule_equal(kind->make, ranks, chunks, options_micro_batches(options), length, length,
                          length);
}

static struct timeline *ideal(const struct options *options, int ranks,
                              struct timeline_beside *beside, GString *problems)
{
    const struct schedule_kind *kind = schedule_find(options->step);
    if (!kind) {
        g_string_append_printf(problems,
                               "there is no schedule \"%s\" to draw. There are:", options->step);
        for (int id = 0; id < SCHEDULES; id++)
            if (schedule_kind_of((enum schedule_id)id))
                g_string_append_printf(problems, " %s", schedule_table[id].name);
        return NULL;
    }
    const gint64 forwards =
        (gint64)ranks * pipeline_chunks(options) * options_micro_batches(options);
    if (forwards > SCHEDULE_MOST_FORWARDS) {
        g_string_append_printf(problems,
                               "ranks, micro-batches and chunks: their product may be at most %d",
                               SCHEDULE_MOST_FORWARDS);
        return NULL;
    }
    struct schedule *schedule = make_schedule(kind, options, ranks);
    struct replay *run = schedule ? schedule_run(schedule) : NULL;
    struct timeline *timeline = NULL;
    if (run) {
        timeline = timeline_of_replay(run, TIMELINE_FORWARDS);
        /* One time axis for all schedules of a shape: the length of a picture's boxes can be
         * compared with another's. */
        timeline->end = fmax(timeline->end, 3 * (timeline->micro_batches + timeline->ranks - 1));
        beside->title = g_strdup(schedule_order_title(kind->facts));
        beside->formula = g_strdup_printf("idle = %s", kind->idle_formula);
        beside->bubble =
            schedule_timeline_bubble(timeline, kind,
                                     (struct schedule_shape){ranks, pipeline_chunks(options),
                                                             options_micro_batches(options)});
    } else {
        g_string_append_printf(problems, "%s is impossible with %d ranks and these micro-batches",
                               kind->facts->title, ranks);
    }
    replay_free(run);
    schedule_free(schedule);
    return timeline;
}

static const struct timeline_part part = {
    .assignment = "pipeline", .stage_word = PLACEMENT_STAGE_WORD, .beside = beside, .ideal = ideal};

__attribute__((constructor)) static void register_part(void)
{
    timeline_part_register(&part);
}
