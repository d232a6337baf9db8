/*
 * ZeRO 2: gradients are shared out, too. A layer's gradients are there from the begin of its backward to the end;
 * then their sum is on the ranks that update it, and nobody else has it.
 */
#include "assignments/memory/memory.h"

void zero2_begin(struct zero *zero)
{
    /* TODO: besides what zero1_begin makes (or, where zero->offloads says so, offload_begin), make
     * zero->own_gradients: zero->own_count numbers of the kind MEMORY_GRADIENT, of the dtype of the gradients, on zero->device.
     *
     * Given: tensor_new, shape_flat.
     * Check: make grade ASSIGNMENT=memory CHECK=zero2
     */
    todo("make room for this rank's own gradients", zero);
}

void zero2_before_backward(struct zero *zero, int micro_batch, int layer)
{
    (void)micro_batch;
    /* TODO: make room for the layer's gradients, whole, and put it into the stage. The backward adds to what is
     * there.
     *
     * Given: unit_of_layer says how many they are; tensor_new, tensor_zero, stage_put_gradients.
     * Hint: what does the backward add to?
     * Check: make grade ASSIGNMENT=memory CHECK=zero2
     */
    todo("make room for a layer's gradients", zero, layer);
}

void zero2_gradient_ready(struct zero *zero, int micro_batch, int layer)
{
    (void)micro_batch;
    /* TODO: the layer's gradients of this micro-batch are there. Take them from the stage; add up all ranks', each
     * shard on its own rank; add the sums to this rank's own gradients, which have those of the micro-batches
     * before; and let go of the layer's gradients at once.
     *
     * Given: stage_take_gradients, reduce_scatter_gradients, own_gradients_of, add_numbers. The shard begins at element
     * unit->first[zero->rank] of the layer's gradients.
     * Check: make grade ASSIGNMENT=memory CHECK=zero2
     */
    todo("share out a layer's gradients and let go of them", zero, layer);
}

void zero2_train_step(struct zero *zero)
{
    /* TODO: one training step. Within stage_backward the kit calls zero2_before_backward and zero2_gradient_ready
     * for each layer with parameters: behind the last backward this rank's own gradients are the sums.
     *
     * Hint: what was in zero->own_gradients at the end of the last step?
     * Check: make grade ASSIGNMENT=memory CHECK=zero2
     */
    todo("take a step with this rank's shard of gradients and state", zero);
}
