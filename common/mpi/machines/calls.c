/*
 * From the arguments of a collective to the call; see calls.h.
 *
 * Every member of a communicator calls its collectives in the same order: so the number of the
 * communicator (log_mpi.h), and how many calls were made over it, are what its messages have in common.
 */
#include "common/mpi/machines/calls.h"

#include "common/base/fatal.h"
#include "common/mpi/log_mpi.h"
#include "common/mpi/machines/agreement.h"
#include "common/mpi/machines/own_requests.h"

#include <stdlib.h>

MPI_Request calls_at_once;

/* ---- the communicator ----------------------------------------------------------------------- */

#define BUCKETS 256

struct call_count {
    struct call_count *next;
    uint64_t context, calls;
};

static uint64_t next_sequence(uint64_t context)
{
    static struct call_count *bucket[BUCKETS];
    struct call_count **place = &bucket[context % BUCKETS];
    for (struct call_count *count = *place; count != NULL; count = count->next)
        if (count->context == context)
            return ++count->calls;
    struct call_count *new = malloc(sizeof *new);
    if (new == NULL)
        fatal("no memory for a communicator");
    *new = (struct call_count){*place, context, 1};
    *place = new;
    return 1;
}

struct collective call_over(const char *function, MPI_Comm comm,
                            void (*carry_out)(struct collective *))
{
    struct collective call = {
        .function = function, .carry_out = carry_out, .comm = comm, .commutes = true};
    if (comm == MPI_COMM_NULL)
        call.error = MPI_ERR_COMM;
    if (call.error == MPI_SUCCESS)
        call.error = PMPI_Comm_rank(comm, &call.rank);
    if (call.error == MPI_SUCCESS)
        call.error = PMPI_Comm_size(comm, &call.size);
    if (call.error == MPI_SUCCESS)
        call.error = PMPI_Comm_size(MPI_COMM_WORLD, &call.ranks_of_run);
    return call;
}

void call_set_neighbours(struct collective *call)
{
    int dimensions;
    if (call->error != MPI_SUCCESS)
        return;
    if (PMPI_Cartdim_get(call->comm, &dimensions) != MPI_SUCCESS) {
        call->error = MPI_ERR_TOPOLOGY;
        return;
    }
    call->neighbour_count = 2 * dimensions;
    call->neighbours = calloc((size_t)call->neighbour_count + 1, sizeof *call->neighbours);
    if (call->neighbours == NULL)
        fatal("no memory for the neighbours in %d dimensions", dimensions);
    for (int i = 0; i < dimensions && call->error == MPI_SUCCESS; i++)
        call->error = PMPI_Cart_shift(call->comm, i, 1, &call->neighbours[2 * i],
                                      &call->neighbours[2 * i + 1]);
}

/* ---- arguments ------------------------------------------------------------------------------ */

static void check(struct collective *call, bool is_right, int error)
{
    if (!is_right)
        collective_note_error(call, error);
}

void call_set_root(struct collective *call, int root)
{
    call->root = root;
    check(call, root >= 0 && root < call->size, MPI_ERR_ROOT);
}

void call_set_op(struct collective *call, MPI_Op op)
{
    int commutes = 1;
    call->op = op;
    check(call, op != MPI_OP_NULL && PMPI_Op_commutative(op, &commutes) == MPI_SUCCESS, MPI_ERR_OP);
    call->commutes = commutes != 0;
}

static void set_buffer(struct collective *call, struct side *side, const void *buffer, int count)
{
    side->buffer = buffer == MPI_BOTTOM ? NULL : (char *)(uintptr_t)buffer;
    check(call, count >= 0, MPI_ERR_COUNT);
    check(call, buffer != NULL || count == 0, MPI_ERR_BUFFER);
}

void call_set_even(struct collective *call, struct side *side, const void *buffer, int count,
                   MPI_Datatype type)
{
    set_buffer(call, side, buffer, buffer == MPI_IN_PLACE ? 0 : count);
    if (buffer == MPI_IN_PLACE)
        return;
    side->count = count;
    check(call, type != MPI_DATATYPE_NULL, MPI_ERR_TYPE);
    if (call->error == MPI_SUCCESS)
        side->typed = typed_of(type);
}

void call_set_uneven(struct collective *call, struct side *side, const void *buffer,
                     const int counts[], const int places[], MPI_Datatype type, int peers)
{
    call->is_uneven = true;
    call_set_even(call, side, buffer, 0, type);
    side->counts = counts;
    side->places = places;
    if (buffer == MPI_IN_PLACE)
        return;
    check(call, counts != NULL && places != NULL, MPI_ERR_ARG);
    for (int k = 0; k < peers && call->error == MPI_SUCCESS; k++)
        set_buffer(call, side, buffer, counts[k]);
}

void call_set_typed(struct collective *call, struct side *side, const void *buffer,
                    const int counts[], const int places[], const MPI_Aint displacements[],
                    const MPI_Datatype types[], int peers)
{
    call->is_uneven = true;
    set_buffer(call, side, buffer, 0);
    if (buffer == MPI_IN_PLACE || call->error != MPI_SUCCESS)
        return;
    *side = (struct side){.buffer = side->buffer,
                          .counts = counts,
                          .places = places,
                          .displacements = displacements,
                          .places_are_bytes = true,
                          .types = calloc((size_t)peers + 1, sizeof *side->types)};
    if (side->types == NULL)
        fatal("no memory for the datatypes of %d ranks", peers);
    check(call, counts != NULL && types != NULL && (places != NULL || displacements != NULL),
          MPI_ERR_ARG);
    for (int k = 0; k < peers && call->error == MPI_SUCCESS; k++) {
        set_buffer(call, side, buffer, counts[k]);
        check(call, types[k] != MPI_DATATYPE_NULL, MPI_ERR_TYPE);
        if (call->error == MPI_SUCCESS)
            side->types[k] = typed_of(types[k]);
    }
}

/* ---- the call ------------------------------------------------------------------------------- */

void collective_free(struct collective *call)
{
    free(call->input.types);
    free(call->output.types);
    free(call->neighbours);
    free(call->disagreement);
}

int call_make(struct collective *call, MPI_Request *request)
{
    check(call, request != NULL, MPI_ERR_REQUEST);
    if (call->error == MPI_SUCCESS) {
        call->line.context = log_mpi_communicator(call->comm)->number;
        call->line.sequence = next_sequence(call->line.context);
        call->is_blocking = request == AT_ONCE;
        agreement_check(call);
        if (request != AT_ONCE) {
            const int error = own_request_start(call, request);
            if (error != MPI_SUCCESS)
                collective_free(call);
            return error;
        }
        call->carry_out(call);
    }
    collective_free(call);
    return call->error;
}
