/*
 * Collectives that move data, as the simulated machine has them: SMPI's own non-blocking ones leave
 * garbage in place and send far too much. The blocking ones are the same calls, made at once.
 */
#include "common/mpi/machines/calls.h"

int PMPI_Ibarrier(MPI_Comm comm, MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_barrier);
    return call_make(&call, request);
}

int PMPI_Barrier(MPI_Comm comm)
{
    return PMPI_Ibarrier(comm, AT_ONCE);
}

int PMPI_Ibcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm,
                MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_bcast);
    call_set_root(&call, root);
    call_set_even(&call, &call.output, buffer, count, type);
    return call_make(&call, request);
}

int PMPI_Bcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    return PMPI_Ibcast(buffer, count, type, root, comm, AT_ONCE);
}

/* ---- to and from the root: what only the root has to say is not looked at elsewhere --------- */

int PMPI_Igather(const void *input, int input_count, MPI_Datatype input_type, void *output,
                 int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_gather);
    call_set_root(&call, root);
    call_set_even(&call, &call.input, input, input_count, input_type);
    if (call.rank == root)
        call_set_even(&call, &call.output, output, count, type);
    return call_make(&call, request);
}

int PMPI_Gather(const void *input, int input_count, MPI_Datatype input_type, void *output,
                int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    return PMPI_Igather(input, input_count, input_type, output, count, type, root, comm, AT_ONCE);
}

int PMPI_Igatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                  const int counts[], const int places[], MPI_Datatype type, int root,
                  MPI_Comm comm, MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_gather);
    call.is_uneven = true;
    call_set_root(&call, root);
    call_set_even(&call, &call.input, input, input_count, input_type);
    if (call.rank == root)
        call_set_uneven(&call, &call.output, output, counts, places, type, call.size);
    return call_make(&call, request);
}

int PMPI_Gatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                 const int counts[], const int places[], MPI_Datatype type, int root, MPI_Comm comm)
{
    return PMPI_Igatherv(input, input_count, input_type, output, counts, places, type, root, comm,
                         AT_ONCE);
}

int PMPI_Iscatter(const void *input, int input_count, MPI_Datatype input_type, void *output,
                  int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_scatter);
    call_set_root(&call, root);
    if (call.rank == root)
        call_set_even(&call, &call.input, input, input_count, input_type);
    call_set_even(&call, &call.output, output, count, type);
    return call_make(&call, request);
}

int PMPI_Scatter(const void *input, int input_count, MPI_Datatype input_type, void *output,
                 int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    return PMPI_Iscatter(input, input_count, input_type, output, count, type, root, comm, AT_ONCE);
}

int PMPI_Iscatterv(const void *input, const int counts[], const int places[],
                   MPI_Datatype input_type, void *output, int count, MPI_Datatype type, int root,
                   MPI_Comm comm, MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_scatter);
    call.is_uneven = true;
    call_set_root(&call, root);
    if (call.rank == root)
        call_set_uneven(&call, &call.input, input, counts, places, input_type, call.size);
    call_set_even(&call, &call.output, output, count, type);
    return call_make(&call, request);
}

int PMPI_Scatterv(const void *input, const int counts[], const int places[],
                  MPI_Datatype input_type, void *output, int count, MPI_Datatype type, int root,
                  MPI_Comm comm)
{
    return PMPI_Iscatterv(input, counts, places, input_type, output, count, type, root, comm,
                          AT_ONCE);
}

/* ---- to all --------------------------------------------------------------------------------- */

int PMPI_Iallgather(const void *input, int input_count, MPI_Datatype input_type, void *output,
                    int count, MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_allgather);
    call_set_even(&call, &call.input, input, input_count, input_type);
    call_set_even(&call, &call.output, output, count, type);
    return call_make(&call, request);
}

int PMPI_Allgather(const void *input, int input_count, MPI_Datatype input_type, void *output,
                   int count, MPI_Datatype type, MPI_Comm comm)
{
    return PMPI_Iallgather(input, input_count, input_type, output, count, type, comm, AT_ONCE);
}

int PMPI_Iallgatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                     const int counts[], const int places[], MPI_Datatype type, MPI_Comm comm,
                     MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_allgather);
    call_set_even(&call, &call.input, input, input_count, input_type);
    call_set_uneven(&call, &call.output, output, counts, places, type, call.size);
    return call_make(&call, request);
}

int PMPI_Allgatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                    const int counts[], const int places[], MPI_Datatype type, MPI_Comm comm)
{
    return PMPI_Iallgatherv(input, input_count, input_type, output, counts, places, type, comm,
                            AT_ONCE);
}

int PMPI_Ialltoall(const void *input, int input_count, MPI_Datatype input_type, void *output,
                   int count, MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_alltoall);
    call_set_even(&call, &call.input, input, input_count, input_type);
    call_set_even(&call, &call.output, output, count, type);
    return call_make(&call, request);
}

int PMPI_Alltoall(const void *input, int input_count, MPI_Datatype input_type, void *output,
                  int count, MPI_Datatype type, MPI_Comm comm)
{
    return PMPI_Ialltoall(input, input_count, input_type, output, count, type, comm, AT_ONCE);
}

int PMPI_Ialltoallv(const void *input, const int input_counts[], const int input_places[],
                    MPI_Datatype input_type, void *output, const int counts[], const int places[],
                    MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_alltoall);
    call_set_uneven(&call, &call.input, input, input_counts, input_places, input_type, call.size);
    call_set_uneven(&call, &call.output, output, counts, places, type, call.size);
    return call_make(&call, request);
}

int PMPI_Alltoallv(const void *input, const int input_counts[], const int input_places[],
                   MPI_Datatype input_type, void *output, const int counts[], const int places[],
                   MPI_Datatype type, MPI_Comm comm)
{
    return PMPI_Ialltoallv(input, input_counts, input_places, input_type, output, counts, places,
                           type, comm, AT_ONCE);
}

int PMPI_Ialltoallw(const void *input, const int input_counts[], const int input_places[],
                    const MPI_Datatype input_types[], void *output, const int counts[],
                    const int places[], const MPI_Datatype types[], MPI_Comm comm,
                    MPI_Request *request)
{
    struct collective call = call_over(__func__, comm, carry_out_alltoall);
    call_set_typed(&call, &call.input, input, input_counts, input_places, NULL, input_types,
                   call.size);
    call_set_typed(&call, &call.output, output, counts, places, NULL, types, call.size);
    return call_make(&call, request);
}

int PMPI_Alltoallw(const void *input, const int input_counts[], const int input_places[],
                   const MPI_Datatype input_types[], void *output, const int counts[],
                   const int places[], const MPI_Datatype types[], MPI_Comm comm)
{
    return PMPI_Ialltoallw(input, input_counts, input_places, input_types, output, counts, places,
                           types, comm, AT_ONCE);
}
