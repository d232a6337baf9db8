/*
 * Wrappers: gathering, blocking and not.
 */
#include "common/mpi/collective.h"

int MPI_Gather(const void *input, int input_count, MPI_Datatype input_type, void *output, int count,
               MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_GATHER, CALLER, ONE(input, input_count, input_type),
                                 ONE(output, count, type), MPI_OP_NULL, root, comm);
    return log_mpi_collective_end(&call, PMPI_Gather(HOST(input), input_count, input_type,
                                                     HOST(output), count, type, root, comm));
}

int MPI_Igather(const void *input, int input_count, MPI_Datatype input_type, void *output,
                int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_IGATHER, CALLER, ONE(input, input_count, input_type),
                                 ONE(output, count, type), MPI_OP_NULL, root, comm);
    const int error = PMPI_Igather(HOST(input), input_count, input_type, HOST(output), count, type,
                                   root, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Gatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                const int counts[], const int places[], MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_GATHERV, CALLER, ONE(input, input_count, input_type),
                                 EACH(output, counts, places, type), MPI_OP_NULL, root, comm);
    return log_mpi_collective_end(&call,
                                  PMPI_Gatherv(HOST(input), input_count, input_type, HOST(output),
                                               counts, places, type, root, comm));
}

int MPI_Igatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                 const int counts[], const int places[], MPI_Datatype type, int root, MPI_Comm comm,
                 MPI_Request *request)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_IGATHERV, CALLER, ONE(input, input_count, input_type),
                                 EACH(output, counts, places, type), MPI_OP_NULL, root, comm);
    const int error = PMPI_Igatherv(HOST(input), input_count, input_type, HOST(output), counts,
                                    places, type, root, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Allgather(const void *input, int input_count, MPI_Datatype input_type, void *output,
                  int count, MPI_Datatype type, MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_ALLGATHER, CALLER, ONE(input, input_count, input_type),
                                 ONE(output, count, type), MPI_OP_NULL, NO_ROOT, comm);
    return log_mpi_collective_end(&call, PMPI_Allgather(HOST(input), input_count, input_type,
                                                        HOST(output), count, type, comm));
}

int MPI_Iallgather(const void *input, int input_count, MPI_Datatype input_type, void *output,
                   int count, MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_IALLGATHER, CALLER, ONE(input, input_count, input_type),
                                 ONE(output, count, type), MPI_OP_NULL, NO_ROOT, comm);
    const int error = PMPI_Iallgather(HOST(input), input_count, input_type, HOST(output), count,
                                      type, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Allgatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                   const int counts[], const int places[], MPI_Datatype type, MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_ALLGATHERV, CALLER, ONE(input, input_count, input_type),
                                 EACH(output, counts, places, type), MPI_OP_NULL, NO_ROOT, comm);
    return log_mpi_collective_end(&call, PMPI_Allgatherv(HOST(input), input_count, input_type,
                                                         HOST(output), counts, places, type, comm));
}

int MPI_Iallgatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                    const int counts[], const int places[], MPI_Datatype type, MPI_Comm comm,
                    MPI_Request *request)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_IALLGATHERV, CALLER, ONE(input, input_count, input_type),
                                 EACH(output, counts, places, type), MPI_OP_NULL, NO_ROOT, comm);
    const int error = PMPI_Iallgatherv(HOST(input), input_count, input_type, HOST(output), counts,
                                       places, type, comm, request);
    return log_mpi_collective_started(&call, error, request);
}
