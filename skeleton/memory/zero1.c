/*
 * ZeRO 1: each rank has the optimizer's state of its own shard alone, steps with that, and tells the others what
 * became of it.
 */
#include "assignments/memory/memory.h"

void zero1_begin(struct zero *zero)
{
    /* TODO: make the optimizer for this rank's own numbers, zero->optimizer, and the masters.
     *
     * Given: optimizer_new_for (common/training/optimizer.h), with zero->optimizer_options,
     * zero->device and zero->own_count; make_masters.
     * Hint: for how many numbers does this rank keep state?
     * Check: make grade ASSIGNMENT=memory CHECK=zero1, as soon as the step below is written, too
     */
    todo("make what this rank keeps of its own numbers", zero);
}

void zero1_train_step(struct zero *zero)
{
    /* TODO: one training step. Gradients to zero; forward, loss and backward of this rank's
     * micro-batches; each rank gets the sums of its own gradients; update_own_parameters;
     * everybody gets everybody's parameters.
     *
     * Given: this rank's micro-batches are zero->first_micro_batch, …, zero->micro_batches of
     * them. stage_zero_gradients, batch_inputs, stage_forward, batch_loss, batch_loss_backward,
     * stage_backward: stage_forward takes over x, batch_loss y and stage_backward dy; dx is yours
     * to tensor_free. Units and their places (struct unit) count in the arenas,
     * stage_gradients(zero->stage) and stage_parameters(zero->stage), whose ->data are numbers of
     * dtype zero->gradients and zero->precision: numbers_at counts on from there. own_gradients_of
     * and own_parameters_of say where a shard lies. reduce_scatter_gradients and
     * all_gather_parameters are yours.
     * Hint: the gradients are to be those of the mean over all ranks' micro-batches
     * (zero->all_micro_batches), times zero->loss_scale: what scale does the loss's backward want?
     * Check: make grade ASSIGNMENT=memory CHECK=zero1, then mixed_training
     */
    todo("take a step with this rank's shard of the optimizer's state", zero);
}
