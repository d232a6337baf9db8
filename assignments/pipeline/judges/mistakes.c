/*
 * Known mistakes, recognised from the evidence; see mistakes.h. What is said of each, and what
 * excludes it; how it is recognised is in mistakes_*.c.
 */
#include "assignments/pipeline/judges/mistakes_parts.h"

static const struct known {
    struct mistake mistake;
    bool (*fits)(const struct mistake_evidence *evidence);
} known[] = {
    /* Not where less is received than is computed on: then waiting is not what lacks (early.h). */
    {{"receive not waited for",
      "A stage began to compute on a buffer before the message that was to fill it had arrived: "
      "the log shows the computation before the completion of the receive. It then worked on "
      "whatever the buffer held before.",
      "the MPI_Wait between each RECV_FORWARD and its forward, and between each RECV_BACKWARD and "
      "its backward"},
     mistake_not_waited_for},
    /* Not where a buffer was changed to anything but another message that its rank sent meanwhile. */
    {{"one buffer for several sends",
      "When a send was waited for, its buffer held what was sent in a later message: the next "
      "output or gradient was written into it while the former was still under way. A non-blocking "
      "send only starts a message; until its request has completed, the buffer belongs to MPI.",
      "which tensor each send is given: those that are under way at the same time need one each"},
     mistake_one_buffer},
    /* A fact of the log; it excludes all names that guess from what arrived. */
    {{"send buffer reused too early",
      "A tensor was written to, or freed, while its message was on its way: what the send began "
      "with and what was there when it had completed, or what arrived, are not the same. A "
      "non-blocking send only starts a message; until its request has completed, the tensor "
      "belongs to MPI.",
      "the request of each send: it must have completed before its tensor is written to, received "
      "into or freed"},
     mistake_send_buffer_reused},
    /* Not with a single micro-batch; not where the right tensor never came (flow.h), nor where a send's
     * buffer was written to: that has its own name. */
    {{"receive buffer reused too early",
      "Micro-batches met the activations of a later one: a buffer was received into again before "
      "what it held had been used.",
      "which buffer each micro-batch is received into, and whether the forward has taken it before "
      "the next receive begins"},
     mistake_receive_buffer_reused},
    /* Not where all steps lie behind all backwards: the gradients are not touched by that. */
    {{"optimizer step per micro-batch",
      "The optimizer stepped once for every micro-batch. Gradients of all micro-batches belong to "
      "one step: they are added up first, and the parameters change once, at the end.",
      "where optimizer_step is called: behind the loop over micro-batches, not in it"},
     mistake_step_per_micro_batch},
    {{"optimizer steps within the step",
      "The optimizer stepped several times in one training step, and backwards came behind its "
      "first step: they ran with parameters that had changed already. Gradients of all "
      "micro-batches belong to one step: they are added up first, and the parameters change once, "
      "at the end.",
      "where optimizer_step is called: behind all loops over micro-batches, not behind each group "
      "of them"},
     mistake_steps_within},
    {{"optimizer step too early",
      "The optimizer stepped before the last backward of the stage: what comes behind it is not in "
      "the step, and the next training step begins with other parameters.",
      "where optimizer_step is called: behind the last stage_backward or stage_backward_weight"},
     mistake_step_too_early},
    /* Not where a stage lacks another micro-batch than those, or ran all backwards. */
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
    {{"loss scaled by 0",
      "The loss was scaled by 0: batch_loss_backward was given 0, and so every gradient is 0. 1 / "
      "m "
      "of two ints is 0 in C, whenever m is more than 1.",
      "the scale given to batch_loss_backward: write 1.0f / (float)m, m being "
      "pipeline->micro_batches"},
     mistake_scaled_by_0},
    /* Excluded where the gradients are not wrong by just that factor. */
    {{"loss scaled by another number than 1/m",
      "Every gradient is wrong by the same factor, and batch_loss_backward was given a scale that "
      "is "
      "wrong by it: the loss of the batch is the mean of its micro-batches' losses, each of which "
      "is "
      "a mean over its samples already.",
      "the scale given to batch_loss_backward: 1.0f / (float)m, m being pipeline->micro_batches; 1 "
      "where the whole batch is one"},
     mistake_scaled_otherwise},
    {{"no gradient of the loss",
      "Nobody called batch_loss_backward in this step, although the last stage ran its backwards: "
      "what they began with is not the gradient of the loss.",
      "what the last stage gives to its backward: batch_loss_backward(…, i, 1.0f / (float)m), "
      "where "
      "the other stages receive"},
     mistake_no_loss_gradient},
    {{"gradients zeroed behind the backwards",
      "stage_zero_gradients was called behind the last backward of the step, and took away what "
      "the backwards had added up.",
      "where stage_zero_gradients is called: at the beginning of the step"},
     mistake_zeroed_last},
    {{"gradients zeroed between micro-batches",
      "stage_zero_gradients was called between two backwards of the step: exactly the "
      "micro-batches "
      "whose backwards came before it are missing from the gradient.",
      "where stage_zero_gradients is called: once, before the first backward, not in a loop over "
      "groups of micro-batches"},
     mistake_zeroed_between},
    /* Not where the zeros have been put there: the loss scaled by 0 (then all stages are 0), zeroed
     * gradients, no backward at all; nor where what came forwards was wrong already. */
    {{"input gradient never sent",
      "The last stages have their gradients and all stages before them have exactly 0: the "
      "gradient for the input did not go back to the stage before (or zeros did).",
      "what becomes of the tensor that stage_backward returns, and SEND_BACKWARD and RECV_BACKWARD "
      "in the stages where the zeros begin"},
     mistake_input_gradient_missing},
    /* Not where they were zeroed before the first backward of this step. */
    {{"gradients not zeroed between steps",
      "The gradient is the sum of the gradients of this step and of the steps before it. "
      "stage_backward adds to the gradients, so every step has to begin with zeros.",
      "stage_zero_gradients at the beginning of the step"},
     mistake_steps_summed},
    /* Not where the log holds another scale than 1. */
    {{"loss not divided by the number of micro-batches",
      "Every gradient is m times what it should be, m being the number of micro-batches: the "
      "losses were added up, but the loss of the batch is their mean.",
      "the scale given to batch_loss_backward: 1 / micro_batches"},
     mistake_not_divided},
    /* Not where the log holds another scale than 1/m or 1/m². */
    {{"loss divided twice",
      "Every gradient is 1/m of what it should be, m being the number of micro-batches: the "
      "mean over micro-batches was taken twice.",
      "the scale given to batch_loss_backward, and whether the gradients are divided once more"},
     mistake_divided_twice},
    /* Not where the log holds another scale than 1/m. */
    {{"divided at every stage",
      "The last stage is right and each stage before it is smaller by another factor m, the number "
      "of micro-batches: the gradient is divided again wherever it passes.",
      "the division by micro_batches: it belongs to the loss, on the last stage, and nowhere else"},
     mistake_divided_at_every_stage},
    /* Not where only that micro-batch went backward. */
    {{"gradient overwritten, not accumulated",
      "Of all micro-batches only the one that went backward last is in the gradient. The ones "
      "before it were overwritten or set to zero.",
      "stage_zero_gradients (once per step, before the first backward) and anything that writes "
      "to the gradients between two backwards"},
     mistake_overwritten},
    /* Not where its backward ran on that stage, nor where the end of a schedule is missing. */
    {{"last micro-batch dropped",
      "The last micro-batch is not in the gradient; all others are, as they should be.",
      "the bounds of the loops over micro-batches"},
     mistake_last_dropped},
    /* Not where the inputs, or the outputs given to the loss, were another's. */
    {{"forward order and backward order disagree",
      "Each micro-batch's input was multiplied with the output gradient of another micro-batch: "
      "the two sides of a message do not mean the same micro-batch.",
      "the order of the backwards on the sending and on the receiving stage, and the tags"},
     mistake_orders_disagree},
    {{"inputs of another micro-batch",
      "The first stage ran its forwards on the inputs of other micro-batches than the loss took "
      "their outputs for: outputs and labels do not belong together.",
      "the number that is given to batch_inputs, to stage_forward and to batch_loss: the same for "
      "one micro-batch"},
     mistake_other_inputs},
    {{"loss of another micro-batch",
      "All stages computed what they should, and then the outputs of one micro-batch were given to "
      "the loss as those of another: outputs and labels do not belong together.",
      "the number that is given to batch_loss: that of the stage_forward whose output it takes"},
     mistake_other_loss},
    {{"tensor rounded on its way",
      "Between a stage and its neighbour the numbers of a tensor were rounded or scaled: what the "
      "neighbour computed with is, bit by bit, a rounded copy of what the stage had returned.",
      "what happens to a tensor between stage_forward or stage_backward and the next stage: it has "
      "to arrive as it is"},
     mistake_rounded},
    {{"nothing received into the tensor",
      "A stage computed on a tensor that nothing had been written to: every bit of it is as it was "
      "when it was made.",
      "RECV_FORWARD before each forward and RECV_BACKWARD before each backward, and the MPI_Wait "
      "behind them: the tensor that is received into is the one to compute on"},
     mistake_never_filled},
    /* Not where it is known how, or when: rounded, divided, changed on the way. */
    {{"message changed before it was sent",
      "A message holds something that no forward or backward of its sender had returned: between "
      "the computation and the send the tensor was written to, or another one was sent.",
      "what is sent: the tensor that stage_forward or stage_backward returned, as it is"},
     mistake_changed_before_sent},
    /* Not where the receive was not waited for, nor where it is known what became of it. */
    {{"received and thrown away",
      "What a stage should have computed with was received, and then it computed with something "
      "else: with another tensor, or with this one after something had been written to it.",
      "which tensor is received into, which one is given to stage_forward or stage_backward, and "
      "what happens in between"},
     mistake_thrown_away},
    /* Not by a fingerprint that several tensors share, or that is that of nothing but zeros or NaN. */
    {{"tensor of another micro-batch",
      "A forward or backward was given what the neighbouring stage had computed for another "
      "micro-batch.",
      "the micro-batch numbers on both sides of a message: order of sends and receives, and tags"},
     mistake_other_micro_batch},
};

const struct mistake *mistake_recognise(const struct mistake_evidence *evidence)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (known[i].fits(evidence))
            return &known[i].mistake;
    return NULL;
}

GPtrArray *mistakes_that_fit(const struct mistake_evidence *evidence)
{
    GPtrArray *found = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (known[i].fits(evidence))
            g_ptr_array_add(found, (gpointer)&known[i].mistake);
    return found;
}
