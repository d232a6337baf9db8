/*
 * The whole model in one process: what the pipeline must agree with. (Q4)
 */
#include "assignments/pipeline/pipeline.h"

void baseline_forward_backward(struct stage *model, struct batch *batch)
{
    /* TODO (Q4): forward, loss and backward of the whole model on the whole batch.
     *
     * Afterwards the stage's gradients are those of the batch's mean loss. Set them to
     * zero first: backward adds to what is there. Do not step an optimizer.
     *
     * Given: `batch` has one micro-batch, number 0. batch_inputs: (samples, sample…);
     * outputs: (samples, classes). stage_zero_gradients, stage_forward, batch_loss,
     * batch_loss_backward and stage_backward: see common/training/stage.h and common/training/batch.h,
     * also for who owns which tensor afterwards.
     * Hint: six calls, no loop; the scale of the loss is 1.
     * Check: make grade CHECK=baseline
     */
    todo("run the whole model forwards and backwards", model, batch);
}
