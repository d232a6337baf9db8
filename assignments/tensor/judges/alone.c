/*
 * Judges "attention" and "vocabulary": of the layers that stand in no chain.
 *
 * Run:       probes, which put the layers, or the loss, through trials by themselves; and training steps.
 * Must hold: of trials what judge "layers" asks, of the loss what cross_entropy.c asks; of a training run of
 *            attention what "traffic" asks (a block takes two rounds each way), and, if gradients are stored,
 *            what "really_split" asks; of one with split words what
 *            "windows" asks.
 * A failure: as there.
 */
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/layers/cross_entropy.h"
#include "assignments/tensor/judges/layers/layers.h"
#include "assignments/tensor/judges/really_split.h"
#include "assignments/tensor/judges/traffic.h"

#include <string.h>

static void judge_attention(const struct judgement *judgement, const struct outcome *run,
                            struct verdict *verdict)
{
    if (run->options.probe[0] != '\0')
        tensor_judge_trials(judgement, run, verdict);
    else if (tensor_traffic_is_frugal(run, verdict) && run->options.gradient_dumps > 0)
        tensor_run_is_split(run, verdict);
}

void tensor_judge_attention(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_attention,
                      "attention is what one process computes, in one round of messages each way");
}

static void judge_vocabulary(const struct judgement *judgement, const struct outcome *run,
                             struct verdict *verdict)
{
    if (strcmp(run->options.probe, "vocabulary_cross_entropy") == 0)
        tensor_judge_loss(judgement, run, verdict);
    else if (run->options.probe[0] != '\0')
        tensor_judge_trials(judgement, run, verdict);
    else
        tensor_judge_windows_of(judgement, run, verdict);
}

void tensor_judge_vocabulary(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_vocabulary,
                      "embedding, head and loss are those of one process, and no rank has more "
                      "than its words");
}
