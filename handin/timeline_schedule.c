/* handin timeline --schedule: a reference schedule as a picture. */
#include "grader/picture_timeline.h"
#include "grader/timeline_reference.h"
#include "handin/handin.h"

#include <math.h>
#include <stdio.h>

#define MOST_RANKS            1024
#define MOST_MICRO_BATCHES    4096
#define MOST_CHUNKS           64
#define MOST_FORWARDS         (1 << 22) /* of all stages together */
#define DEFAULT_MICRO_BATCHES 8
#define DEFAULT_CHUNKS        2

static int micro_batches_of(const struct handin_options *options)
{
    return options->micro_batches ? options->micro_batches : DEFAULT_MICRO_BATCHES;
}

static int chunks_of(const struct handin_options *options, const struct schedule_kind *kind)
{
    return !kind->chunked ? 1 : options->chunks ? options->chunks : DEFAULT_CHUNKS;
}

static struct schedule *make_schedule(const struct schedule_kind *kind,
                                      const struct handin_options *options, int chunks)
{
    int micro_batches = micro_batches_of(options);
    /* The naive schedule takes the batch as one micro-batch. */
    double length = g_str_equal(kind->name, "naive") ? micro_batches : 1.0 / chunks;
    if (g_str_equal(kind->name, "naive"))
        micro_batches = 1;
    return schedule_equal(kind->make, options->stages, chunks, micro_batches, length, length,
                          length);
}

/* False, with a line in problems, if there is no such schedule. */
static bool check_shape(const struct handin_options *options, const struct schedule_kind *kind,
                        GString *problems)
{
    if (!kind) {
        g_string_append_printf(problems,
                               "there is no schedule \"%s\". There are:", options->schedule);
        for (const struct schedule_kind *known = schedule_kinds; known->name; known++)
            g_string_append_printf(problems, " %s", known->name);
    } else if (options->stages < 1 || options->stages > MOST_RANKS || options->micro_batches < 0 ||
               options->micro_batches > MOST_MICRO_BATCHES || options->chunks < 0 ||
               options->chunks > MOST_CHUNKS ||
               (gint64)options->stages * chunks_of(options, kind) * micro_batches_of(options) >
                   MOST_FORWARDS) {
        g_string_append_printf(problems,
                               "wanted: --stages from 1 to %d, --micro-batches from 1 to %d, "
                               "--chunks from 1 to %d, and their product at most %d",
                               MOST_RANKS, MOST_MICRO_BATCHES, MOST_CHUNKS, MOST_FORWARDS);
    }
    return problems->len == 0;
}

int handin_timeline_of_schedule(const struct handin_options *options)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    const struct schedule_kind *kind = schedule_find(options->schedule);
    if (!check_shape(options, kind, problems)) {
        handin_complain(problems);
        return 1;
    }
    const int chunks = chunks_of(options, kind);
    struct schedule *schedule = make_schedule(kind, options, chunks);
    struct replay *run = schedule ? schedule_run(schedule) : NULL;
    bool drawn = false;
    if (run) {
        struct timeline *timeline = timeline_of_replay(run, TIMELINE_FORWARDS);
        /* One time axis for all schedules of a shape: the length of a picture's boxes can be
         * compared with another's. */
        timeline->end = fmax(timeline->end, 3 * (timeline->micro_batches + timeline->ranks - 1));
        g_autofree char *formula = g_strdup_printf("idle = %s", kind->idle_formula);
        const struct timeline_panel panel = {.timeline = timeline,
                                             .label = kind->title,
                                             .formula = formula,
                                             .formula_bubble =
                                                 timeline_formula_bubble(timeline, kind)};
        drawn = timeline_picture_small(&panel, options->out, problems);
        timeline_free(timeline);
    } else {
        g_string_append_printf(problems, "%s is impossible with %d ranks and these micro-batches",
                               kind->title, options->stages);
    }
    replay_free(run);
    schedule_free(schedule);
    handin_complain(problems);
    if (drawn)
        printf("%s: %s\n", kind->title, options->out);
    return drawn ? 0 : 1;
}
