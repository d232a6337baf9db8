/*
 * For the wrappers of collectives: which parts of the GPU's memory go in and come out (staged.h), by the rules of
 * collective_parts.c.
 */
#include "common/base/fatal.h"
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

/* Does what would come out lie there already, as it goes in? */
static bool has_it_already(const struct log_mpi_collective *call, const struct log_mpi_view *in)
{
    switch (log_blocking_form(call->operation)) {
    case LOG_BCAST:
        return in->blocks > 0;
    case LOG_SCATTER:
    case LOG_SCATTERV:
        return call->output.buffer == MPI_IN_PLACE;
    default:
        return false;
    }
}

/* MPI gets one address in the place of the buffer's, so its blocks are all on the GPU, or none is. */
static void must_be_together(size_t on_gpu, size_t blocks)
{
    if (on_gpu > 0 && on_gpu < blocks)
        fatal_at("MPI",
                 "a collective has blocks of one buffer (MPI_BOTTOM, perhaps) in the GPU's memory "
                 "and others in the host's. Let them all lie on one side, in one tensor if they "
                 "can, or make a call for each");
}

static struct staged through_host(const struct log_mpi_view *in, const struct log_mpi_view *out)
{
    const struct staged_pieces goes = pieces_of(in), comes = pieces_of(out);
    if (in->buffer == out->buffer) {
        must_be_together(goes.count + comes.count, in->blocks + out->blocks);
    } else {
        must_be_together(goes.count, in->blocks);
        must_be_together(comes.count, out->blocks);
    }
    struct staged staged = staged_new(in->buffer, goes, out->buffer, comes);
    staged_fetch(&staged);
    return staged;
}

struct staged staged_collective(const struct log_mpi_collective *call)
{
    const struct log_mpi_communicator *communicator = log_mpi_communicator(call->comm);
    struct log_mpi_view in = {0}, out = {0};
    log_mpi_put_in(call, communicator, &in);
    if (!has_it_already(call, &in))
        log_mpi_get_out(call, communicator, &out);
    struct staged staged = {0};
    if (staged_is_direct() && call->op == MPI_OP_NULL &&
        !log_is_nonblocking_collective(call->operation)) {
        go_direct(&in);
        go_direct(&out);
    } else {
        staged = through_host(&in, &out);
    }
    log_mpi_view_clear(&in);
    log_mpi_view_clear(&out);
    return staged;
}
