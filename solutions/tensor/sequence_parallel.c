/*
 * The borders of the split region: where each rank's slice of a weight meets a tensor that is whole.
 */
#include "assignments/tensor/tensor.h"

struct tensor *enter_forward(const struct tensor_place *place, struct tensor *x)
{
    /* BEGIN SOLUTION */
    /* END SOLUTION */
    return copy_forward(place->group, x);
}

struct exchange enter_backward_begin(const struct tensor_place *place, struct tensor *dx)
{
    struct exchange exchange = {.request = MPI_REQUEST_NULL, .dx = dx};
    copy_backward_begin(place->group, dx, &exchange.request);
    return exchange;
}

struct tensor *enter_backward_end(const struct tensor_place *place, struct exchange *exchange)
{
    (void)place;
    return copy_backward_end(exchange->dx, &exchange->request);
}

struct tensor *leave_forward(const struct tensor_place *place, struct tensor *y)
{
    return reduce_forward(place->group, y);
}

struct tensor *leave_backward(const struct tensor_place *place, struct tensor *dy)
{
    return reduce_backward(place->group, dy);
}
