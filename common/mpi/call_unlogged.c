/*
 * Wrappers that write no record (calls.txt says why): of calls that may be given the GPU's memory, for which
 * something must be done (staged.h), or which can't be had with it.
 */
#include "common/mpi/log_mpi.h"

int MPI_Request_get_status(MPI_Request request, int *flag, MPI_Status *status)
{
    return staged_request_get_status(request, flag, status);
}

int MPI_Reduce_local(const void *input, void *result, int count, MPI_Datatype type, MPI_Op op)
{
    struct staged in = staged_summand(PAYLOAD(input, count, type));
    struct staged out = staged_sum(PAYLOAD(result, count, type));
    const int error = PMPI_Reduce_local(in.buffer, out.buffer, count, type, op);
    staged_done(&in, error);
    return staged_done(&out, error);
}

/* ---- without the GPU's memory --------------------------------------------------------------------------- */

#define PACKING "packing: its numbers lie one behind the other, and can be sent as they are"

int MPI_Pack(const void *input, int count, MPI_Datatype type, void *packed, int size, int *position,
             MPI_Comm comm)
{
    staged_refuse(input, PACKING);
    staged_refuse(packed, PACKING);
    return PMPI_Pack(input, count, type, packed, size, position, comm);
}

int MPI_Unpack(const void *packed, int size, int *position, void *output, int count,
               MPI_Datatype type, MPI_Comm comm)
{
    staged_refuse(packed, PACKING);
    staged_refuse(output, PACKING);
    return PMPI_Unpack(packed, size, position, output, count, type, comm);
}

int MPI_Buffer_attach(void *buffer, int size)
{
    staged_refuse(buffer, "what MPI_Bsend buffers: give it memory from malloc");
    return PMPI_Buffer_attach(buffer, size);
}

int MPI_Win_attach(MPI_Win win, void *base, MPI_Aint size)
{
    staged_refuse(base, STAGED_ONE_SIDED);
    return PMPI_Win_attach(win, base, size);
}
