/*
 * ZeRO 3 with prefetch: while a layer computes, the parameters of the one that comes next are under way.
 */
#include "assignments/memory/memory.h"

/* BEGIN SOLUTION */
/* Starts to bring a layer's parameters together. */
static void begin_to_gather(struct zero *zero, int layer)
{
    const struct unit *unit = unit_of_layer(zero, layer);
    const MPI_Datatype type = message_type(zero->precision);
    zero->arriving = tensor_new(MEMORY_PARAMETER, zero->precision, zero->device,
                                shape_flat(unit->end - unit->begin));
    zero->arriving_layer = layer;
    mpi_check(MPI_Iallgatherv(own_parameters_of(zero, unit), (int)unit->own_count, type,
                              zero->arriving->data, unit->count, unit->first, type, zero->comm,
                              &zero->request));
}

/* The layer's parameters go into the stage, and the next one's, -1: none, are under way. */
static void gather(struct zero *zero, int layer, int next)
{
    if (zero->arriving_layer != layer)
        begin_to_gather(zero, layer);
    mpi_check(MPI_Wait(&zero->request, MPI_STATUS_IGNORE));
    stage_put_parameters(zero->stage, layer, zero->arriving);
    zero->arriving_layer = -1;
    if (next >= 0)
        begin_to_gather(zero, next);
}

/* The nearest layer with parameters in a direction, or -1. */
static int next_layer(const struct zero *zero, int layer, int direction)
{
    do
        layer += direction;
    while (layer >= 0 && layer < stage_layers(zero->stage) && unit_of_layer(zero, layer) == NULL);
    return layer < stage_layers(zero->stage) ? layer : -1;
}

/* END SOLUTION */
void prefetch_before_forward(struct zero *zero, int micro_batch, int layer)
{
    (void)micro_batch;
    /* BEGIN SOLUTION */
    gather(zero, layer, next_layer(zero, layer, 1));
    /* END SOLUTION */
    //| /* TODO: wait for the layer's parameters and put them into the stage; begin to bring together
    //|  * those of the next layer that has some, and return while they are under way.
    //|  *
    //|  * Given: MPI_Iallgatherv with unit->count, unit->first and message_type(zero->precision), from
    //|  * own_parameters_of into a tensor_new of shape_flat(unit->end - unit->begin), as in zero3.c;
    //|  * MPI_Wait; mpi_check around each. zero->arriving, zero->arriving_layer (at first -1) and
    //|  * zero->request are to remember what is under way. unit_of_layer is NULL for a layer without
    //|  * parameters, and the layers are 0 … stage_layers(zero->stage) - 1. stage_put_parameters takes
    //|  * over the tensor.
    //|  * Hint: which layer's are under way at the first layer of a micro-batch? And at the last: is
    //|  * there a next one?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=prefetch, as soon as the backward below is
    //|  * written, too
    //|  */
    //| todo("fetch the next layer's parameters while this one computes", zero, &micro_batch, &layer);
}

void prefetch_before_backward(struct zero *zero, int micro_batch, int layer)
{
    /* BEGIN SOLUTION */
    gather(zero, layer, next_layer(zero, layer, -1));
    zero2_before_backward(zero, micro_batch, layer);
    /* END SOLUTION */
    //| /* TODO: likewise backwards: the layer that comes next is the one before. And room for the
    //|  * gradients.
    //|  *
    //|  * Given: zero2_before_backward. zero3_after_forward and zero3_gradient_ready let go of
    //|  * parameters, as without prefetching.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=prefetch
    //|  */
    //| todo("fetch the layer before while this one runs backwards", zero, &micro_batch, &layer);
}
