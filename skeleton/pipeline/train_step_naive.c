/*
 * The naive training step: the whole batch goes through stage after stage, and
 * while one rank works the others wait.
 */
#include "assignments/pipeline/pipeline.h"

void train_step_naive(struct pipeline *pipeline)
{
    /* TODO: one training step with the whole batch as its only micro-batch, number 0.
     *
     * Gradients to zero. Forward: x comes from the batch on stage 0 and from the previous
     * stage elsewhere; y goes into the loss on the last stage and to the next stage
     * elsewhere. Backward, the other way round: dy comes from the loss, or from the next
     * stage; dx goes to the previous stage. Then one optimizer step.
     *
     * Given: stage_zero_gradients, stage_forward, stage_backward, batch_inputs, batch_loss and
     * batch_loss_backward, as in baseline.c; optimizer_step(pipeline->optimizer).
     * pipeline_communicate, which only starts a message: mpi_check(MPI_Wait(…)) for its request
     * before you use or free the tensor. stage_input_new and stage_output_new: room for
     * x (samples, input…) and dy (samples, output…). stage_forward takes over x, stage_backward
     * dy, and batch_loss y; the y that you send and dx are yours to tensor_free. On stage 0 dx is
     * NULL.
     * Hint: write it for one rank first (it is the baseline then), and then put a
     * receive before and a send after each half.
     * Check: make grade CHECK=train_step_naive, then naive_own_stage and no_luck
     */
    todo("take one training step with the whole batch", pipeline);
}
