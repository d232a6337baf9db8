/*
 * For the wrappers of collectives: which parts of the GPU's memory go in and come out (staged.h), by the rules of
 * collective_parts.c.
 */
#include "common/mpi/collective.h"
#include "common/mpi/staged.h"
#include "common/mpi/staged_way.h"

/* All of the view; only of collectives that staged_way.h tells of. */
static void go_direct(const struct log_mpi_view *view)
{
    for (size_t i = 0; view->buffer != MPI_IN_PLACE && i < view->blocks; i++) {
        const struct log_mpi_block *block = &view->block[i];
        staged_goes_direct(PAYLOAD(log_mpi_view_address(view, block), block->count, block->type));
    }
}

static struct staged_pieces pieces_of(const struct log_mpi_view *view)
{
    struct staged_pieces pieces = {0};
    if (view->buffer == MPI_IN_PLACE)
        return pieces;
    for (size_t i = 0; i < view->blocks; i++) {
        const struct log_mpi_block *block = &view->block[i];
        staged_add(&pieces, PAYLOAD(log_mpi_view_address(view, block), block->count, block->type));
    }
    return pieces;
}

struct staged staged_collective(const struct log_mpi_collective *call)
{
    const struct log_mpi_communicator *communicator = log_mpi_communicator(call->comm);
    struct log_mpi_view in = {0}, out = {0};
    log_mpi_put_in(call, communicator, &in);
    log_mpi_get_out(call, communicator, &out);
    struct staged staged = {0};
    if (staged_is_direct() && call->op == MPI_OP_NULL &&
        !log_is_nonblocking_collective(call->operation)) {
        go_direct(&in);
        go_direct(&out);
    } else {
        staged = staged_new(in.buffer, pieces_of(&in), out.buffer, pieces_of(&out));
        staged_fetch(&staged);
    }
    log_mpi_view_clear(&in);
    log_mpi_view_clear(&out);
    return staged;
}
