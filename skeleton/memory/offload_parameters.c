/*
 * Offload of parameters: with ZeRO 3 a rank's own parameters, too, lie in the host's memory. A layer's shard is fetched right
 * before it is brought together, and while the layer computes the next one's is under way. (Rajbhandari et al. 2021)
 */
#include "assignments/memory/memory.h"

void offload_parameters_begin(struct zero *zero)
{
    /* TODO: make zero->optimizer, zero->own_parameters and zero->host_gradients on the host, and
     * zero->own_gradients on the device. The parameters begin as zero3_begin has them. With 16
     * bits make zero->masters on the host, too; with float32 there are none.
     *
     * Given: optimizer_new_on_host; tensor_new of the kind MEMORY_HOST (MEMORY_GRADIENT for what
     * is on the device), on zero->device, of shape_flat(zero->own_count); initial_parameters,
     * own_parameters_of, widen_numbers, numbers_at.
     * Hint: offload_begin and zero3_begin do half of it each. Which of their tensors are not
     * needed here?
     * Check: make grade ASSIGNMENT=memory CHECK=offload_parameters, as soon as all of this file is
     * written
     */
    todo("move this rank's own parameters to the host", zero);
}

void offload_parameters_before_forward(struct zero *zero, int micro_batch, int layer)
{
    (void)micro_batch;
    /* TODO: wait for this rank's shard of the layer; begin to fetch the shard of the next layer
     * that has parameters; bring the layer together from the shards, let go of this one
     * (tensor_free), and put the layer into the stage.
     *
     * Given: tensor_new of the kind MEMORY_PARAMETER, for the shard of
     * shape_flat(unit->own_count), for the layer of shape_flat(unit->end - unit->begin).
     * transfer_begin_range, from unit->place of zero->own_parameters, and transfer_wait;
     * zero->arriving, zero->arriving_layer (at first -1) and zero->fetch are to remember what is
     * under way. unit_of_layer is NULL for a layer without parameters; the layers are 0 …
     * stage_layers(zero->stage) - 1. all_gather_parameters, stage_put_parameters.
     * Hint: is the first layer's shard under way already?
     * Check: make grade ASSIGNMENT=memory CHECK=offload_parameters, as soon as all of this file is
     * written
     */
    todo("fetch a layer's parameters from the host", zero, &layer);
}

void offload_parameters_before_backward(struct zero *zero, int micro_batch, int layer)
{
    /* TODO: likewise backwards: the layer that comes next is the one before. And room for the
     * gradients.
     *
     * Given: what you wrote above, and zero2_before_backward.
     * Check: make grade ASSIGNMENT=memory CHECK=offload_parameters, as soon as all of this file is
     * written
     */
    todo("fetch a layer's parameters again", zero, &micro_batch, &layer);
}

void offload_parameters_step(struct zero *zero, double factor)
{
    /* TODO: unit by unit: wait for its gradients, and step with them on the host.
     *
     * Given: transfer_wait, for what offload_gradient_ready began in zero->transfer, whose place
     * is NULL again then; step_own_parameters, which works wherever the numbers are;
     * own_parameters_of, and numbers_at for the unit's gradients in zero->host_gradients.
     * Hint: what has to go to the device behind the step?
     * Check: make grade ASSIGNMENT=memory CHECK=offload_parameters
     */
    todo("let the host step with its parameters", zero, &factor);
}
