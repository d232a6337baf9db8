/*
 * Judge "race".
 *
 * Run:       the naive step, and others of the same model on as many ranks.
 * Must hold: every other one is faster, by at least 0.9 of what m micro-batches on p equal stages
 *            can gain, pm/(m+p-1): at 2 stages and 8 micro-batches 1.6 times; in the replay and,
 *            where the runs are simulated, by the simulated clock. The naive step is no slower than
 *            it has to be, and the other does all of its work: every micro-batch, and no fewer
 *            FLOPs. Nothing is faster than possible: than its dependencies allow, or, by the
 *            simulated clock, more than p times as fast as the naive step.
 * A failure: the pipeline gains too little, or what it is compared with is no race. On a real
 *            machine the clock is only told.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/parallel.h"
#include "grader/evidence/simulated.h"

#include <math.h>
#include <string.h>

#define SHARE     0.9
#define SAME_WORK 0.99 /* of the naive step's FLOPs: rounding of nothing but the loss */
#define TOLERANCE 1e-6

static bool is_naive(const struct outcome *run)
{
    return pipeline_schedule(&run->options) == &schedule_table[SCHEDULE_NAIVE];
}

static const struct outcome *find_naive(const struct judgement *judgement)
{
    for (int i = 0; i < judgement->outcomes; i++)
        if (is_naive(&judgement->outcome[i]))
            return &judgement->outcome[i];
    return NULL;
}

static bool is_same_work(const struct outcome *a, const struct outcome *b)
{
    return a->ranks == b->ranks && a->simulated == b->simulated &&
           g_strcmp0(a->platform, b->platform) == 0 &&
           strcmp(a->options.model, b->options.model) == 0 &&
           strcmp(a->options.dataset, b->options.dataset) == 0 &&
           a->options.batch_size == b->options.batch_size && a->options.steps == b->options.steps;
}

static struct replay *replay_of(const struct outcome *run)
{
    const struct schedule_kind *kind = schedule_find(run->options.step);
    return replay_run(run->log, run->ranks, NULL,
                      (struct replay_options){.step = MAX(1, run->options.steps) - 1,
                                              .optimizer = kind && kind->facts->asynchronous});
}

/* By the clock, a step on average: seconds; NaN if it is not known. */
static double clock_of(const struct outcome *run)
{
    int steps = MAX(1, run->options.steps);
    struct simulated_step first, last;
    if (!simulated_step(run, 0, &first))
        return NAN;
    g_free(first.begin);
    if (!simulated_step(run, steps - 1, &last))
        return NAN;
    g_free(last.begin);
    return 1e-9 * (last.began + last.makespan - first.began) / steps;
}

static void explain(const struct outcome *run, const struct replay *replay, double seconds,
                    struct verdict *verdict)
{
    verdict_explain(verdict, "| %s | %.6g | %.6g |", run->options.step, replay->makespan,
                    1e3 * seconds);
    for (int rank = 0; rank < replay->ranks; rank++)
        verdict_explain(verdict, " %.1f%% |",
                        replay->makespan > 0 ? 100 * replay->rank[rank].busy / replay->makespan
                                             : 0);
    verdict_explain(verdict, "\n");
}

/* What a step computes, the optimizer's part left out. */
static double work_of(const struct replay *replay)
{
    double work = 0;
    for (int rank = 0; rank < replay->ranks; rank++)
        for (int i = 0; i < replay->rank[rank].count; i++) {
            const struct interval *interval = &replay->rank[rank].interval[i];
            if (interval->operation != LOG_OPTIMIZER_STEP)
                work += interval->end - interval->begin;
        }
    return work;
}

static void compare(const struct outcome *naive, const struct outcome *run, struct verdict *verdict)
{
    int p = run->ranks, m = options_micro_batches(&run->options);
    double wanted = SHARE * p * m / (m + p - 1.0);
    struct replay *slow = replay_of(naive), *fast = replay_of(run);
    double slow_clock = clock_of(naive), fast_clock = clock_of(run);
    double gain = slow->makespan / fast->makespan, gain_by_clock = slow_clock / fast_clock;
    struct schedule *alone = parallel_schedule_like(naive, slow, schedule_afab);
    struct schedule *whole = parallel_schedule_like(run, fast, schedule_afab);
    struct replay *reference = alone ? schedule_run(alone) : NULL;
    double part = work_of(fast) / work_of(slow);
    if (!reference || !whole)
        evidence_fail(verdict, "the two runs can't be replayed: a step is not complete");
    else if (!(part >= SAME_WORK))
        evidence_fail(verdict, "%s computes only %.1f%% of what the naive step does",
                      run->options.step, 100 * part);
    else if (slow->makespan > reference->makespan * (1 + PARALLEL_RESOLUTION))
        evidence_fail(verdict,
                      "the naive step takes %.1f%% longer than one forward and one backward per "
                      "stage have to",
                      100 * (slow->makespan / reference->makespan - 1));
    else if (fast->makespan < parallel_fastest(fast) * (1 - TOLERANCE) ||
             (run->simulated && gain_by_clock > p * (1 + TOLERANCE)))
        evidence_fail(verdict,
                      "%s is %.2f times as fast as the naive step in the replay and %.2f times by "
                      "the clock, which is more than is possible on %d ranks: computations did not "
                      "wait for what they need, or stand outside of their events",
                      run->options.step, gain, gain_by_clock, p);
    else if (!(gain >= wanted * (1 - PARALLEL_RESOLUTION)))
        evidence_fail(verdict,
                      "with free messages %s is %.2f times as fast as the naive step; %.2f times "
                      "is due with %d stages and %d micro-batches",
                      run->options.step, gain, wanted, p, m);
    else if (run->simulated && !(gain_by_clock >= wanted * (1 - PARALLEL_RESOLUTION)))
        evidence_fail(verdict,
                      "by the simulated clock (%s) %s is %.2f times as fast as the naive step; "
                      "%.2f times is due with %d stages and %d micro-batches",
                      run->platform ? run->platform : "no platform", run->options.step,
                      gain_by_clock, wanted, p, m);
    verdict_explain(verdict,
                    "\n%s against naive, %d stages, %d micro-batches: %.3f times as fast in the "
                    "replay, %.3f times by the %s clock; at least %.2f are due, %.2f are possible "
                    "with equal stages.\n\n| schedule | replay, FLOPs | clock, ms |",
                    run->options.step, p, m, gain, gain_by_clock,
                    run->simulated ? "simulated" : "real", wanted, wanted / SHARE);
    for (int rank = 0; rank < p; rank++)
        verdict_explain(verdict, " rank %d computes |", rank);
    verdict_explain(verdict, "\n|---|---|---|");
    for (int rank = 0; rank < p; rank++)
        verdict_explain(verdict, "---|");
    verdict_explain(verdict, "\n");
    explain(naive, slow, slow_clock, verdict);
    explain(run, fast, fast_clock, verdict);
    replay_free(reference);
    schedule_free(alone);
    schedule_free(whole);
    replay_free(slow);
    replay_free(fast);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    const struct outcome *naive = find_naive(judgement);
    if (!evidence_logs(run, verdict) || is_naive(run))
        return;
    struct verdict *of_naive = verdict_new();
    if (!naive || !is_same_work(naive, run))
        verdict_set(verdict, VERDICT_NOT_JUDGED,
                    "there is no naive run of the same work to compare --schedule %s with",
                    run->options.step);
    else if (evidence_logs(naive, of_naive)) /* else its own verdict says so */
        compare(naive, run, verdict);
    verdict_free(of_naive);
}

void judge_race(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run, "the pipeline is faster than the naive split");
}
