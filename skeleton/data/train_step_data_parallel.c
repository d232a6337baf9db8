/*
 * One training step with this rank's share of the batch, and the average of all.
 */
#include "assignments/data/data.h"

void train_step_data_parallel(struct data_parallel *data)
{
    /* TODO: one training step. Gradients to zero; forward, loss and backward of each micro-batch of this rank's
     * share; the average over the ranks, once; one step of the optimizer.
     *
     * Given: batch_micro_batch_samples, batch_inputs, batch_loss and batch_loss_backward
     * (common/training/batch.h), stage_zero_gradients, stage_forward and stage_backward
     * (common/training/stage.h), optimizer_step(data->optimizer). data->average(data) averages what is in the
     * gradients. dx of stage_backward is yours to free (tensor_free; it may be NULL).
     * Hint: the micro-batches' losses are means over their samples, of which there may be different numbers.
     * What does each count in the mean over the share? A rank may have no sample at all: what must it do
     * nevertheless?
     * Check: make grade ASSIGNMENT=data CHECK=accumulation, then epochs and convergence_text
     */
    todo("take a step with this rank's share of the batch", data);
}
