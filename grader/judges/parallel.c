/*
 * Judge "parallel": do the stages really work at the same time?
 *
 * The recorded events of a step are replayed with their charged FLOPs as
 * durations and with free messages. That must not take longer than the reference
 * schedule with the same durations takes, nor less than what the computations'
 * dependencies allow. No clock is read.
 */
#include "grader/judges/evidence.h"
#include "grader/judges/judges.h"
#include "grader/picture_timeline.h"
#include "grader/replay.h"

#define FEWEST_RANKS 4 /* with fewer, "in parallel" says little */
#define TOLERANCE    1e-6

static void draw(const struct judgement *judgement, const struct outcome *run,
                 const struct replay *replay, struct verdict *verdict)
{
    if (!judgement->picture_folder)
        return;
    g_autofree char *name = g_strdup_printf("%s-run-%d-schedule", judgement->picture_prefix,
                                            (int)(run - judgement->outcome));
    g_autofree char *path = g_build_filename(judgement->picture_folder, name, NULL);
    g_autofree char *title =
        g_strdup_printf("%d stages, %d micro-batches: what the ranks did (time in FLOPs)",
                        run->ranks, evidence_micro_batches(&run->options));
    if (timeline_picture_of(replay, title, path, NULL))
        g_ptr_array_add(verdict->pictures, g_strdup_printf("%s.svg", name));
}

/* The same computations in each rank's own order, held up by their dependencies alone: nothing in
 * that order can be faster. */
static struct replay *run_in_own_order(const struct replay *replay)
{
    struct schedule *schedule = schedule_new(replay->ranks);
    for (int rank = 0; rank < replay->ranks; rank++)
        for (int i = 0; i < replay->rank[rank].count; i++) {
            const struct interval *interval = &replay->rank[rank].interval[i];
            if (interval->operation != LOG_OPTIMIZER_STEP)
                schedule_add(schedule, rank,
                             (struct schedule_operation){interval->operation, interval->stage,
                                                         interval->micro_batch,
                                                         interval->end - interval->begin});
        }
    struct replay *own = schedule_run(schedule);
    schedule_free(schedule);
    return own;
}

/* A backward in two halves may be faster than AFAB with whole ones; nothing may be faster than its
 * own dependencies allow. */
static void compare(const struct outcome *run, const struct replay *replay,
                    const struct replay *expected, struct verdict *verdict)
{
    struct replay *own = run_in_own_order(replay);
    double slower = replay->makespan / expected->makespan - 1;
    double too_fast = 1 - replay->makespan / own->makespan;
    if (own->deadlock || !(too_fast <= TOLERANCE))
        evidence_fail(verdict,
                      "%d stages, %d micro-batches: the step takes %.1f%% less than is possible: "
                      "computations did not wait for the messages that they need",
                      run->ranks, evidence_micro_batches(&run->options), 100 * too_fast);
    else if (!(slower <= TOLERANCE))
        evidence_fail(verdict,
                      "%d stages, %d micro-batches: the step takes %.1f%% longer than "
                      "all-forward-all-backward has to, because stages wait for each other",
                      run->ranks, evidence_micro_batches(&run->options), 100 * slower);
    verdict_explain(
        verdict,
        "\n%d stages, %d micro-batches: replayed with free messages the step takes %.6g "
        "FLOPs of time; all-forward-all-backward takes %.6g. Idle: %.1f%% of the time "
        "(%.1f%% expected).\n",
        run->ranks, evidence_micro_batches(&run->options), replay->makespan, expected->makespan,
        100 * replay_bubble(replay), 100 * replay_bubble(expected));
    replay_free(own);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    if (!evidence_logs(run, verdict))
        return;
    if (run->ranks < FEWEST_RANKS) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "%d ranks are too few to judge this by",
                    run->ranks);
        return;
    }
    /* The last step: by then nothing of the start-up is left. */
    int step = MAX(1, run->options.steps) - 1;
    struct replay *replay =
        replay_run(run->log, run->ranks, NULL, (struct replay_options){.step = step});
    struct schedule *schedule = replay->deadlock || replay->steps_found != run->ranks
                                    ? NULL
                                    : schedule_like(replay, schedule_afab);
    struct replay *expected = schedule ? schedule_run(schedule) : NULL;
    if (!expected || expected->deadlock || !(expected->makespan > 0))
        evidence_fail(verdict,
                      "step %d does not hold one forward and one backward of every micro-batch on "
                      "every stage, so it can't be replayed",
                      step);
    else
        compare(run, replay, expected, verdict);
    draw(judgement, run, replay, verdict);
    replay_free(expected);
    schedule_free(schedule);
    replay_free(replay);
}

void judge_parallel(const struct judgement *judgement, struct verdict *verdict)
{
    judge_each_run(judgement, verdict, judge_run,
                   "the stages work at the same time, as all-forward-all-backward does");
}
