/*
 * Judge "prefetch".
 *
 * Run:       a training step with --zero 3 on a simulated cluster whose messages take about as long as its layers, once
 *            without --prefetch and once with it; and steps with it whose parameters, state and memory are looked at.
 * Must hold: what a layer's gather takes is hidden behind the computation in front of it, as far as that lasts. From the run
 *            without it is known how long each gather takes, and how long is computed in front of it; the least of both can
 *            be hidden, but for the first layer of each forward and backward, and four fifths of that have to be (messages
 *            share links). Numbers are those of one process, and at most two layers' parameters are there.
 * A failure: nothing is hidden (the gather is waited for where it begins), or not enough.
 */
#include "assignments/memory/judges/zero/layer_moments.h"
#include "assignments/memory/judges/zero/zero.h"
#include "assignments/memory/judges/zero/zero_costs.h"
#include "assignments/memory/judges/zero/zero_state.h"
#include "assignments/memory/options.h"
#include "common/log/log_fields.h"
#include "grader/evidence/communication.h"

#include <math.h>

#define ENOUGH 0.8

static const struct mistake nothing_hidden = {
    "the gather is waited for where it begins",
    "The step takes as long as without prefetching: nothing is computed while parameters are under "
    "way.",
    "when the next layer's gather begins, and which request is waited for: that of the layer that "
    "is needed now"};
static const struct mistake half_hidden = {
    "only some gathers are hidden",
    "Some parameters are under way while something else is computed, and others are not.",
    "both directions, and all layers but the first of each forward and backward"};

/* ---- from the run without ------------------------------------------------------------------------------- */

/* One rank's step, in nanoseconds. */
struct timed {
    double begin, end;
    double can_be_hidden;
};

/* From a layer's announcement to the computation behind it. */
static double gathered(const struct log_file *log, size_t from, size_t until)
{
    for (size_t i = from; i < until; i++)
        if (log_is_computation(&log->record[i]) && log->record[i].phase == LOG_BEGIN)
            return (double)(log->record[i].clock - log->record[from].clock);
    return 0;
}

static struct timed timed_of(const struct log_file *log)
{
    size_t first, last, before = SIZE_MAX;
    log_find_step(log, 0, &first, &last);
    struct timed timed = {0};
    if (first >= last)
        return timed;
    timed.begin = (double)log->record[first].clock;
    timed.end = (double)log->record[last - 1].clock;
    for (size_t i = first; i < last; i++) {
        if (!memory_zero_is_before_layer(&log->record[i]))
            continue;
        if (before != SIZE_MAX && memory_zero_same_pass(&log->record[before], &log->record[i]))
            timed.can_be_hidden +=
                fmin(memory_zero_computed(log, before, i), gathered(log, i, last));
        before = i;
    }
    return timed;
}

/* Of all ranks: from the first begin to the last end, and what each can hide at least. */
static struct timed timed_of_all(const struct outcome *run)
{
    struct timed all = timed_of(&run->log[0]);
    for (int rank = 1; rank < run->ranks; rank++) {
        const struct timed own = timed_of(&run->log[rank]);
        all.begin = fmin(all.begin, own.begin);
        all.end = fmax(all.end, own.end);
        all.can_be_hidden = fmin(all.can_be_hidden, own.can_be_hidden);
    }
    return all;
}

/* ---- judging ------------------------------------------------------------------------------------------------ */

static bool prefetches(const struct outcome *run)
{
    return memory_options(&run->options).prefetches;
}

/* The run without, in the same place. */
static const struct outcome *other_of(const struct judgement *judgement, const struct outcome *run)
{
    for (int i = 0; i < judgement->outcomes; i++) {
        const struct outcome *other = &judgement->outcome[i];
        if (other->ranks == run->ranks && other->simulated == run->simulated &&
            !prefetches(other) && other->end == RUN_FINISHED)
            return other;
    }
    return NULL;
}

static void judge_time(const struct outcome *without, const struct outcome *run,
                       struct verdict *verdict)
{
    const struct timed slow = timed_of_all(without), fast = timed_of_all(run);
    const double took = slow.end - slow.begin, takes = fast.end - fast.begin;
    const double limit = took - ENOUGH * slow.can_be_hidden;
    verdict_explain(verdict,
                    "\nOn the simulated cluster a step takes %.3f ms without prefetching and %.3f "
                    "ms with it; %.3f ms can "
                    "be hidden, so that %.3f ms are enough.\n",
                    took / 1e6, takes / 1e6, slow.can_be_hidden / 1e6, limit / 1e6);
    if (takes <= limit)
        return;
    evidence_fail(verdict,
                  "a step takes %.3f ms on the simulated cluster, and %.3f ms without prefetching: "
                  "of %.3f ms that can be "
                  "hidden behind computation %.0f%% are, and %.0f%% have to be",
                  takes / 1e6, took / 1e6, slow.can_be_hidden / 1e6,
                  fmax(0, 100 * (took - takes) / fmax(1, slow.can_be_hidden)), 100 * ENOUGH);
    verdict_name_mistake(verdict,
                         took - takes < 0.1 * slow.can_be_hidden ? &nothing_hidden : &half_hidden);
}

static bool memory_is_right(const struct outcome *run, struct verdict *verdict)
{
    struct model *model = evidence_model(run, verdict);
    if (!model)
        return false;
    const struct zero_sizes sizes = memory_zero_sizes(run, model);
    const double gradient_bytes = memory_zero_memory_is_right(run, &sizes, verdict);
    const bool right =
        gradient_bytes > 0 && memory_zero_traffic_is_right(run, &sizes, gradient_bytes, verdict);
    model_free(model);
    return right;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    const struct outcome *without = other_of(judgement, run);
    if (!evidence_logs(run, verdict) || !evidence_communication_is_sound(run, verdict) ||
        !prefetches(run))
        return;
    if (run->options.snapshots > 0 && !memory_zero_state_is_right(run, verdict))
        return;
    if (run->options.log_memory > 0 && !memory_is_right(run, verdict))
        return;
    if (without && run->options.snapshots == 0 && evidence_logs(without, verdict))
        judge_time(without, run, verdict);
}

void memory_judge_prefetch(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "parameters are under way while the layer in front computes");
}
