/*
 * Judge "one_weird_trick".
 *
 * Run:       a few training steps of a cnn whose convolutions are data-parallel, and its linear layers split;
 *            gradients of the first ones are stored.
 * Must hold: outputs, losses and gradients are those of one process, on each rank; and each rank's convolutions
 *            work on its share of the samples.
 * A failure: names what the gradients of the convolutions show: terms of a sum, a mean, a multiple.
 */
#include "assignments/tensor/judges/facts/replicated.h"
#include "assignments/tensor/judges/judges.h"

#include <string.h>

static const struct mistake not_summed = {
    "gradients of the convolutions are not summed over the ranks",
    "The ranks' gradients are not alike, and their sum is what one process has: each is of the "
    "rank's own samples.",
    "sum_gradients_by_samples"};
static const struct mistake averaged = {"gradients of the convolutions are averaged over the ranks",
                                        "They are what they should be, divided by the number of "
                                        "ranks. The loss is the mean over the samples of all "
                                        "ranks already, so each rank has a term of the sum.",
                                        "what sum_gradients_by_samples does behind the sum"};
static const struct mistake summed_twice = {
    "gradients of the convolutions are summed twice",
    "They are as many times what they should be as there are ranks. What comes back to where the "
    "samples were gathered is whole, and the same on every rank: the own samples are taken from "
    "it, and nothing is summed there.",
    "gather_samples_backward, and how often gradients are summed behind it"};
static const struct mistake complete_summed = {
    "gradients of linear layers are summed over the ranks although each rank has all samples",
    "They are as many times what they should be as there are ranks: every rank computed them "
    "from all samples already.",
    "sum_gradients_by_samples: which of the parameters saw a part of the samples"};
static const struct mistake all_samples = {"every rank's convolutions work on all samples",
                                           "Nothing is gained by further ranks where the "
                                           "convolutions are: each computes what the others do.",
                                           "own_samples"};

/* ---- gradients ---------------------------------------------------------------------------------------- */

static const struct mistake *mistake_of(const struct replicated *one)
{
    if (one->right || !one->whole)
        return NULL;
    const bool convolution = one->leaf->input.dimensions == 3;
    if (one->is.kind == SIGNATURE_TERMS && convolution)
        return &not_summed;
    if (one->is.kind != SIGNATURE_MULTIPLE || one->is.power == 0)
        return NULL;
    if (!convolution)
        return one->is.power > 0 ? &complete_summed : NULL;
    return one->is.power > 0 ? &summed_twice : &averaged;
}

static bool copies_are_right(const struct outcome *run, const struct reference *reference,
                             struct verdict *verdict)
{
    GArray *gradients = tensor_replicated_new(run, reference);
    const struct mistake *mistake = NULL;
    for (guint i = 0; gradients && i < gradients->len && !mistake; i++) {
        const struct replicated *one = &g_array_index(gradients, struct replicated, i);
        mistake = mistake_of(one);
        if (!mistake)
            continue;
        evidence_fail(verdict, "after step 0: %s is not what one process has", one->name);
        verdict_name_mistake(verdict, mistake);
    }
    tensor_replicated_free(gradients);
    return mistake == NULL;
}

/* ---- shares of the samples ------------------------------------------------------------------------------- */

/* What all ranks together compute for a micro-batch's forward in the convolutions, and what each does, at most,
 * in what follows. */
static void costs(const struct model *model, int samples, double *convolutions, double *rest)
{
    *convolutions = *rest = 0;
    for (int i = 0; i < model->layers; i++)
        *(model->layer[i].input.dimensions == 3 ? convolutions : rest) +=
            samples * model->layer[i].forward_flops;
}

/* One rank's share may be larger than another's, but all together convolve each sample once. */
static void samples_are_shared(const struct outcome *run, const struct model *model,
                               struct verdict *verdict)
{
    const int micro_batches = options_micro_batches(&run->options);
    double convolutions, rest, charged = 0;
    costs(model, run->options.batch_size / micro_batches, &convolutions, &rest);
    for (int rank = 0; rank < run->ranks; rank++) {
        EVIDENCE_ARRAY events = evidence_events(&run->log[rank]);
        for (guint i = 0; i < events->len; i++) {
            const struct evidence_event *event = EVIDENCE_EVENT(events, i);
            if (event->operation == LOG_FORWARD && event->step == 0 && event->micro_batch == 0)
                charged += (double)event->flops;
        }
    }
    if (run->ranks == 1 || charged <= 1.05 * convolutions + run->ranks * rest)
        return;
    evidence_fail(verdict,
                  "the %d ranks charge %.0f operations for the forward of a micro-batch, and its "
                  "convolutions are %.0f on all ranks together, what follows up to %.0f on each",
                  run->ranks, charged, convolutions, rest);
    verdict_name_mistake(verdict, &all_samples);
}

/* ---- a run ------------------------------------------------------------------------------------------------ */

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    if (!evidence_logs(run, verdict))
        return;
    struct reference *reference = reference_of_run(run, verdict);
    if (!reference)
        return;
    reference_compute(reference, 0);
    if (copies_are_right(run, reference, verdict))
        tensor_judge_gradients_of(judgement, run, verdict);
    if (verdict->kind == VERDICT_PASS)
        samples_are_shared(run, reference->model, verdict);
    reference_free(reference);
}

void tensor_judge_one_weird_trick(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "trains as one process does, each rank's convolutions on its samples");
}
