/*
 * Offload: what only the optimizer needs, its state and the masters, lies in the host's memory, which is larger and
 * slower. Gradients go there while the backward goes on, the host steps, and parameters come back. (Ren et al. 2021)
 */
#include "assignments/memory/memory.h"

void offload_begin(struct zero *zero)
{
    /* TODO: make zero->optimizer, zero->masters and zero->host_gradients, and with 16 bits
     * zero->host_parameters, all on the host. The masters, which are there in float32, too, begin
     * as this rank's own parameters.
     *
     * Given: optimizer_new_on_host; tensor_new of the kind MEMORY_HOST, on zero->device as all
     * others, of shape_flat(zero->own_count). transfer_begin_range and transfer_wait
     * (common/training/transfer.h) bring numbers from the device to the host, and convert none: a
     * unit's shard begins at unit->own_begin of stage_parameters(zero->stage), and at unit->place
     * of what you make. widen_numbers makes float32 of 16 bits, where numbers_at says.
     * Check: make grade ASSIGNMENT=memory CHECK=offload, as soon as all of this file is written
     */
    todo("move what the optimizer needs to the host", zero);
}

void offload_gradient_ready(struct zero *zero, int micro_batch, int layer)
{
    /* TODO: if this rank's own gradients of the layer are complete, begin their transfer to the
     * host, and return.
     *
     * Given: transfer_begin_range; unit_of_layer; zero->transfer has room for one of each unit, in
     * the order of zero->unit. (Where a step is skipped, since gradients overflowed, the kit waits
     * for what is under way.)
     * Hint: when has the last micro-batch been added?
     * Check: make grade ASSIGNMENT=memory CHECK=offload, as soon as all of this file is written
     */
    todo("begin to move a layer's gradients to the host", zero, &micro_batch, layer);
}

void offload_step(struct zero *zero, double factor)
{
    /* TODO: unit by unit: wait for its gradients; step with the masters (optimizer_step_on); round
     * them, with 16 bits, to zero->host_parameters; begin the transfer of the new parameters to
     * where they belong in the stage. At last wait for all of these.
     *
     * Given: transfer_wait, after which the place in zero->transfer may have another, or NULL;
     * numbers_at, round_numbers, transfer_begin_range, stage_parameters.
     * Hint: which unit's gradients arrive first? While the host steps with one unit, the link is
     * free for another's.
     * Check: make grade ASSIGNMENT=memory CHECK=offload, then, with clip.c, offload_clip
     */
    todo("let the host step", zero, &factor);
}
