/* Known mistakes of asynchronous training, recognised from the evidence; see mistakes.h. */
#include "assignments/pipeline/judges/mistakes.h"

static const struct version_use *use_of(const struct asynchronous_evidence *evidence, int stage,
                                        int micro_batch)
{
    return &evidence->use[stage * evidence->micro_batches + micro_batch];
}

static bool is_versioned(const struct asynchronous_evidence *evidence, int stage)
{
    return !evidence->facts.versioned || evidence->facts.versioned[stage];
}

/* ---- from the versions that were used ---------------------------------------------------------- */

/* Forwards are right, and every backward uses what there is at its time: version i for B of i. On a
 * stage without parameters all versions are the same, and count as the right ones (versions.h). */
static bool newest_is_used(const struct asynchronous_evidence *evidence)
{
    bool newest_used = false;
    for (int s = 0; s < evidence->stages; s++) {
        bool all_newest = true, all_right = true, older_wanted = false;
        for (int i = 0; is_versioned(evidence, s) && i < evidence->micro_batches; i++) {
            const int right = asynchronous_version(evidence->stages, s, i);
            const struct version_use *use = use_of(evidence, s, i);
            if (use->forward != right)
                return false;
            all_newest = all_newest && use->backward == i;
            all_right = all_right && use->backward == right;
            older_wanted = older_wanted || right != i;
        }
        if (!all_newest && !all_right)
            return false;
        newest_used = newest_used || (all_newest && older_wanted);
    }
    return newest_used;
}

static bool not_stashed(const struct asynchronous_evidence *evidence)
{
    return newest_is_used(evidence) && !evidence->facts.own_memory;
}

static bool stash_is_own_memory(const struct asynchronous_evidence *evidence)
{
    return newest_is_used(evidence) && evidence->facts.own_memory;
}

/* On every stage the versions stay the same for groups of `group` micro-batches and change from
 * one group to the next, and a backward uses its forward's. */
static bool constant_over(const struct asynchronous_evidence *evidence, int group)
{
    for (int s = 0; s < evidence->stages; s++)
        for (int i = 0; is_versioned(evidence, s) && i < evidence->micro_batches; i++) {
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

/* A step lies behind each backward, forwards come behind steps, and still every micro-batch meets the
 * first parameters. */
static bool steps_are_lost(const struct asynchronous_evidence *evidence)
{
    return evidence->micro_batches > 1 && evidence->facts.step_behind_each &&
           evidence->facts.forward_behind_step && constant_over(evidence, evidence->micro_batches);
}

/* The right versions change with every micro-batch on the last stage, so they never fit. */
static bool stays_the_same(const struct asynchronous_evidence *evidence)
{
    if (steps_are_lost(evidence) || evidence->facts.step_before_each)
        return false;
    for (int group = 2; group <= evidence->micro_batches; group++)
        if (constant_over(evidence, group))
            return true;
    return false;
}

static bool flushes(const struct asynchronous_evidence *evidence)
{
    return stays_the_same(evidence) && !evidence->facts.step_behind_each;
}

static bool forwards_come_first(const struct asynchronous_evidence *evidence)
{
    return stays_the_same(evidence) && evidence->facts.step_behind_each;
}

/* ---- from the order of the log ------------------------------------------------------------------ */

static bool step_comes_first(const struct asynchronous_evidence *evidence)
{
    return evidence->facts.step_before_each;
}

static bool zeroed_before_step(const struct asynchronous_evidence *evidence)
{
    return evidence->facts.steps_on_zeros && !evidence->facts.step_before_each;
}

static bool scaled_by_0(const struct asynchronous_evidence *evidence)
{
    return evidence->loss.gradients > 0 && evidence->loss.least == 0 && evidence->loss.most == 0 &&
           !zeroed_before_step(evidence) && !step_comes_first(evidence);
}

/* ---- from the numbers -------------------------------------------------------------------------- */

static bool stash_updated(const struct asynchronous_evidence *evidence)
{
    return evidence->fits[ASYNCHRONOUS_STASH_UPDATED] && !step_comes_first(evidence);
}

static bool not_zeroed(const struct asynchronous_evidence *evidence)
{
    return evidence->fits[ASYNCHRONOUS_NOT_ZEROED] && !step_comes_first(evidence);
}

static bool divided(const struct asynchronous_evidence *evidence)
{
    return evidence->fits[ASYNCHRONOUS_DIVIDED] && !step_comes_first(evidence);
}

/* ---- the table --------------------------------------------------------------------------------- */

static const struct known {
    struct mistake mistake;
    bool (*fits)(const struct asynchronous_evidence *evidence);
} known[] = {
    /* Not where the log has a step behind each backward: it is not the steps that are missing, but the
     * order, or what becomes of them. */
    {{"PipeDream: flushes",
      "Several micro-batches in a row use the same parameters on every stage, the last one, too, "
      "whose parameters should be new for each: the pipeline is emptied before the optimizer "
      "steps. That is synchronous training, as in 1F1B, and has its bubble.",
      "where optimizer_step is called: behind the backward of every micro-batch, while others are "
      "in flight"},
     flushes},
    {{"PipeDream: flushes",
      "Several micro-batches in a row use the same parameters on every stage, the last one, too, "
      "whose parameters should be new for each: all their forwards come before the first of their "
      "backwards, so the pipeline is emptied again and again.",
      "the order of forwards and backwards: that of train_step_1f1b; on the last stage a backward "
      "follows each forward"},
     forwards_come_first},
    /* The log alone says so: whatever the numbers are, they follow from it. */
    {{"PipeDream: optimizer step before the backward",
      "The optimizer steps before each backward, not behind it: it uses the gradient of the "
      "micro-batch before, and none at all the first time. Each update comes one micro-batch late.",
      "the order of stage_backward and optimizer_step: stage_zero_gradients, the backward, and "
      "then "
      "the step"},
     step_comes_first},
    /* Not where the step comes first. */
    {{"PipeDream: gradients zeroed before the optimizer's step",
      "Before each step of the optimizer the gradients are set to zero, with no backward in "
      "between: "
      "it finds nothing to step by.",
      "where stage_zero_gradients is called: before the backward, not between it and "
      "optimizer_step"},
     zeroed_before_step},
    /* Not where something else explains gradients of 0. */
    {{"loss scaled by 0",
      "The loss was scaled by 0: batch_loss_backward was given 0, and so every gradient is 0. 1 / "
      "m "
      "of two ints is 0 in C, whenever m is more than 1. (Here the scale is 1.)",
      "the scale given for the gradient of the loss: each micro-batch is a mini-batch of its own, "
      "so "
      "it is 1"},
     scaled_by_0},
    /* Not where the log lacks a step behind a backward: that is flushing. */
    {{"PipeDream: updates the stashed weights",
      "There is a step of the optimizer behind each backward, and every micro-batch still meets "
      "the "
      "parameters that the training step began with: the optimizer steps while the stage works "
      "with "
      "the stashed parameters, and what it has changed is then exchanged for the old ones and "
      "lost.",
      "the order of the second stage_exchange_parameters and optimizer_step: the newest parameters "
      "have to be back first"},
     steps_are_lost},
    /* Not where nothing was exchanged, or anything but the stage's own memory. */
    {{"PipeDream: the stash is the stage's own memory",
      "What was stashed is not a copy: the stage was given the very parameters that it works with, "
      "so "
      "each backward meets what the optimizer has made of them meanwhile.",
      "what is kept at the forward: stage_parameters_copy makes a copy, stage_parameters (or "
      "another "
      "reference to it) is the stage's own memory, which every step changes"},
     stash_is_own_memory},
    /* Not where parameters were exchanged for themselves: something was stashed then. */
    {{"PipeDream: no stashing",
      "Each backward runs with the parameters of its own time, not with those of its forward: the "
      "optimizer has stepped in between. What comes out is the gradient of no function at all.",
      "stage_exchange_parameters before stage_backward: a copy made at the forward of the same "
      "micro-batch has to come in, and the newest parameters back behind it"},
     not_stashed},
    /* The rest goes by the numbers: those of this rule and not the right ones. Not where the step
     * comes first. */
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

GPtrArray *mistakes_that_fit_asynchronous(const struct asynchronous_evidence *evidence)
{
    GPtrArray *found = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (known[i].fits(evidence))
            g_ptr_array_add(found, (gpointer)&known[i].mistake);
    return found;
}
