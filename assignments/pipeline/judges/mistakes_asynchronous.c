/* Known mistakes of asynchronous training, recognised from the evidence; see mistakes.h. */
#include "assignments/pipeline/judges/mistakes.h"

static const struct version_use *use_of(const struct asynchronous_evidence *evidence, int stage,
                                        int micro_batch)
{
    return &evidence->use[stage * evidence->micro_batches + micro_batch];
}

/* ---- from the versions that were used ---------------------------------------------------------- */

/* Forwards are right, and every backward uses what there is at its time: version i for B of i. */
static bool not_stashed(const struct asynchronous_evidence *evidence)
{
    bool older_wanted = false;
    for (int s = 0; s < evidence->stages; s++)
        for (int i = 0; i < evidence->micro_batches; i++) {
            int right = asynchronous_version(evidence->stages, s, i);
            if (use_of(evidence, s, i)->forward != right || use_of(evidence, s, i)->backward != i)
                return false;
            older_wanted = older_wanted || right != i;
        }
    return older_wanted;
}

/* On every stage the versions stay the same for groups of `group` micro-batches and change from
 * one group to the next, and a backward uses its forward's. */
static bool constant_over(const struct asynchronous_evidence *evidence, int group)
{
    for (int s = 0; s < evidence->stages; s++)
        for (int i = 0; i < evidence->micro_batches; i++) {
            int first = i - i % group;
            const struct version_use *use = use_of(evidence, s, i);
            if (use->forward < 0 || use->backward != use->forward ||
                use->forward != use_of(evidence, s, first)->forward)
                return false;
            if (i == first && i > 0 && use->forward <= use_of(evidence, s, i - 1)->forward)
                return false;
        }
    return true;
}

/* The right versions change with every micro-batch on the last stage, so they never fit. */
static bool flushes(const struct asynchronous_evidence *evidence)
{
    for (int group = 2; group <= evidence->micro_batches; group++)
        if (constant_over(evidence, group))
            return true;
    return false;
}

/* ---- from the numbers -------------------------------------------------------------------------- */

static bool stash_updated(const struct asynchronous_evidence *evidence)
{
    return evidence->fits[ASYNCHRONOUS_STASH_UPDATED];
}

static bool not_zeroed(const struct asynchronous_evidence *evidence)
{
    return evidence->fits[ASYNCHRONOUS_NOT_ZEROED];
}

static bool divided(const struct asynchronous_evidence *evidence)
{
    return evidence->fits[ASYNCHRONOUS_DIVIDED];
}

/* ---- the table --------------------------------------------------------------------------------- */

static const struct known {
    struct mistake mistake;
    bool (*fits)(const struct asynchronous_evidence *evidence);
} known[] = {
    {{"PipeDream: flushes",
      "Several micro-batches in a row use the same parameters on every stage, the last one, too, "
      "whose parameters should be new for each: the pipeline is emptied before the optimizer "
      "steps. That is synchronous training, as in 1F1B, and has its bubble.",
      "where optimizer_step is called: behind the backward of every micro-batch, while others are "
      "in flight"},
     flushes},
    {{"PipeDream: no stashing",
      "Each backward runs with the parameters of its own time, not with those of its forward: the "
      "optimizer has stepped in between. What comes out is the gradient of no function at all.",
      "stage_exchange_parameters before stage_backward: a copy made at the forward of the same "
      "micro-batch has to come in, and the newest parameters back behind it"},
     not_stashed},
    {{"PipeDream: updates the stashed weights",
      "The optimizer steps from the parameters of the micro-batch's forward, w' = stash - lr · g, "
      "and what the steps in between had learned is lost.",
      "the order of the second stage_exchange_parameters and optimizer_step: the newest parameters "
      "have to be back first"},
     stash_updated},
    {{"PipeDream: gradients not zeroed between micro-batches",
      "Each optimizer step contains the gradients of the micro-batches before it once more. "
      "stage_backward adds to the gradients, and here each micro-batch is a mini-batch of its own.",
      "stage_zero_gradients: before every backward, not once for all"},
     not_zeroed},
    {{"PipeDream: loss divided by the number of micro-batches",
      "The parameters move by 1/m of what they should, m being the number of micro-batches. Each "
      "micro-batch is a mini-batch of its own here: its loss is not one of m parts of a mean.",
      "the scale given for the gradient of the loss: 1"},
     divided},
};

const struct mistake *mistake_recognise_asynchronous(const struct asynchronous_evidence *evidence)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (known[i].fits(evidence))
            return &known[i].mistake;
    return NULL;
}
