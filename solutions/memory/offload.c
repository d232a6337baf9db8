/*
 * Offload: what only the optimizer needs, its state and the masters, lies in the host's memory, which is larger and
 * slower. Gradients go there while the backward goes on, the host steps, and parameters come back. (Ren et al. 2021)
 */
#include "assignments/memory/memory.h"

void offload_begin(struct zero *zero)
{
    /* BEGIN SOLUTION */
    const struct shape own = shape_flat(zero->own_count);
    const bool rounds = zero->precision != DTYPE_FLOAT32;
    zero->optimizer =
        optimizer_new_on_host(&zero->optimizer_options, zero->device, zero->own_count);
    zero->masters = tensor_new(MEMORY_HOST, DTYPE_FLOAT32, zero->device, own);
    zero->host_gradients = tensor_new(MEMORY_HOST, zero->gradients, zero->device, own);
    if (rounds)
        zero->host_parameters = tensor_new(MEMORY_HOST, zero->precision, zero->device, own);
    /* The masters begin as the parameters, which have to come to the host for that. */
    struct tensor *parameters = rounds ? zero->host_parameters : zero->masters;
    for (int u = 0; u < zero->units; u++) {
        const struct unit *unit = &zero->unit[u];
        transfer_wait(transfer_begin_range(parameters, unit->place, stage_parameters(zero->stage),
                                           unit->own_begin, unit->own_count));
    }
    if (rounds)
        widen_numbers(zero->precision, zero->own_count, zero->host_parameters->data,
                      zero->masters->data);
    /* END SOLUTION */
    //| /* TODO: make zero->optimizer, zero->masters and zero->host_gradients, and with 16 bits
    //|  * zero->host_parameters, all on the host. The masters, which are there in float32, too, begin
    //|  * as this rank's own parameters.
    //|  *
    //|  * Given: optimizer_new_on_host; tensor_new of the kind MEMORY_HOST, on zero->device as all
    //|  * others, of shape_flat(zero->own_count). transfer_begin_range and transfer_wait
    //|  * (common/training/transfer.h) bring numbers from the device to the host, and convert none: a
    //|  * unit's shard begins at unit->own_begin of stage_parameters(zero->stage), and at unit->place
    //|  * of what you make. widen_numbers makes float32 of 16 bits, where numbers_at says.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=offload, as soon as all of this file is written
    //|  */
    //| todo("move what the optimizer needs to the host", zero);
}

void offload_gradient_ready(struct zero *zero, int micro_batch, int layer)
{
    /* BEGIN SOLUTION */
    const struct unit *unit = unit_of_layer(zero, layer);
    if (micro_batch < zero->first_micro_batch + zero->micro_batches - 1)
        return; /* more is added to them */
    zero->transfer[unit - zero->unit] = transfer_begin_range(
        zero->host_gradients, unit->place, zero->own_gradients, unit->place, unit->own_count);
    /* END SOLUTION */
    //| /* TODO: if this rank's own gradients of the layer are complete, begin their transfer to the
    //|  * host, and return.
    //|  *
    //|  * Given: transfer_begin_range; unit_of_layer; zero->transfer has room for one of each unit, in
    //|  * the order of zero->unit. (Where a step is skipped, since gradients overflowed, the kit waits
    //|  * for what is under way.)
    //|  * Hint: when has the last micro-batch been added?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=offload, as soon as all of this file is written
    //|  */
    //| todo("begin to move a layer's gradients to the host", zero, &micro_batch, layer);
}

void offload_step(struct zero *zero, double factor)
{
    /* BEGIN SOLUTION */
    const bool rounds = zero->precision != DTYPE_FLOAT32;
    struct tensor *parameters = rounds ? zero->host_parameters : zero->masters;
    /* In the order in which the gradients arrive: the last layer's first. */
    for (int u = zero->units - 1; u >= 0; u--) {
        const struct unit *unit = &zero->unit[u];
        float *masters = (float *)zero->masters->data + unit->place;
        transfer_wait(zero->transfer[u]);
        optimizer_step_on(zero->optimizer, unit->place, unit->own_count, masters,
                          numbers_at(zero->host_gradients->data, zero->gradients, unit->place),
                          zero->gradients, factor);
        if (rounds)
            round_numbers(zero->precision, unit->own_count, masters,
                          numbers_at(parameters->data, zero->precision, unit->place));
        zero->transfer[u] = transfer_begin_range(stage_parameters(zero->stage), unit->own_begin,
                                                 parameters, unit->place, unit->own_count);
    }
    for (int u = 0; u < zero->units; u++) {
        transfer_wait(zero->transfer[u]);
        zero->transfer[u] = NULL;
    }
    /* END SOLUTION */
    //| /* TODO: unit by unit: wait for its gradients; step with the masters (optimizer_step_on); round
    //|  * them, with 16 bits, to zero->host_parameters; begin the transfer of the new parameters to
    //|  * where they belong in the stage. At last wait for all of these.
    //|  *
    //|  * Given: transfer_wait, after which the place in zero->transfer may have another, or NULL;
    //|  * numbers_at, round_numbers, transfer_begin_range, stage_parameters.
    //|  * Hint: which unit's gradients arrive first? While the host steps with one unit, the link is
    //|  * free for another's.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=offload, then, with clip.c, offload_clip
    //|  */
    //| todo("let the host step", zero, &factor);
}
