/*
 * Judges "norm" and "both_norms".
 *
 * Run:       norm: the split layer norm and the split batch norm, each alone, in several trials. both_norms:
 *            training steps of models that have them, with gradients and snapshots.
 * Must hold: norm: all trials of the one or of the other are right, as judge "layers" asks. both_norms: outputs,
 *            loss and gradients are those of one process, and the running averages in the snapshots, put
 *            together from the ranks' slices, too.
 * A failure: as that of "layers" or "gradients"; or which running average is wrong, or in pieces that are no
 *            whole.
 */
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/layers/layers.h"

#include "common/training/assert_close.h"
#include "grader/evidence/wholes.h"
#include "grader/judges/either.h"
#include "grader/truth/reference.h"

/* ---- one of the two ------------------------------------------------------------------------------------ */

static bool is_layer_norm(const struct outcome *run)
{
    return g_str_equal(run->options.probe, "split_layer_norm");
}

static bool is_batch_norm(const struct outcome *run)
{
    return !is_layer_norm(run);
}

void tensor_judge_norm(const struct judgement *judgement, struct verdict *verdict)
{
    static const struct judge_choice either[] = {{"layer norm", is_layer_norm},
                                                 {"batch norm", is_batch_norm}};
    judge_either(judgement, verdict, tensor_judge_layers, either, G_N_ELEMENTS(either));
}

/* ---- running averages ----------------------------------------------------------------------------------- */

/* Of the reference, as they stand before the step. */
static bool average_is_right(const struct reference *reference, struct wholes *before, int step,
                             int layer, int k, struct verdict *verdict)
{
    const struct buffer *buffer = &reference->model->layer[layer].buffer[k];
    const struct tolerance tolerance = tolerance_default(DTYPE_FLOAT32);
    g_autofree char *name = g_strdup_printf("layers.%d.%s", layer, buffer->name);
    g_autoptr(GString) why = g_string_new(NULL);
    const struct tensor *found =
        wholes_assemble(before, name, DTYPE_FLOAT32, &buffer->shape,
                        (struct wholes_rules){.closeness = &tolerance, .finite = true}, why);
    if (!found) {
        evidence_fail(verdict, "before step %d: %s", step, why->str);
        return false;
    }
    struct tensor *all = stage_layer_buffers(reference->stage, layer),
                  *own = tensor_view(all, buffer->offset, buffer->shape);
    const struct closeness how = closeness_of(found, own, tolerance);
    if (!how.close)
        evidence_fail(verdict,
                      "before step %d: %s, put together from the ranks' slices, is not that of one "
                      "process: %d of %d numbers, the worst is %.6g and should be %.6g",
                      step, name, how.mismatched, how.count,
                      (double)tensor_floats(found)[how.worst_absolute_at],
                      (double)tensor_floats(own)[how.worst_absolute_at]);
    tensor_free(own);
    tensor_free(all);
    return how.close;
}

static void judge_averages(const struct judgement *judgement, const struct outcome *run,
                           struct verdict *verdict)
{
    (void)judgement;
    if (run->options.snapshots == 0)
        return;
    const int step = run->options.snapshot[run->options.snapshots - 1];
    struct wholes *before = wholes_read(run, "before", step, verdict);
    struct reference *reference = before ? reference_of_run(run, verdict) : NULL;
    for (int i = 0; reference && i < step; i++) {
        reference_compute(reference, i);
        reference_update(reference);
    }
    bool right = reference != NULL;
    for (int layer = 0; right && layer < reference->model->layers; layer++)
        for (int k = 0; right && k < reference->model->layer[layer].buffers; k++)
            right = average_is_right(reference, before, step, layer, k, verdict);
    reference_free(reference);
    wholes_free(before);
}

void tensor_judge_both_norms(const struct judgement *judgement, struct verdict *verdict)
{
    tensor_judge_gradients(judgement, verdict);
    if (verdict->kind == VERDICT_PASS)
        evidence_each_run(judgement, verdict, judge_averages,
                          "models with layer norms and with batch norms train as in one process, "
                          "running averages included");
}
