/*
 * ZeRO 3: parameters are shared out, too. All ranks bring a layer's parameters together right before they need them,
 * forwards and again backwards, and let go of them right behind.
 */
#include "assignments/memory/memory.h"

void zero3_begin(struct zero *zero)
{
    /* BEGIN SOLUTION */
    zero->own_parameters =
        tensor_new(MEMORY_PARAMETER, zero->precision, zero->device, shape_flat(zero->own_count));
    for (int u = 0; u < zero->units; u++) {
        const struct unit *unit = &zero->unit[u];
        initial_parameters(zero, unit->own_begin, unit->own_count, own_parameters_of(zero, unit));
    }
    zero2_begin(zero); /* the masters begin as the parameters */
    /* END SOLUTION */
    //| /* TODO: besides what zero2_begin makes, make zero->own_parameters: zero->own_count numbers of
    //|  * the kind MEMORY_PARAMETER, of dtype zero->precision, on zero->device; each unit's shard
    //|  * begins with its initial parameters.
    //|  *
    //|  * Given: tensor_new of shape_flat; initial_parameters, from unit->own_begin on;
    //|  * own_parameters_of.
    //|  * Hint: what do the masters begin as?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=zero3, as soon as all of this file is written
    //|  */
    //| todo("make this rank's own parameters", zero);
}

/* BEGIN SOLUTION */
/* Brings the layer's parameters together and puts them into the stage. */
static void gather(struct zero *zero, int layer)
{
    const struct unit *unit = unit_of_layer(zero, layer);
    struct tensor *whole = tensor_new(MEMORY_PARAMETER, zero->precision, zero->device,
                                      shape_flat(unit->end - unit->begin));
    all_gather_parameters(zero, unit, own_parameters_of(zero, unit), whole->data);
    stage_put_parameters(zero->stage, layer, whole);
}

/* END SOLUTION */
void zero3_before_forward(struct zero *zero, int micro_batch, int layer)
{
    (void)micro_batch;
    /* BEGIN SOLUTION */
    gather(zero, layer);
    /* END SOLUTION */
    //| /* TODO: bring the layer's parameters together and put them into the stage.
    //|  *
    //|  * Given: unit_of_layer; tensor_new of shape_flat(unit->end - unit->begin), with kind and dtype
    //|  * as above; own_parameters_of, all_gather_parameters; stage_put_parameters, which takes the
    //|  * tensor over.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=zero3, as soon as all of this file is written
    //|  */
    //| todo("bring a layer's parameters together", zero, layer);
}

void zero3_after_forward(struct zero *zero, int micro_batch, int layer)
{
    (void)micro_batch;
    /* BEGIN SOLUTION */
    tensor_free(stage_take_parameters(zero->stage, layer));
    /* END SOLUTION */
    //| /* TODO: the forward is done: let go of the layer's parameters.
    //|  *
    //|  * Given: stage_take_parameters: what it returns is yours to tensor_free.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=zero3, as soon as all of this file is written
    //|  */
    //| todo("let go of a layer's parameters", zero, layer);
}

void zero3_before_backward(struct zero *zero, int micro_batch, int layer)
{
    /* BEGIN SOLUTION */
    gather(zero, layer);
    zero2_before_backward(zero, micro_batch, layer);
    /* END SOLUTION */
    //| /* TODO: the backward needs the layer's parameters again, and room for its gradients.
    //|  *
    //|  * Given: what you wrote above, and zero2_before_backward.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=zero3, as soon as all of this file is written
    //|  */
    //| todo("bring a layer's parameters together again", zero, &micro_batch, layer);
}

void zero3_gradient_ready(struct zero *zero, int micro_batch, int layer)
{
    /* BEGIN SOLUTION */
    tensor_free(stage_take_parameters(zero->stage, layer));
    zero2_gradient_ready(zero, micro_batch, layer);
    /* END SOLUTION */
    //| /* TODO: let go of the layer's parameters, and share out its gradients.
    //|  *
    //|  * Given: stage_take_parameters and tensor_free, zero2_gradient_ready.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=zero3, as soon as all of this file is written
    //|  */
    //| todo("let go of a layer's parameters and gradients", zero, &micro_batch, layer);
}

void zero3_train_step(struct zero *zero)
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
    /* END SOLUTION */
    //| /* TODO: one training step. Within stage_forward and stage_backward the kit calls the functions
    //|  * above for each layer with parameters.
    //|  *
    //|  * Given: tensor_zero, of zero->own_gradients; batch_inputs, stage_forward, batch_loss,
    //|  * batch_loss_backward, stage_backward and tensor_free, as in zero1.c; update_own_parameters.
    //|  * Hint: when do the others hear of this rank's new parameters?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=zero3, then zero3_memory and zero_training, and
    //|  * mixed_shards (bonus)
    //|  */
    //| todo("take a step with this rank's shard of everything", zero);
}
