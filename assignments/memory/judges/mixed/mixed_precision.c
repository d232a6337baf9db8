/*
 * Judge "mixed_precision".
 *
 * Run:       a few steps with --precision bfloat16 on one rank, on several that share nothing, and on several that share
 *            the optimizer's state (in a check of its own, gradients and parameters, too). Parameters, masters and state are
 *            stored before some of them.
 * Must hold: at the begin masters are the parameters, which are the initial ones, rounded; after each step parameters are the
 *            masters, rounded to the nearest, bit for bit; state and masters are what the optimizer's formula in float32
 *            makes of the old ones and one gradient; that gradient is the judge's own, up to the rounding of its
 *            dtype. Bytes of parameters, gradients and optimizer are those by formula, and so are those sent.
 * A failure: what is rounded too often, never, or kept in the wrong dtype; known mistakes by name.
 */
#include "assignments/memory/judges/mixed/mixed.h"
#include "assignments/memory/judges/mixed/mixed_memory.h"
#include "assignments/memory/judges/mixed/mixed_step.h"
#include "assignments/memory/options.h"
#include "grader/evidence/communication.h"

/* From a snapshot to the next one, where that is one step on. Takes over `before`; returns the next one, or NULL after
 * setting the verdict. */
static struct mixed_snapshot *judge_step(const struct outcome *run, struct mixed_truth *truth,
                                         struct mixed_snapshot *before, int next, GString *table,
                                         struct verdict *verdict)
{
    struct mixed_snapshot *after = mixed_snapshot_read(run, truth, next, verdict);
    const struct mixed_step step = {.run = run,
                                    .truth = truth,
                                    .before = before,
                                    .after = after,
                                    .gradients = mixed_dtype_of_gradients(run, truth),
                                    .scale = 1};
    bool right = after != NULL;
    if (right && next == before->step + 1) {
        mixed_truth_compute(truth, before->step, 1, before->parameters);
        right = mixed_step_is_right(&step, table, verdict);
    } else if (right)
        right = mixed_parameters_are_rounded(&step, verdict);
    mixed_snapshot_free(before);
    if (right)
        return after;
    mixed_snapshot_free(after);
    return NULL;
}

/* How many updates would have been lost without masters: a master has moved since the begin, and its parameter has not. */
static void explain_what_masters_keep(const struct mixed_truth *truth,
                                      const struct mixed_snapshot *last, struct verdict *verdict)
{
    g_autofree float *initial = g_new(float, truth->count + 1);
    size_t moved = 0, stands = 0;
    mixed_truth_initial(truth, initial);
    for (size_t i = 0; last->masters && i < truth->count; i++) {
        moved += last->masters[i] != initial[i];
        stands += last->masters[i] != initial[i] && last->parameters[i] == initial[i];
    }
    verdict_explain(
        verdict,
        "\nBefore step %d, %zu of %zu masters have moved, and %zu of those so little that "
        "their parameters are still the first ones.\n",
        last->step, moved, truth->count, stands);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    const struct options *options = &run->options;
    if (!evidence_logs(run, verdict) || !evidence_communication_is_sound(run, verdict))
        return;
    struct mixed_truth *truth = mixed_truth_of_run(run, verdict);
    if (!truth)
        return;
    g_autoptr(GString) table = g_string_new(MIXED_TABLE_HEAD);
    struct mixed_snapshot *snapshot =
        mixed_snapshot_read(run, truth, options->snapshot[0], verdict);
    const bool in_one_piece = memory_options(options).zero < 2;
    bool right = snapshot &&
                 (!in_one_piece || mixed_memory_is_right(run, truth, snapshot, verdict)) &&
                 mixed_begins_right(truth, snapshot, verdict);
    for (int i = 1; i < options->snapshots && right; i++) {
        snapshot = judge_step(run, truth, snapshot, options->snapshot[i], table, verdict);
        right = snapshot != NULL;
    }
    verdict_explain(verdict, "%s", table->str);
    if (right)
        explain_what_masters_keep(truth, snapshot, verdict);
    mixed_snapshot_free(snapshot);
    mixed_truth_free(truth);
}

void memory_judge_mixed_precision(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "parameters are the masters, rounded, and each step is that of one process");
}
