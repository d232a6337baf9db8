/*
 * Judges "loss_scaling" and "clip_scaled".
 *
 * Run:       --precision float16 with a loss scale with which the first steps overflow, and a short window, on one rank, on several
 *            that share nothing, and on several that share the optimizer's state, where an infinity often is in one rank's shard
 *            alone. clip_scaled: with --clip and scales with which nothing overflows, too.
 * Must hold: all ranks agree in which steps gradients overflowed, and those are the ones in which they do; such a step changes nothing,
 *            not even the count of steps; the scale is halved by it, and doubled after so many good steps in a row; a step that is
 *            taken is that of one process with the scale divided out once; clipping looks at the true gradients.
 * A failure: which step, which rank, which scale; known mistakes by name.
 */
#include "assignments/memory/judges/mixed/mixed.h"
#include "assignments/memory/judges/mixed/mixed_memory.h"
#include "assignments/memory/judges/mixed/mixed_scales.h"
#include "assignments/memory/judges/mixed/mixed_step.h"
#include "assignments/memory/options.h"
#include "grader/evidence/communication.h"

#include <math.h>

static const struct mistake taken_anyway = {
    .name = "an overflow is not noticed",
    .explanation = "The step was taken although gradients were infinite.",
    .look = "gradients_are_finite: whether it looks at all numbers of all of this rank's shards",
};
static const struct mistake skipped_for_nothing = {
    .name = "a step is skipped although nothing overflowed",
    .explanation =
        "All gradients of all ranks are finite, and well within what float16 has numbers for.",
    .look = "gradients_are_finite: what it is that it looks for",
};

/* The largest number of float16. */
#define LARGEST 65504.0

/* Do gradients overflow in a step? */
enum overflow { OVERFLOW_NEVER, OVERFLOW_MAYBE, OVERFLOW_SURE };

/* Near the largest number it depends on the order in which gradients are added up. */
static enum overflow overflow_of(const struct mixed_step *s)
{
    double least = 0, most = 0;
    for (size_t i = 0; i < s->truth->count; i++) {
        least = fmax(least, fabs(s->truth->sum[i]) * s->scale);
        most = fmax(most, s->truth->amounts[i] * s->scale);
    }
    if (!s->truth->finite || (s->gradients == DTYPE_FLOAT16 && least > 1.02 * LARGEST))
        return OVERFLOW_SURE;
    const bool never = s->gradients == DTYPE_FLOAT32 || most < 0.98 * LARGEST;
    return never ? OVERFLOW_NEVER : OVERFLOW_MAYBE;
}

static bool judge_step(const struct mixed_step *step, bool taken, GString *table,
                       struct verdict *verdict)
{
    const enum overflow overflow = overflow_of(step);
    const int number = step->before->step;
    if (!taken)
        g_string_append_printf(table, "| %d | %g | skipped | | |\n", number, step->scale);
    if (taken && overflow == OVERFLOW_SURE) {
        evidence_fail(verdict,
                      "step %d was taken, and with a loss scale of %.10g its gradients overflow",
                      number, step->scale);
        verdict_name_mistake(verdict, &taken_anyway);
        return false;
    }
    if (!taken && overflow == OVERFLOW_NEVER) {
        evidence_fail(verdict,
                      "step %d was skipped, and with a loss scale of %.10g nothing overflows in it",
                      number, step->scale);
        verdict_name_mistake(verdict, &skipped_for_nothing);
        return false;
    }
    return taken ? mixed_step_is_right(step, table, verdict) : mixed_nothing_changed(step, verdict);
}

/* From a snapshot to the next, as in mixed_precision.c. */
static struct mixed_snapshot *judge_from(const struct outcome *run, struct mixed_truth *truth,
                                         const struct mixed_scales *scales,
                                         struct mixed_snapshot *before, int next, GString *table,
                                         struct verdict *verdict)
{
    struct mixed_snapshot *after = mixed_snapshot_read(run, truth, next, verdict);
    const struct mixed_step step = {.run = run,
                                    .truth = truth,
                                    .before = before,
                                    .after = after,
                                    .gradients = mixed_dtype_of_gradients(run, truth),
                                    .scale = scales->scale[before->step],
                                    .most_norm = memory_options(&run->options).clip};
    bool right = after != NULL;
    if (right && next == before->step + 1) {
        mixed_truth_compute(truth, before->step, step.scale, before->parameters);
        right = judge_step(&step, scales->taken[before->step], table, verdict);
    } else if (right)
        right = mixed_parameters_are_rounded(&step, verdict);
    mixed_snapshot_free(before);
    if (right)
        return after;
    mixed_snapshot_free(after);
    return NULL;
}

static void judge_scales(const struct outcome *run, struct mixed_truth *truth,
                         const struct mixed_scales *scales, struct verdict *verdict)
{
    const struct options *options = &run->options;
    g_autoptr(GString) table = g_string_new(MIXED_TABLE_HEAD);
    struct mixed_snapshot *snapshot =
        mixed_snapshot_read(run, truth, options->snapshot[0], verdict);
    bool right = snapshot && mixed_begins_right(truth, snapshot, verdict);
    for (int i = 1; i < options->snapshots && right; i++) {
        snapshot = judge_from(run, truth, scales, snapshot, options->snapshot[i], table, verdict);
        right = snapshot != NULL;
    }
    verdict_explain(verdict, "%s", table->str);
    mixed_snapshot_free(snapshot);
}

/* What stands in the snapshots comes first: why scales go wrong is seen there. */
static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict) || !evidence_communication_is_sound(run, verdict))
        return;
    struct mixed_scales *scales = mixed_scales_of_run(run, verdict);
    struct mixed_truth *truth = scales ? mixed_truth_of_run(run, verdict) : NULL;
    if (truth)
        judge_scales(run, truth, scales, verdict);
    mixed_truth_free(truth);
    mixed_scales_free(scales);
}

void memory_judge_loss_scaling(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(
        judgement, verdict, judge_run,
        "what overflows is skipped by all ranks, and the loss scale follows the rule");
}

void memory_judge_clip_scaled(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "clipping looks at gradients of which the loss scale was divided out");
}
