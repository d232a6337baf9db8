/* Known mistakes, recognised from the evidence; see mistakes.h. */
#include "assignments/pipeline/judges/mistakes_parts.h"

/* A signature holds up to rounding of float32 sums. */
#define RATIO_TOLERANCE 1e-4

/* ---- from the log ------------------------------------------------------------------------------ */

static bool not_waited_for(const struct mistake_evidence *evidence)
{
    for (int s = 0; s < evidence->stages; s++)
        if (evidence->stage[s].early_forward >= 0 || evidence->stage[s].early_backward >= 0)
            return true;
    return false;
}

static bool step_per_micro_batch(const struct mistake_evidence *evidence)
{
    for (int s = 0; s < evidence->stages; s++)
        if (evidence->micro_batches > 1 &&
            evidence->stage[s].optimizer_steps == evidence->micro_batches)
            return true;
    return false;
}

/* ---- from the outputs -------------------------------------------------------------------------- */

/* Some micro-batches carry the next one's (or a later one's) activations, and none a former's. */
static bool buffer_reused(const struct mistake_evidence *evidence)
{
    if (evidence->changed_in_flight || evidence->flow.later_only)
        return true;
    int later = 0;
    for (int i = 0; evidence->output_of && i < evidence->micro_batches; i++) {
        int from = evidence->output_of[i];
        if (from < i) /* a former one's, or unknown */
            return false;
        later += from > i;
    }
    return later > 0;
}

/* ---- from the size of the gradients ------------------------------------------------------------ */

static bool input_gradient_missing(const struct mistake_evidence *evidence)
{
    int zeros = 0, judged = 0;
    bool still_zero = true;
    for (int s = 0; s < evidence->stages; s++) {
        if (!evidence->stage[s].has_parameters)
            continue;
        judged++;
        if (evidence->stage[s].all_zero && !still_zero)
            return false;
        still_zero = still_zero && evidence->stage[s].all_zero;
        zeros += evidence->stage[s].all_zero;
    }
    return zeros > 0 && zeros < judged;
}

static bool steps_summed(const struct mistake_evidence *evidence)
{
    bool found = false;
    for (int s = 0; s < evidence->stages; s++) {
        if (evidence->stage[s].wrong && !evidence->stage[s].sum_of_steps)
            return false;
        found = found || evidence->stage[s].wrong; /* without parameters, 0 is the sum of 0 */
    }
    return found;
}

/* Is every stage's ratio the one expected (a function of stage, stages, m)? */
static bool ratios_are(const struct mistake_evidence *evidence, double (*expected)(int, int, int))
{
    bool wrong = false;
    for (int s = 0; s < evidence->stages; s++) {
        const struct mistake_stage *stage = &evidence->stage[s];
        if (!stage->has_parameters)
            continue;
        double right = expected(s, evidence->stages, evidence->micro_batches);
        if (!(fabs(stage->ratio / right - 1) <= RATIO_TOLERANCE))
            return false;
        wrong = wrong || stage->wrong;
    }
    return wrong && evidence->micro_batches > 1;
}

static double times_m(int stage, int stages, int m)
{
    (void)stage, (void)stages;
    return m;
}

static double by_m(int stage, int stages, int m)
{
    (void)stage, (void)stages;
    return 1.0 / m;
}

static double by_m_at_every_stage(int stage, int stages, int m)
{
    return pow(m, -(stages - 1 - stage));
}

static bool not_divided(const struct mistake_evidence *evidence)
{
    return ratios_are(evidence, times_m);
}

static bool divided_twice(const struct mistake_evidence *evidence)
{
    return ratios_are(evidence, by_m);
}

static bool divided_at_every_stage(const struct mistake_evidence *evidence)
{
    return evidence->stages > 1 && ratios_are(evidence, by_m_at_every_stage);
}

/* ---- from what came from stage to stage --------------------------------------------------------- */

static bool changed_before_sent(const struct mistake_evidence *evidence)
{
    return evidence->flow.kind == FLOW_CHANGED;
}

static bool thrown_away(const struct mistake_evidence *evidence)
{
    return evidence->flow.kind == FLOW_THROWN_AWAY;
}

static bool other_micro_batch(const struct mistake_evidence *evidence)
{
    return evidence->flow.kind == FLOW_OTHER;
}

/* ---- the table --------------------------------------------------------------------------------- */

static const struct known {
    struct mistake mistake;
    bool (*fits)(const struct mistake_evidence *evidence);
} known[] = {
    {{"receive not waited for",
      "A stage began to compute on a buffer before the message that was to fill it had arrived: "
      "the log shows the computation before the completion of the receive. It then worked on "
      "whatever the buffer held before.",
      "the MPI_Wait between each RECV_FORWARD and its forward, and between each RECV_BACKWARD and "
      "its backward"},
     not_waited_for},
    {{"receive buffer reused too early",
      "Messages carry the activations of a later micro-batch: a buffer was filled again before "
      "its message had been used or sent. A non-blocking call only starts a message; until its "
      "request has completed, the buffer belongs to MPI.",
      "which buffer each micro-batch uses, and whether its request has completed before the "
      "buffer is written, received into or freed"},
     buffer_reused},
    {{"optimizer step per micro-batch",
      "The optimizer stepped once for every micro-batch. Gradients of all micro-batches belong to "
      "one step: they are added up first, and the parameters change once, at the end.",
      "where optimizer_step is called: behind the loop over micro-batches, not in it"},
     step_per_micro_batch},
    {{"no cool-down",
      "On each stage exactly those micro-batches are missing from the gradient whose backwards are "
      "left when its last forward is done: the steady phase ran, and the backwards behind it did "
      "not.",
      "the loop behind the steady phase: as many backwards as there were forwards in the warm-up"},
     mistake_no_cool_down},
    {{"zero bubble: last weight gradients left out",
      "Stage r lacks the weight gradients of the last r micro-batches: those that it holds back "
      "for the end of the step.",
      "the loop behind the last stage_backward_input: a stage_backward_weight for each micro-batch "
      "that is still held back"},
     mistake_held_back_left_out},
    {{"input gradient never sent",
      "The last stages have their gradients and all stages before them have exactly 0: the "
      "gradient for the input did not go back to the stage before (or zeros did).",
      "what becomes of the tensor that stage_backward returns, and SEND_BACKWARD and RECV_BACKWARD "
      "in the stages where the zeros begin"},
     input_gradient_missing},
    {{"gradients not zeroed between steps",
      "The gradient is the sum of the gradients of this step and of the steps before it. "
      "stage_backward adds to the gradients, so every step has to begin with zeros.",
      "stage_zero_gradients at the beginning of the step"},
     steps_summed},
    {{"loss not divided by the number of micro-batches",
      "Every gradient is m times what it should be, m being the number of micro-batches: the "
      "losses were added up, but the loss of the batch is their mean.",
      "the scale given to batch_loss_backward: 1 / micro_batches"},
     not_divided},
    {{"loss divided twice",
      "Every gradient is 1/m of what it should be, m being the number of micro-batches: the "
      "mean over micro-batches was taken twice.",
      "the scale given to batch_loss_backward, and whether the gradients are divided once more"},
     divided_twice},
    {{"divided at every stage",
      "The last stage is right and each stage before it is smaller by another factor m, the number "
      "of micro-batches: the gradient is divided again wherever it passes.",
      "the division by micro_batches: it belongs to the loss, on the last stage, and nowhere else"},
     divided_at_every_stage},
    {{"gradient overwritten, not accumulated",
      "Of all micro-batches only the one that went backward last is in the gradient. The ones "
      "before it were overwritten or set to zero.",
      "stage_zero_gradients (once per step, before the first backward) and anything that writes "
      "to the gradients between two backwards"},
     mistake_overwritten},
    {{"last micro-batch dropped",
      "The last micro-batch is not in the gradient; all others are, as they should be.",
      "the bounds of the loops over micro-batches"},
     mistake_last_dropped},
    {{"forward order and backward order disagree",
      "Each micro-batch's input was multiplied with the output gradient of another micro-batch: "
      "the two sides of a message do not mean the same micro-batch.",
      "the order of the backwards on the sending and on the receiving stage, and the tags"},
     mistake_orders_disagree},
    {{"message changed before it was sent",
      "A message holds something that no forward or backward of its sender had returned: between "
      "the computation and the send the tensor was written to, or another one was sent.",
      "what is sent: the tensor that stage_forward or stage_backward returned, as it is"},
     changed_before_sent},
    {{"received and thrown away",
      "What a stage should have computed with was received, and then it computed with something "
      "else: with another tensor, or with this one after something had been written to it.",
      "which tensor is received into, which one is given to stage_forward or stage_backward, and "
      "what happens in between"},
     thrown_away},
    {{"tensor of another micro-batch",
      "A forward or backward was given what the neighbouring stage had computed for another "
      "micro-batch.",
      "the micro-batch numbers on both sides of a message: order of sends and receives, and tags"},
     other_micro_batch},
};

const struct mistake *mistake_recognise(const struct mistake_evidence *evidence)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (known[i].fits(evidence))
            return &known[i].mistake;
    return NULL;
}
