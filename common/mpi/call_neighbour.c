/*
 * Wrappers: collectives with the neighbours in a topology, blocking and not.
 */
#include "common/mpi/collective.h"

#define EACH_FAR(buffer, counts, places, types)                                                    \
    ((struct log_mpi_side){buffer, 0, MPI_DATATYPE_NULL, counts, NULL, types, places})

int MPI_Neighbor_allgather(const void *input, int input_count, MPI_Datatype input_type,
                           void *output, int count, MPI_Datatype type, MPI_Comm comm)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_NEIGHBOR_ALLGATHER, CALLER, ONE(input, input_count, input_type),
        ONE(output, count, type), MPI_OP_NULL, NO_ROOT, comm);
    return log_mpi_collective_end(&call,
                                  PMPI_Neighbor_allgather(HOST(input), input_count, input_type,
                                                          HOST(output), count, type, comm));
}

int MPI_Ineighbor_allgather(const void *input, int input_count, MPI_Datatype input_type,
                            void *output, int count, MPI_Datatype type, MPI_Comm comm,
                            MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_INEIGHBOR_ALLGATHER, CALLER, ONE(input, input_count, input_type),
        ONE(output, count, type), MPI_OP_NULL, NO_ROOT, comm);
    const int error = PMPI_Ineighbor_allgather(HOST(input), input_count, input_type, HOST(output),
                                               count, type, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Neighbor_allgatherv(const void *input, int input_count, MPI_Datatype input_type,
                            void *output, const int counts[], const int places[], MPI_Datatype type,
                            MPI_Comm comm)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_NEIGHBOR_ALLGATHERV, CALLER, ONE(input, input_count, input_type),
        EACH(output, counts, places, type), MPI_OP_NULL, NO_ROOT, comm);
    return log_mpi_collective_end(&call, PMPI_Neighbor_allgatherv(HOST(input), input_count,
                                                                  input_type, HOST(output), counts,
                                                                  places, type, comm));
}

int MPI_Ineighbor_allgatherv(const void *input, int input_count, MPI_Datatype input_type,
                             void *output, const int counts[], const int places[],
                             MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_INEIGHBOR_ALLGATHERV, CALLER, ONE(input, input_count, input_type),
        EACH(output, counts, places, type), MPI_OP_NULL, NO_ROOT, comm);
    const int error = PMPI_Ineighbor_allgatherv(HOST(input), input_count, input_type, HOST(output),
                                                counts, places, type, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Neighbor_alltoall(const void *input, int input_count, MPI_Datatype input_type, void *output,
                          int count, MPI_Datatype type, MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_NEIGHBOR_ALLTOALL, CALLER, ONE(input, input_count, input_type),
                                 ONE(output, count, type), MPI_OP_NULL, NO_ROOT, comm);
    return log_mpi_collective_end(&call,
                                  PMPI_Neighbor_alltoall(HOST(input), input_count, input_type,
                                                         HOST(output), count, type, comm));
}

int MPI_Ineighbor_alltoall(const void *input, int input_count, MPI_Datatype input_type,
                           void *output, int count, MPI_Datatype type, MPI_Comm comm,
                           MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_INEIGHBOR_ALLTOALL, CALLER, ONE(input, input_count, input_type),
        ONE(output, count, type), MPI_OP_NULL, NO_ROOT, comm);
    const int error = PMPI_Ineighbor_alltoall(HOST(input), input_count, input_type, HOST(output),
                                              count, type, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Neighbor_alltoallv(const void *input, const int input_counts[], const int input_places[],
                           MPI_Datatype input_type, void *output, const int counts[],
                           const int places[], MPI_Datatype type, MPI_Comm comm)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_NEIGHBOR_ALLTOALLV, CALLER, EACH(input, input_counts, input_places, input_type),
        EACH(output, counts, places, type), MPI_OP_NULL, NO_ROOT, comm);
    return log_mpi_collective_end(
        &call, PMPI_Neighbor_alltoallv(HOST(input), input_counts, input_places, input_type,
                                       HOST(output), counts, places, type, comm));
}

int MPI_Ineighbor_alltoallv(const void *input, const int input_counts[], const int input_places[],
                            MPI_Datatype input_type, void *output, const int counts[],
                            const int places[], MPI_Datatype type, MPI_Comm comm,
                            MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_INEIGHBOR_ALLTOALLV, CALLER, EACH(input, input_counts, input_places, input_type),
        EACH(output, counts, places, type), MPI_OP_NULL, NO_ROOT, comm);
    const int error = PMPI_Ineighbor_alltoallv(HOST(input), input_counts, input_places, input_type,
                                               HOST(output), counts, places, type, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Neighbor_alltoallw(const void *input, const int input_counts[],
                           const MPI_Aint input_places[], const MPI_Datatype input_types[],
                           void *output, const int counts[], const MPI_Aint places[],
                           const MPI_Datatype types[], MPI_Comm comm)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_NEIGHBOR_ALLTOALLW, CALLER, EACH_FAR(input, input_counts, input_places, input_types),
        EACH_FAR(output, counts, places, types), MPI_OP_NULL, NO_ROOT, comm);
    return log_mpi_collective_end(
        &call, PMPI_Neighbor_alltoallw(HOST(input), input_counts, input_places, input_types,
                                       HOST(output), counts, places, types, comm));
}

int MPI_Ineighbor_alltoallw(const void *input, const int input_counts[],
                            const MPI_Aint input_places[], const MPI_Datatype input_types[],
                            void *output, const int counts[], const MPI_Aint places[],
                            const MPI_Datatype types[], MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_INEIGHBOR_ALLTOALLW, CALLER, EACH_FAR(input, input_counts, input_places, input_types),
        EACH_FAR(output, counts, places, types), MPI_OP_NULL, NO_ROOT, comm);
    const int error = PMPI_Ineighbor_alltoallw(HOST(input), input_counts, input_places, input_types,
                                               HOST(output), counts, places, types, comm, request);
    return log_mpi_collective_started(&call, error, request);
}
