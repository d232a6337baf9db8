/*
 * Judge "parallel".
 *
 * Run:       training steps; those of the last are replayed with their charged FLOPs as durations
 *            and with free messages. No clock is read; only the simulated cluster's is compared
 *            with that.
 * Must hold: the step takes no longer than the reference schedule with the same durations, by half a
 *            percent (PARALLEL_RESOLUTION) or more (of the schedule "bounded", which leaves the order
 *            free: it is 1.5 times as fast as one stage after the other), and no less than the
 *            computations' dependencies allow.
 * A failure: ranks wait where they could compute; the picture shows it beside the reference.
 */
#include "assignments/pipeline/judges/parallel.h"

#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/order_rules.h"
#include "assignments/pipeline/judges/parallel_waits.h"
#include "assignments/pipeline/placement.h"
#include "assignments/pipeline/schedules/schedule_timeline.h"
#include "grader/evidence/simulated.h"
#include "grader/pictures/picture_timeline.h"

#include <math.h>

#define FEWEST_RANKS     4 /* with fewer, "in parallel" says little */
#define TOLERANCE        1e-6
#define HALF             0.5 /* of the extra time: who costs that much is the reason */
#define MOST_SITES_SHOWN 5
#define SPEED_UP         1.5 /* what a pipeline must gain where its schedule allows it */

/* By the formula of the schedule that is judged, with the durations that the replay has; where the order
 * is free, of the order that it has. NULL: none. */
static const struct schedule_kind *formula_of(const struct outcome *run,
                                              const struct schedule_kind *kind,
                                              const struct replay *replay, double *bubble)
{
    const struct schedule_shape shape = {run->ranks, pipeline_chunks(&run->options),
                                         options_micro_batches(&run->options)};
    const struct schedule_kind *formula =
        kind->facts->reference ? schedule_of_order(replay, shape.chunks) : kind;
    if (!formula)
        return NULL;
    struct timeline *timeline = timeline_of_replay(replay, TIMELINE_FLOPS);
    *bubble = schedule_timeline_bubble(timeline, formula, shape);
    timeline_free(timeline);
    return isnan(*bubble) ? NULL : formula;
}

static void draw(const struct judgement *judgement, const struct outcome *run,
                 const struct schedule_kind *kind, const struct replay *replay,
                 const struct replay *expected, struct verdict *verdict)
{
    g_autofree char *path = verdict_picture_path(judgement, run, "schedule");
    if (!path)
        return;
    g_autoptr(GString) error = g_string_new(NULL);
    g_autofree char *title = g_strdup_printf("%s, %d ranks, %d micro-batches", kind->facts->title,
                                             run->ranks, options_micro_batches(&run->options));
    double bubble = NAN;
    const struct schedule_kind *formula = formula_of(run, kind, replay, &bubble);
    g_autofree char *text =
        formula ? g_strdup_printf("idle = %s (equal stages)", formula->idle_formula) : NULL;
    g_autofree char *reference =
        g_strdup_printf("reference%s%s, with the same computations",
                        kind->facts->reference ? ", one right order of many: " : "",
                        kind->facts->reference ? kind->facts->reference : "");
    const struct timeline_panel beside = {
        .formula = text, .formula_bubble = bubble, .stage_word = PLACEMENT_STAGE_WORD};
    g_autofree char *words = g_strdup_printf(
        "Who computes when, a row for each rank: %s%s", title,
        expected ? ". Above it is this run, below the schedule as it should be" : "");
    if (timeline_picture_of_replay(replay, expected, beside, reference, title, path, error))
        verdict_add_picture(verdict, path, words);
}

double parallel_fastest(const struct replay *replay)
{
    struct schedule *schedule = schedule_of_replay(replay);
    struct replay *own = schedule_run(schedule);
    double makespan = own->deadlock ? NAN : own->makespan;
    schedule_free(schedule);
    replay_free(own);
    return makespan;
}

/* Why the step is longer than it has to be: the call that costs most of that, or the order. `least`:
 * of the same computations in their order, by their dependencies alone. A new string. */
static char *reason(const struct outcome *run, const struct replay *replay,
                    const struct replay *expected, double least, const GArray *sites)
{
    double extra = replay->makespan - expected->makespan;
    const struct wait_site *dearest =
        sites->len ? &g_array_index(sites, struct wait_site, 0) : NULL;
    if (dearest && dearest->saves >= HALF * extra) {
        g_autofree char *text = wait_site_text(run, dearest);
        return g_strdup_printf("because of %s%s", text,
                               dearest->early ? ": it waits before what it waits for is needed"
                                              : "");
    }
    if (replay->makespan - least <= TOLERANCE * replay->makespan)
        return g_strdup("because of the order in which the ranks compute");
    return g_strdup("because stages wait for each other");
}

/* Markdown: what each call that waits costs. */
static void explain_sites(const struct outcome *run, const struct replay *replay,
                          const struct replay *expected, const GArray *sites,
                          struct verdict *verdict)
{
    double extra = replay->makespan - expected->makespan;
    for (guint k = 0; k < MIN(sites->len, MOST_SITES_SHOWN); k++) {
        const struct wait_site *site = &g_array_index(sites, struct wait_site, k);
        g_autofree char *text = wait_site_text(run, site);
        verdict_explain(verdict,
                        "%s- %s on %d rank%s%s: if it %s, the step would take %.6g FLOPs "
                        "of time; that is %.0f%% of the extra time\n",
                        k == 0 ? "\nCalls that wait and need not:\n\n" : "", text, site->ranks,
                        site->ranks == 1 ? "" : "s",
                        site->early ? ", for messages that are needed later only" : "",
                        site->early ? "waited only then" : "did not wait",
                        replay->makespan - site->saves, 100 * fmin(1, site->saves / extra));
    }
}

/* Where the optimizer steps behind each backward, it may do so before the input gradient is handed on:
 * that holds up each of the stages before by one step. */
static double allowed_for_steps(const struct schedule_kind *kind, const struct replay *replay,
                                const struct replay *expected)
{
    double longest = 0;
    for (int rank = 0; kind->facts->asynchronous && rank < replay->ranks; rank++)
        for (int i = 0; i < replay->rank[rank].count; i++) {
            const struct interval *interval = &replay->rank[rank].interval[i];
            if (interval->operation == LOG_OPTIMIZER_STEP)
                longest = fmax(longest, interval->end - interval->begin);
        }
    return (replay->ranks - 1) * longest / expected->makespan;
}

static void compare(const struct outcome *run, const struct schedule_kind *kind,
                    const struct matching *matching, struct replay_options options,
                    const struct replay *replay, const struct replay *expected,
                    struct verdict *verdict)
{
    int micro_batches = options_micro_batches(&run->options);
    double slower = replay->makespan / expected->makespan - 1, least = parallel_fastest(replay);
    double too_fast = 1 - replay->makespan / least;
    double speed_up = parallel_speed_up(replay);
    double allowed = PARALLEL_RESOLUTION + allowed_for_steps(kind, replay, expected);
    bool any_order = schedule_id(kind->facts) == SCHEDULE_BOUNDED;
    if (isnan(least))
        evidence_fail(verdict,
                      "%d ranks, %d micro-batches: the ranks' orders contradict each other, so "
                      "computations did not wait for the messages that they need",
                      run->ranks, micro_batches);
    else if (!(too_fast <= TOLERANCE))
        evidence_fail(verdict,
                      "%d ranks, %d micro-batches: the step takes %.1f%% less than is possible: "
                      "computations did not wait for the messages that they need",
                      run->ranks, micro_batches, 100 * too_fast);
    else if (parallel_speed_up(expected) >= SPEED_UP && speed_up <= 1 + TOLERANCE)
        evidence_fail(
            verdict,
            "%d ranks, %d micro-batches: no two ranks ever work at the same time: the step "
            "takes as long as all its computations one after the other",
            run->ranks, micro_batches);
    else if (!any_order && !(slower <= allowed)) {
        EVIDENCE_ARRAY sites = wait_sites_find(run, matching, replay, options);
        g_autofree char *why = reason(run, replay, expected, least, sites);
        evidence_fail(verdict,
                      "%d ranks, %d micro-batches: the step takes %.1f%% longer than %s has to, %s",
                      run->ranks, micro_batches, 100 * slower, kind->facts->title, why);
        explain_sites(run, replay, expected, sites, verdict);
    } else if (parallel_speed_up(expected) >= SPEED_UP &&
               speed_up < SPEED_UP * (1 - PARALLEL_RESOLUTION))
        evidence_fail(verdict,
                      "%d ranks, %d micro-batches: the pipeline is only %.2f times as fast as the "
                      "same stages one after the other, less than %g times",
                      run->ranks, micro_batches, speed_up, SPEED_UP);
}

/* A step that takes no longer than its own order must, and longer than the reference: then the order is
 * the reason, and the mistake that it shows. */
static void name_order(const struct outcome *run, const struct schedule_kind *kind,
                       const struct replay *replay, const struct replay *expected,
                       struct verdict *verdict)
{
    const struct schedule_shape shape = {run->ranks, pipeline_chunks(&run->options),
                                         options_micro_batches(&run->options)};
    bool by_order = replay->makespan <= (1 + TOLERANCE) * parallel_fastest(replay) &&
                    replay->makespan > (1 + TOLERANCE) * expected->makespan;
    if (verdict->kind != VERDICT_FAIL || !by_order)
        return;
    struct schedule *schedule = schedule_of_replay(replay);
    const struct mistake *mistake = order_recognise(kind, schedule, shape);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    schedule_free(schedule);
}

struct schedule *parallel_schedule_like(const struct outcome *run, const struct replay *replay,
                                        schedule_maker *maker)
{
    int chunks = pipeline_chunks(&run->options), forwards = 0;
    for (int i = 0; i < replay->rank[0].count; i++)
        forwards += replay->rank[0].interval[i].operation == LOG_FORWARD;
    bool whole = !replay->deadlock && replay->steps_found == run->ranks &&
                 forwards == chunks * options_micro_batches(&run->options);
    return whole ? schedule_like(replay, chunks, maker) : NULL;
}

/* The schedule of the same durations, or NULL after saying why there is none. */
static struct replay *reference_of(const struct outcome *run, const struct schedule_kind *kind,
                                   const struct replay *replay, int step, struct verdict *verdict)
{
    int whole = 0;
    for (int i = 0; i < replay->rank[0].count; i++)
        whole += replay->rank[0].interval[i].operation == LOG_BACKWARD;
    bool complete = !replay->deadlock && replay->steps_found == run->ranks;
    struct schedule *schedule = parallel_schedule_like(run, replay, kind->make);
    struct replay *expected = schedule ? schedule_run(schedule) : NULL;
    schedule_free(schedule);
    if (complete && kind->facts->chunked && options_micro_batches(&run->options) % run->ranks != 0)
        evidence_fail(verdict,
                      "%s of %d micro-batches on %d ranks should have been refused: their number "
                      "must be a multiple of the ranks",
                      kind->facts->title, options_micro_batches(&run->options), run->ranks);
    else if (!expected || expected->deadlock || !(expected->makespan > 0))
        evidence_fail(verdict,
                      "step %d does not hold one forward and one backward of every micro-batch on "
                      "every stage, so it can't be replayed",
                      step);
    else if (kind->facts->halves && whole > 0)
        evidence_fail(verdict,
                      "step %d has %d whole backwards on rank 0: %s computes I and W apart", step,
                      whole, kind->facts->title);
    else
        return expected;
    replay_free(expected);
    return NULL;
}

static void judge_step(const struct judgement *judgement, const struct outcome *run,
                       const struct schedule_kind *kind, int step, struct verdict *verdict)
{
    struct matching *matching = matching_new(run->log, run->ranks);
    struct replay_options options = {.step = step, .optimizer = kind->facts->asynchronous};
    struct replay *replay = replay_run(run->log, run->ranks, matching, options);
    struct replay *expected = reference_of(run, kind, replay, step, verdict);
    if (expected) {
        compare(run, kind, matching, options, replay, expected, verdict);
        parallel_explain(run, kind, matching, step, replay, expected, verdict);
        name_order(run, kind, replay, expected, verdict);
        if (verdict->kind == VERDICT_PASS)
            simulated_agrees(run, matching, step, verdict);
    }
    draw(judgement, run, kind, replay, expected, verdict);
    replay_free(expected);
    replay_free(replay);
    matching_free(matching);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    const struct schedule_kind *kind = schedule_find(run->options.step);
    if (!evidence_logs(run, verdict))
        return;
    if (!kind)
        verdict_set(verdict, VERDICT_NOT_JUDGED, "there is no reference for --schedule %s",
                    run->options.step);
    else if (run->ranks < FEWEST_RANKS)
        verdict_set(verdict, VERDICT_NOT_JUDGED, "%d ranks are too few to judge this by",
                    run->ranks);
    else /* The last step: by then nothing of the start-up is left. */
        judge_step(judgement, run, kind, MAX(1, run->options.steps) - 1, verdict);
}

void judge_parallel(const struct judgement *judgement, struct verdict *verdict)
{
    const struct schedule_kind *kind =
        judgement->outcomes ? schedule_find(judgement->outcome[0].options.step) : NULL;
    g_autofree char *passed = g_strdup_printf("the stages work at the same time, as %s does",
                                              kind ? kind->facts->title : "their schedule");
    evidence_each_run(judgement, verdict, judge_run, passed);
}
