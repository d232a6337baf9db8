/*
 * Judge "vocabulary".
 *
 * Run:       probes, which put embedding and head, or the loss, through trials by themselves; and training steps of
 *            a language model whose words are split.
 * Must hold: of trials what judge "layers" asks, of the loss what cross_entropy.c asks; of a training run what
 *            "windows" asks.
 * A failure: as there.
 */
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/layers/cross_entropy.h"
#include "assignments/tensor/judges/layers/layers.h"
#include "grader/evidence/evidence.h"

#include <string.h>

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
