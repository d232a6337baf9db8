/*
 * ZeRO 3: parameters are shared out, too. All ranks bring a layer's parameters together right before they need them,
 * forwards and again backwards, and let go of them right behind.
 */
#include "assignments/memory/memory.h"

void zero3_begin(struct zero *zero)
{
    /* TODO: besides what zero2_begin makes, make zero->own_parameters: zero->own_count numbers of
     * the kind MEMORY_PARAMETER, of dtype zero->precision, on zero->device; each unit's shard
     * begins with its initial parameters.
     *
     * Given: tensor_new of shape_flat; initial_parameters, from unit->own_begin on;
     * own_parameters_of.
     * Hint: what do the masters begin as?
     * Check: make grade ASSIGNMENT=memory CHECK=zero3, as soon as all of this file is written
     */
    todo("make this rank's own parameters", zero);
}

void zero3_before_forward(struct zero *zero, int micro_batch, int layer)
{
    (void)micro_batch;
    /* TODO: bring the layer's parameters together and put them into the stage.
     *
     * Given: unit_of_layer; tensor_new of shape_flat(unit->end - unit->begin), with kind and dtype
     * as above; own_parameters_of, all_gather_parameters; stage_put_parameters, which takes the
     * tensor over.
     * Check: make grade ASSIGNMENT=memory CHECK=zero3, as soon as all of this file is written
     */
    todo("bring a layer's parameters together", zero, layer);
}

void zero3_after_forward(struct zero *zero, int micro_batch, int layer)
{
    (void)micro_batch;
    /* TODO: the forward is done: let go of the layer's parameters.
     *
     * Given: stage_take_parameters: what it returns is yours to tensor_free.
     * Check: make grade ASSIGNMENT=memory CHECK=zero3, as soon as all of this file is written
     */
    todo("let go of a layer's parameters", zero, layer);
}

void zero3_before_backward(struct zero *zero, int micro_batch, int layer)
{
    /* TODO: the backward needs the layer's parameters again, and room for its gradients.
     *
     * Given: what you wrote above, and zero2_before_backward.
     * Check: make grade ASSIGNMENT=memory CHECK=zero3, as soon as all of this file is written
     */
    todo("bring a layer's parameters together again", zero, &micro_batch, layer);
}

void zero3_gradient_ready(struct zero *zero, int micro_batch, int layer)
{
    /* TODO: let go of the layer's parameters, and share out its gradients.
     *
     * Given: stage_take_parameters and tensor_free, zero2_gradient_ready.
     * Check: make grade ASSIGNMENT=memory CHECK=zero3, as soon as all of this file is written
     */
    todo("let go of a layer's parameters and gradients", zero, &micro_batch, layer);
}

void zero3_train_step(struct zero *zero)
{
    /* TODO: one training step. Within stage_forward and stage_backward the kit calls the functions
     * above for each layer with parameters.
     *
     * Given: tensor_zero, of zero->own_gradients; batch_inputs, stage_forward, batch_loss,
     * batch_loss_backward, stage_backward and tensor_free, as in zero1.c; update_own_parameters.
     * Hint: when do the others hear of this rank's new parameters?
     * Check: make grade ASSIGNMENT=memory CHECK=zero3, then zero3_memory and zero_training, and
     * mixed_shards (bonus)
     */
    todo("take a step with this rank's shard of everything", zero);
}
