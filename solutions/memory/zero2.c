/*
 * ZeRO 2: gradients are shared out, too. A layer's gradients are there from the begin of its backward to the end;
 * then their sum is on the ranks that update it, and nobody else has it.
 */
#include "assignments/memory/memory.h"

void zero2_begin(struct zero *zero)
{
    /* BEGIN SOLUTION */
    if (zero->offloads)
        offload_begin(zero);
    else
        zero1_begin(zero);
    zero->own_gradients =
        tensor_new(MEMORY_GRADIENT, zero->gradients, zero->device, shape_flat(zero->own_count));
    /* END SOLUTION */
    //| /* TODO: besides what zero1_begin makes (or, where zero->offloads says so, offload_begin), make
    //|  * zero->own_gradients: zero->own_count numbers of the kind MEMORY_GRADIENT, of dtype
    //|  * zero->gradients, on zero->device.
    //|  *
    //|  * Given: tensor_new, shape_flat.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=zero2, as soon as all of this file is written
    //|  */
    //| todo("make room for this rank's own gradients", zero);
}

void zero2_before_backward(struct zero *zero, int micro_batch, int layer)
{
    (void)micro_batch;
    /* BEGIN SOLUTION */
    const struct unit *unit = unit_of_layer(zero, layer);
    struct tensor *gradients = tensor_new(MEMORY_GRADIENT, zero->gradients, zero->device,
                                          shape_flat(unit->end - unit->begin));
    tensor_zero(gradients);
    stage_put_gradients(zero->stage, layer, gradients);
    /* END SOLUTION */
    //| /* TODO: make room for the layer's gradients, whole, and put it into the stage.
    //|  *
    //|  * Given: unit_of_layer says how many they are (unit->end - unit->begin); tensor_new of
    //|  * shape_flat, with kind and dtype as above; tensor_zero; stage_put_gradients, which takes it
    //|  * over.
    //|  * Hint: what does the backward add to?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=zero2, as soon as all of this file is written
    //|  */
    //| todo("make room for a layer's gradients", zero, layer);
}

void zero2_gradient_ready(struct zero *zero, int micro_batch, int layer)
{
    (void)micro_batch;
    /* BEGIN SOLUTION */
    const struct unit *unit = unit_of_layer(zero, layer);
    struct tensor *gradients = stage_take_gradients(zero->stage, layer);
    void *own = numbers_at(gradients->data, zero->gradients, (size_t)unit->first[zero->rank]);
    reduce_scatter_gradients(zero, unit, gradients->data, own);
    add_numbers(zero->gradients, unit->own_count, own_gradients_of(zero, unit), own);
    tensor_free(gradients);
    /* END SOLUTION */
    //| /* TODO: the layer's gradients of this micro-batch are there. Take them from the stage; add up
    //|  * all ranks', each shard on its own rank; add the sums to this rank's own gradients, which
    //|  * have those of the micro-batches before; and let go of the layer's gradients at once.
    //|  *
    //|  * Given: stage_take_gradients: what it returns is yours to tensor_free.
    //|  * reduce_scatter_gradients, own_gradients_of, add_numbers. The shard begins at element
    //|  * unit->first[zero->rank] of the layer's gradients, which numbers_at finds; it has
    //|  * unit->own_count.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=zero2, as soon as all of this file is written
    //|  */
    //| todo("share out a layer's gradients and let go of them", zero, layer);
}

void zero2_train_step(struct zero *zero)
{
    /* BEGIN SOLUTION */
    struct stage *stage = zero->stage;
    struct batch *batch = zero->batch;
    const float scale = (float)(zero->loss_scale / zero->all_micro_batches);
    tensor_zero(zero->own_gradients);
    for (int i = 0; i < zero->micro_batches; i++) {
        const int m = zero->first_micro_batch + i;
        batch_loss(batch, m, stage_forward(stage, m, batch_inputs(batch, m)));
        tensor_free(stage_backward(stage, m, batch_loss_backward(batch, m, scale)));
    }
    update_own_parameters(zero);
    for (int u = 0; u < zero->units; u++) {
        const struct unit *unit = &zero->unit[u];
        void *whole = numbers_at(stage_parameters(stage)->data, zero->precision, unit->begin);
        all_gather_parameters(zero, unit, own_parameters_of(zero, unit), whole);
    }
    /* END SOLUTION */
    //| /* TODO: one training step. Within stage_backward the kit calls zero2_before_backward and
    //|  * zero2_gradient_ready for each layer with parameters: behind the last backward this rank's
    //|  * own gradients are the sums.
    //|  *
    //|  * Given: batch_inputs, stage_forward, batch_loss, batch_loss_backward (with the scale of
    //|  * zero1.c), stage_backward, tensor_free; update_own_parameters. All parameters are in the
    //|  * stage, as in zero1.c: stage_parameters, numbers_at, own_parameters_of,
    //|  * all_gather_parameters. Of gradients the stage has none between two layers: tensor_zero, of
    //|  * this rank's own.
    //|  * Hint: what was in zero->own_gradients at the end of the last step?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=zero2, then zero2_memory
    //|  */
    //| todo("take a step with this rank's shard of gradients and state", zero);
}
