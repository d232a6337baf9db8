/* Collectives that reduce, as the simulated machine has them: see call_blocks.c. */
#include "common/mpi/machines/calls.h"

/* MPI allows no buffer to be both sides, but for MPI_IN_PLACE; Open MPI refuses it, too. */
static void refuse_one_buffer(struct collective *call, const void *input, const void *output,
                              int count)
{
    if (input == output && count > 0)
        collective_note_error(call, MPI_ERR_BUFFER);
}

/* Both sides have the same count and type. */
static struct collective reduction(const char *function, void (*carry_out)(struct collective *),
                                   const void *input, void *output, int count, MPI_Datatype type,
                                   MPI_Op op, MPI_Comm comm)
{
    struct collective call = call_over(function, comm, carry_out);
    call_set_op(&call, op);
    call_set_even(&call, &call.input, input, count, type);
    call_set_even(&call, &call.output, output, count, type);
    refuse_one_buffer(&call, input, output, count);
    return call;
}

int PMPI_Ireduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op, int root,
                 MPI_Comm comm, MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_reduce);
    call_set_root(&call, root);
    call_set_op(&call, op);
    call_set_even(&call, &call.input, input, count, type);
    if (call.rank == root) {
        call_set_even(&call, &call.output, output, count, type);
        refuse_one_buffer(&call, input, output, count);
    }
    return call_make(&call, request);
}

int PMPI_Reduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op, int root,
                MPI_Comm comm)
{
    return PMPI_Ireduce(input, output, count, type, op, root, comm, AT_ONCE);
}

int PMPI_Iallreduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                    MPI_Comm comm, MPI_Request *request)
{
    struct collective call =
        reduction(__func__, carry_out_allreduce, input, output, count, type, op, comm);
    return call_make(&call, request);
}

int PMPI_Allreduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                   MPI_Comm comm)
{
    return PMPI_Iallreduce(input, output, count, type, op, comm, AT_ONCE);
}

int PMPI_Iscan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
               MPI_Comm comm, MPI_Request *request)
{
    struct collective call =
        reduction(__func__, carry_out_scan, input, output, count, type, op, comm);
    return call_make(&call, request);
}

int PMPI_Scan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
              MPI_Comm comm)
{
    return PMPI_Iscan(input, output, count, type, op, comm, AT_ONCE);
}

int PMPI_Iexscan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                 MPI_Comm comm, MPI_Request *request)
{
    struct collective call =
        reduction(__func__, carry_out_exscan, input, output, count, type, op, comm);
    return call_make(&call, request);
}

int PMPI_Exscan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                MPI_Comm comm)
{
    return PMPI_Iexscan(input, output, count, type, op, comm, AT_ONCE);
}

int PMPI_Ireduce_scatter_block(const void *input, void *output, int count, MPI_Datatype type,
                               MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct collective call =
        reduction(__func__, carry_out_reduce_scatter, input, output, count, type, op, comm);
    return call_make(&call, request);
}

int PMPI_Reduce_scatter_block(const void *input, void *output, int count, MPI_Datatype type,
                              MPI_Op op, MPI_Comm comm)
{
    return PMPI_Ireduce_scatter_block(input, output, count, type, op, comm, AT_ONCE);
}

int PMPI_Ireduce_scatter(const void *input, void *output, const int counts[], MPI_Datatype type,
                         MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_reduce_scatter);
    call_set_op(&call, op);
    /* The blocks lie one behind the other: their places need not be said. */
    call_set_uneven(&call, &call.output, output, counts, counts, type, call.size);
    call_set_even(&call, &call.input, input, 0, type);
    return call_make(&call, request);
}

int PMPI_Reduce_scatter(const void *input, void *output, const int counts[], MPI_Datatype type,
                        MPI_Op op, MPI_Comm comm)
{
    return PMPI_Ireduce_scatter(input, output, counts, type, op, comm, AT_ONCE);
}
