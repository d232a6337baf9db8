/*
 * Offload: what only the optimizer needs, its state and the masters, lies in the host's memory, which is larger and
 * slower. Gradients go there while the backward goes on, the host steps, and parameters come back. (Ren et al. 2021)
 */
#include "assignments/memory/memory.h"

void offload_begin(struct zero *zero)
{
    /* TODO: make zero->optimizer, zero->masters and zero->host_gradients, and with 16 bits zero->host_parameters, all on
     * the host. The masters, which are there in float32, too, begin as this rank's own parameters.
     *
     * Given: optimizer_new_on_host; tensors of the kind MEMORY_HOST; transfer_begin_range and transfer_wait
     * (common/training/transfer.h) bring numbers from the device to the host.
     * Check: make grade ASSIGNMENT=memory CHECK=offload
     */
    todo("move what the optimizer needs to the host", zero);
}

void offload_gradient_ready(struct zero *zero, int micro_batch, int layer)
{
    /* TODO: if this rank's own gradients of the layer are complete, begin their transfer to the host, and return.
     *
     * Given: transfer_begin_range; zero->transfer has room for one of each unit.
     * Hint: when has the last micro-batch been added?
     * Check: make grade ASSIGNMENT=memory CHECK=offload
     */
    todo("begin to move a layer's gradients to the host", zero, &micro_batch, layer);
}

void offload_step(struct zero *zero, double factor)
{
    /* TODO: unit by unit: wait for its gradients; step with the masters (optimizer_step_on); round them, with 16 bits, to
     * zero->host_parameters; begin the transfer of the new parameters to where they belong in the stage. At last wait for
     * all of these.
     *
     * Hint: which unit's gradients arrive first? While the host steps with one unit, the link is free for another's.
     * Check: make grade ASSIGNMENT=memory CHECK=offload
     */
    todo("let the host step", zero, &factor);
}
