/*
 * The all-forward-all-backward training step: every rank runs all its forwards,
 * then all its backwards. (Q8)
 */
#include "assignments/pipeline/pipeline.h"

void train_step_afab(struct pipeline *pipeline)
{
    /* TODO (Q8): one training step: all forwards, then all backwards.
     *
     * Gradients to zero. Then for each micro-batch i: get x, run the forward, hand y on.
     * Then for each micro-batch i: get dy, run the backward, hand dx on. Then one
     * optimizer step. Afterwards the gradients must be those of the mean loss over the
     * whole batch, as the baseline computes them.
     *
     * Given: pipeline->micro_batches = m, and what train_step_naive calls, for micro-batch i in
     * place of 0; stage_input_new and stage_output_new are (samples / m, input…) and (samples / m,
     * output…) now. The stage holds what each forward saved until the backward of the same
     * micro-batch number. Don't wait for a send before going on: a neighbour that is still
     * busy would keep this rank waiting, too. Keep the requests and the tensors, and free
     * those after MPI_Waitall.
     * Hint: backward adds up gradients over the micro-batches, so what must the scale in
     * batch_loss_backward be? (common/training/batch.h; on the last stage, and nowhere else.)
     * Check: make grade CHECK=train_step_afab, then afab_combinations, afab_order,
     * afab_parallel, no_luck, own_stage and loss_goes_down; at last convergence_fashion_mnist and
     * convergence_cifar10
     */
    todo("take one all-forward-all-backward step", pipeline);
}
