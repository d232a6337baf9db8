/*
 * Judge "norm_training".
 *
 * Run:       a few training steps with --synchronise-norm, of one micro-batch each, whose gradients, and parameters before
 *            and behind them, are stored.
 * Must hold: what the judge "results" asks; and before each step that is stored the running averages are those of one
 *            process with the whole batch, on every rank.
 * A failure: names the first running average that is wrong, and its rank.
 */
#include "assignments/data/judges/judges.h"
#include "assignments/data/judges/results.h"

#include <math.h>

static const struct tolerance closeness = {.relative = 1e-4, .absolute = 1e-5, .norm = 1e-4};

/* One buffer on all ranks; expected: as one process has it. */
static bool judge_buffer(struct wholes *before, int step, const char *name,
                         const struct tensor *expected, struct verdict *verdict)
{
    const struct tolerance any = {.relative = 0, .absolute = INFINITY, .norm = INFINITY};
    g_autoptr(GString) why = g_string_new(NULL);
    if (!wholes_assemble(before, name, DTYPE_FLOAT32, &expected->shape,
                         (struct wholes_rules){.closeness = &any, .finite = true}, why)) {
        evidence_fail(verdict, "before step %d: %s", step, why->str);
        return false;
    }
    const struct whole *whole = wholes_find(before, name);
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        if (!shape_equal(part->tensor->shape, expected->shape)) {
            evidence_fail(verdict, "before step %d: rank %d has a part of %s only", step,
                          part->from->rank, name);
            return false;
        }
        const struct closeness how = closeness_of(part->tensor, expected, closeness);
        if (how.close)
            continue;
        const int at = how.worst_absolute_at;
        evidence_fail(verdict,
                      "before step %d: %s on rank %d is not that of one process with the whole "
                      "batch: %d of %d numbers, the worst is %.6g and should be %.6g",
                      step, name, part->from->rank, how.mismatched, how.count,
                      (double)tensor_floats(part->tensor)[at], (double)tensor_floats(expected)[at]);
        verdict_look(verdict,
                     "synchronised_batch_norm.c: what the running averages follow, and how often");
        return false;
    }
    return true;
}

static bool judge_buffers(const struct reference *reference, struct wholes *before, int step,
                          struct verdict *verdict)
{
    const struct model *model = reference->model;
    for (int l = 0; l < model->layers; l++) {
        const struct layer *layer = &model->layer[l];
        struct tensor *all = stage_layer_buffers(reference->stage, l);
        bool right = true;
        for (int k = 0; k < layer->buffers && right; k++) {
            g_autofree char *name = g_strdup_printf("layers.%d.%s", l, layer->buffer[k].name);
            struct tensor *expected =
                tensor_view(all, layer->buffer[k].offset, layer->buffer[k].shape);
            right = judge_buffer(before, step, name, expected, verdict);
            tensor_free(expected);
        }
        tensor_free(all);
        if (!right)
            return false;
    }
    return true;
}

static bool is_stored(const struct options *options, int step)
{
    for (int i = 0; i < options->snapshots; i++)
        if (options->snapshot[i] == step)
            return true;
    return false;
}

/* All steps once more in one process. */
static void judge_averages(const struct outcome *run, struct reference *reference, int steps,
                           struct verdict *verdict)
{
    for (int step = 0; step <= steps; step++) {
        struct wholes *before =
            is_stored(&run->options, step) ? wholes_read(run, "before", step, verdict) : NULL;
        const bool right = before ? judge_buffers(reference, before, step, verdict)
                                  : !is_stored(&run->options, step);
        wholes_free(before);
        if (!right)
            return;
        if (step == steps)
            break;
        reference_compute(reference, step);
        reference_update(reference);
    }
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    struct shares *shares;
    struct reference *reference;
    data_judge_results_of(judgement, run, verdict);
    if (verdict->kind != VERDICT_PASS || !data_shares_of(run, &shares, &reference, verdict))
        return;
    judge_averages(run, reference, shares_steps(shares), verdict);
    reference_free(reference);
    shares_free(shares);
}

void data_judge_norm_training(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(
        judgement, verdict, judge_run,
        "gradients and running averages are those of one process with the whole batch");
}
