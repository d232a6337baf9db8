/*
 * Offload of parameters: with ZeRO 3 a rank's own parameters, too, lie in the host's memory. A layer's shard is fetched right
 * before it is brought together, and while the layer computes the next one's is under way. (Rajbhandari et al. 2021)
 */
#include "assignments/memory/memory.h"

void offload_parameters_begin(struct zero *zero)
{
    /* BEGIN SOLUTION */
    const struct shape own = shape_flat(zero->own_count);
    zero->optimizer =
        optimizer_new_on_host(&zero->optimizer_options, zero->device, zero->own_count);
    zero->own_parameters = tensor_new(MEMORY_HOST, zero->precision, zero->device, own);
    zero->host_gradients = tensor_new(MEMORY_HOST, zero->gradients, zero->device, own);
    zero->own_gradients = tensor_new(MEMORY_GRADIENT, zero->gradients, zero->device, own);
    for (int u = 0; u < zero->units; u++) {
        const struct unit *unit = &zero->unit[u];
        initial_parameters(zero, unit->own_begin, unit->own_count, own_parameters_of(zero, unit));
    }
    if (zero->precision == DTYPE_FLOAT32)
        return; /* the host steps with the parameters themselves */
    zero->masters = tensor_new(MEMORY_HOST, DTYPE_FLOAT32, zero->device, own);
    widen_numbers(zero->precision, zero->own_count, zero->own_parameters->data,
                  zero->masters->data);
    /* END SOLUTION */
    //| /* TODO: make zero->optimizer, zero->own_parameters and zero->host_gradients on the host, and
    //|  * zero->own_gradients on the device. The parameters begin as zero3_begin has them. With 16
    //|  * bits make zero->masters on the host, too; with float32 there are none.
    //|  *
    //|  * Given: optimizer_new_on_host; tensor_new of the kind MEMORY_HOST (MEMORY_GRADIENT for what
    //|  * is on the device), on zero->device, of shape_flat(zero->own_count); initial_parameters,
    //|  * own_parameters_of, widen_numbers, numbers_at.
    //|  * Hint: offload_begin and zero3_begin do half of it each. Which of their tensors are not
    //|  * needed here?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=offload_parameters, as soon as all of this file is
    //|  * written
    //|  */
    //| todo("move this rank's own parameters to the host", zero);
}

/* BEGIN SOLUTION */
/* Sends a layer's shard on its way to the device. */
static void begin_to_fetch(struct zero *zero, int layer)
{
    const struct unit *unit = unit_of_layer(zero, layer);
    zero->arriving =
        tensor_new(MEMORY_PARAMETER, zero->precision, zero->device, shape_flat(unit->own_count));
    zero->arriving_layer = layer;
    zero->fetch =
        transfer_begin_range(zero->arriving, 0, zero->own_parameters, unit->place, unit->own_count);
}

/* The nearest layer with parameters in a direction, or -1. */
static int next_layer(const struct zero *zero, int layer, int direction)
{
    do
        layer += direction;
    while (layer >= 0 && layer < stage_layers(zero->stage) && unit_of_layer(zero, layer) == NULL);
    return layer < stage_layers(zero->stage) ? layer : -1;
}

/* The layer's parameters go into the stage, and the next one's shard, -1: none, is under way. */
static void gather(struct zero *zero, int layer, int next)
{
    const struct unit *unit = unit_of_layer(zero, layer);
    if (zero->arriving_layer != layer)
        begin_to_fetch(zero, layer);
    transfer_wait(zero->fetch);
    struct tensor *own = zero->arriving;
    zero->arriving_layer = -1;
    if (next >= 0)
        begin_to_fetch(zero, next);
    struct tensor *whole = tensor_new(MEMORY_PARAMETER, zero->precision, zero->device,
                                      shape_flat(unit->end - unit->begin));
    all_gather_parameters(zero, unit, own->data, whole->data);
    tensor_free(own);
    stage_put_parameters(zero->stage, layer, whole);
}

/* END SOLUTION */
void offload_parameters_before_forward(struct zero *zero, int micro_batch, int layer)
{
    (void)micro_batch;
    /* BEGIN SOLUTION */
    gather(zero, layer, next_layer(zero, layer, 1));
    /* END SOLUTION */
    //| /* TODO: wait for this rank's shard of the layer; begin to fetch the shard of the next layer
    //|  * that has parameters; bring the layer together from the shards, let go of this one
    //|  * (tensor_free), and put the layer into the stage.
    //|  *
    //|  * Given: tensor_new of the kind MEMORY_PARAMETER, for the shard of
    //|  * shape_flat(unit->own_count), for the layer of shape_flat(unit->end - unit->begin).
    //|  * transfer_begin_range, from unit->place of zero->own_parameters, and transfer_wait;
    //|  * zero->arriving, zero->arriving_layer (at first -1) and zero->fetch are to remember what is
    //|  * under way. unit_of_layer is NULL for a layer without parameters; the layers are 0 …
    //|  * stage_layers(zero->stage) - 1. all_gather_parameters, stage_put_parameters.
    //|  * Hint: is the first layer's shard under way already?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=offload_parameters, as soon as all of this file is
    //|  * written
    //|  */
    //| todo("fetch a layer's parameters from the host", zero, &layer);
}

void offload_parameters_before_backward(struct zero *zero, int micro_batch, int layer)
{
    /* BEGIN SOLUTION */
    gather(zero, layer, next_layer(zero, layer, -1));
    zero2_before_backward(zero, micro_batch, layer);
    /* END SOLUTION */
    //| /* TODO: likewise backwards: the layer that comes next is the one before. And room for the
    //|  * gradients.
    //|  *
    //|  * Given: what you wrote above, and zero2_before_backward.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=offload_parameters, as soon as all of this file is
    //|  * written
    //|  */
    //| todo("fetch a layer's parameters again", zero, &micro_batch, &layer);
}

void offload_parameters_step(struct zero *zero, double factor)
{
    /* BEGIN SOLUTION */
    /* In the order in which the gradients arrive: the last layer's first. */
    for (int u = zero->units - 1; u >= 0; u--) {
        const struct unit *unit = &zero->unit[u];
        transfer_wait(zero->transfer[u]);
        zero->transfer[u] = NULL;
        step_own_parameters(zero, unit,
                            numbers_at(zero->host_gradients->data, zero->gradients, unit->place),
                            own_parameters_of(zero, unit), factor);
    }
    /* END SOLUTION */
    //| /* TODO: unit by unit: wait for its gradients, and step with them on the host.
    //|  *
    //|  * Given: transfer_wait, for what offload_gradient_ready began in zero->transfer, whose place
    //|  * is NULL again then; step_own_parameters, which works wherever the numbers are;
    //|  * own_parameters_of, and numbers_at for the unit's gradients in zero->host_gradients.
    //|  * Hint: what has to go to the device behind the step?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=offload_parameters
    //|  */
    //| todo("let the host step with its parameters", zero, &factor);
}
