/*
 * ZeRO 1: each rank has the optimizer's state of its own shard alone, steps with that, and tells the others what
 * became of it.
 */
#include "assignments/memory/memory.h"

void zero1_begin(struct zero *zero)
{
    /* TODO: make the optimizer for this rank's own numbers, zero->optimizer, and the masters.
     *
     * Given: optimizer_new_for (common/training/optimizer.h), zero->own_count, make_masters.
     * Hint: for how many numbers does this rank keep state?
     * Check: make grade ASSIGNMENT=memory CHECK=zero1
     */
    todo("make what this rank keeps of its own numbers", zero);
}

void zero1_train_step(struct zero *zero)
{
    /* TODO: one training step. Gradients to zero; forward, loss and backward of this rank's micro-batches; each
     * rank gets the sums of its own gradients; update_own_parameters; everybody gets everybody's parameters.
     *
     * Given: this rank's micro-batches are zero->first_micro_batch, …, zero->micro_batches of them; units and their
     * places (struct unit); own_gradients_of and own_parameters_of say where a shard lies; numbers_at counts on from
     * the begin of an arena.
     * Hint: the gradients are to be those of the mean over all ranks' micro-batches, times zero->loss_scale: what
     * scale does the loss's backward want?
     * Check: make grade ASSIGNMENT=memory CHECK=zero1
     */
    todo("take a step with this rank's shard of the optimizer's state", zero);
}
