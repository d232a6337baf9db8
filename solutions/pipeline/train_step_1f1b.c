/*
 * 1F1B, one forward, one backward: as soon as a backward can run, it does, so that
 * no rank holds more micro-batches than there are stages from it to the last.
 * (PipeDream-Flush: Narayanan et al. 2021)
 */
#include "assignments/pipeline/micro_batch.h"

/* BEGIN SOLUTION */
static void forward(struct pipeline *pipeline, int i)
{
    struct tensor *x = micro_batch_input(pipeline, i);
    micro_batch_pass_output(pipeline, i, stage_forward(pipeline->stage, i, x));
}

static void backward(struct pipeline *pipeline, int i)
{
    /* The batch's loss is the mean of the micro-batches' losses, so each counts 1/m. */
    const float scale = 1.0f / (float)pipeline->micro_batches;
    struct tensor *dy = micro_batch_output_gradient(pipeline, i, scale);
    micro_batch_pass_input_gradient(pipeline, i, stage_backward(pipeline->stage, i, dy));
}

/* END SOLUTION */
void train_step_1f1b(struct pipeline *pipeline)
{
    /* BEGIN SOLUTION */
    const int m = pipeline->micro_batches;
    /* The last stage can begin with its first backward at once. The one before it has to let
     * one forward more go ahead, and so on: that is as long as the first gradient is away. */
    const int stages_behind = pipeline->stages - 1 - pipeline->stage_index;
    const int warm_up = stages_behind < m ? stages_behind : m;

    stage_zero_gradients(pipeline->stage);
    for (int i = 0; i < warm_up; i++)
        forward(pipeline, i);
    for (int i = 0; i < m - warm_up; i++) { /* steady: one in, one out */
        forward(pipeline, warm_up + i);
        backward(pipeline, i);
    }
    for (int i = m - warm_up; i < m; i++) /* cool-down */
        backward(pipeline, i);
    micro_batch_finish(pipeline);
    optimizer_step(pipeline->optimizer);
    /* END SOLUTION */
    //| /* TODO: one training step in the order of 1F1B.
    //|  *
    //|  * Warm-up: as many forwards as there are stages behind this one (but never more than
    //|  * m). Steady: one forward, one backward, and again, until all forwards are done.
    //|  * Cool-down: the backwards that are left. Gradients to zero before, one optimizer step
    //|  * behind; the gradients are those of train_step_afab.
    //|  *
    //|  * Given: stage_zero_gradients, stage_forward, stage_backward,
    //|  * optimizer_step(pipeline->optimizer). Around them, to move micro-batches in and out of the
    //|  * stage, micro_batch_input, micro_batch_pass_output, micro_batch_output_gradient (whose scale
    //|  * is that of train_step_afab) and micro_batch_pass_input_gradient; behind the last backward
    //|  * micro_batch_finish, once: read the first comment of assignments/pipeline/micro_batch.h.
    //|  * pipeline->stages = p, pipeline->stage_index = s, pipeline->micro_batches = m.
    //|  * Hint: write down who does what with p = 3 and m = 4 before you write the loops. Which
    //|  * rank has no warm-up at all?
    //|  * Check: make grade CHECK=train_step_1f1b, then 1f1b_order, 1f1b_parallel, 1f1b_own_stage,
    //|  * 1f1b_no_luck, 1f1b_memory and beats_naive
    //|  */
    //| todo("take one training step in the order of 1F1B", pipeline);
}
