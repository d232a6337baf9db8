/*
 * Wrappers: scattering and exchanging all with all, blocking and not.
 */
#include "common/mpi/collective.h"

int MPI_Scatter(const void *input, int input_count, MPI_Datatype input_type, void *output,
                int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_SCATTER, CALLER, ONE(input, input_count, input_type),
                                 ONE(output, count, type), MPI_OP_NULL, root, comm);
    return log_mpi_collective_end(&call, PMPI_Scatter(HOST(input), input_count, input_type,
                                                      HOST(output), count, type, root, comm));
}

int MPI_Iscatter(const void *input, int input_count, MPI_Datatype input_type, void *output,
                 int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_ISCATTER, CALLER, ONE(input, input_count, input_type),
                                 ONE(output, count, type), MPI_OP_NULL, root, comm);
    const int error = PMPI_Iscatter(HOST(input), input_count, input_type, HOST(output), count, type,
                                    root, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Scatterv(const void *input, const int input_counts[], const int input_places[],
                 MPI_Datatype input_type, void *output, int count, MPI_Datatype type, int root,
                 MPI_Comm comm)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_SCATTERV, CALLER, EACH(input, input_counts, input_places, input_type),
        ONE(output, count, type), MPI_OP_NULL, root, comm);
    return log_mpi_collective_end(&call,
                                  PMPI_Scatterv(HOST(input), input_counts, input_places, input_type,
                                                HOST(output), count, type, root, comm));
}

int MPI_Iscatterv(const void *input, const int input_counts[], const int input_places[],
                  MPI_Datatype input_type, void *output, int count, MPI_Datatype type, int root,
                  MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_ISCATTERV, CALLER, EACH(input, input_counts, input_places, input_type),
        ONE(output, count, type), MPI_OP_NULL, root, comm);
    const int error = PMPI_Iscatterv(HOST(input), input_counts, input_places, input_type,
                                     HOST(output), count, type, root, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Alltoall(const void *input, int input_count, MPI_Datatype input_type, void *output,
                 int count, MPI_Datatype type, MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_ALLTOALL, CALLER, ONE(input, input_count, input_type),
                                 ONE(output, count, type), MPI_OP_NULL, NO_ROOT, comm);
    return log_mpi_collective_end(&call, PMPI_Alltoall(HOST(input), input_count, input_type,
                                                       HOST(output), count, type, comm));
}

int MPI_Ialltoall(const void *input, int input_count, MPI_Datatype input_type, void *output,
                  int count, MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_IALLTOALL, CALLER, ONE(input, input_count, input_type),
                                 ONE(output, count, type), MPI_OP_NULL, NO_ROOT, comm);
    const int error = PMPI_Ialltoall(HOST(input), input_count, input_type, HOST(output), count,
                                     type, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Alltoallv(const void *input, const int input_counts[], const int input_places[],
                  MPI_Datatype input_type, void *output, const int counts[], const int places[],
                  MPI_Datatype type, MPI_Comm comm)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_ALLTOALLV, CALLER, EACH(input, input_counts, input_places, input_type),
        EACH(output, counts, places, type), MPI_OP_NULL, NO_ROOT, comm);
    return log_mpi_collective_end(&call, PMPI_Alltoallv(HOST(input), input_counts, input_places,
                                                        input_type, HOST(output), counts, places,
                                                        type, comm));
}

int MPI_Ialltoallv(const void *input, const int input_counts[], const int input_places[],
                   MPI_Datatype input_type, void *output, const int counts[], const int places[],
                   MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_IALLTOALLV, CALLER, EACH(input, input_counts, input_places, input_type),
        EACH(output, counts, places, type), MPI_OP_NULL, NO_ROOT, comm);
    const int error = PMPI_Ialltoallv(HOST(input), input_counts, input_places, input_type,
                                      HOST(output), counts, places, type, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Alltoallw(const void *input, const int input_counts[], const int input_places[],
                  const MPI_Datatype input_types[], void *output, const int counts[],
                  const int places[], const MPI_Datatype types[], MPI_Comm comm)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_ALLTOALLW, CALLER, EACH_TYPE(input, input_counts, input_places, input_types),
        EACH_TYPE(output, counts, places, types), MPI_OP_NULL, NO_ROOT, comm);
    return log_mpi_collective_end(&call, PMPI_Alltoallw(HOST(input), input_counts, input_places,
                                                        input_types, HOST(output), counts, places,
                                                        types, comm));
}

int MPI_Ialltoallw(const void *input, const int input_counts[], const int input_places[],
                   const MPI_Datatype input_types[], void *output, const int counts[],
                   const int places[], const MPI_Datatype types[], MPI_Comm comm,
                   MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_IALLTOALLW, CALLER, EACH_TYPE(input, input_counts, input_places, input_types),
        EACH_TYPE(output, counts, places, types), MPI_OP_NULL, NO_ROOT, comm);
    const int error = PMPI_Ialltoallw(HOST(input), input_counts, input_places, input_types,
                                      HOST(output), counts, places, types, comm, request);
    return log_mpi_collective_started(&call, error, request);
}
