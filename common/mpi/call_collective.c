/*
 * Wrappers: barriers and broadcasts, blocking and not.
 */
#include "common/mpi/collective.h"

#define NOTHING ONE(NULL, 0, MPI_DATATYPE_NULL)

int MPI_Barrier(MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_BARRIER, CALLER, NOTHING, NOTHING, MPI_OP_NULL, NO_ROOT, comm);
    return log_mpi_collective_end(&call, PMPI_Barrier(comm));
}

int MPI_Ibarrier(MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(LOG_IBARRIER, CALLER, NOTHING,
                                                              NOTHING, MPI_OP_NULL, NO_ROOT, comm);
    const int error = PMPI_Ibarrier(comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Bcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_BCAST, CALLER, ONE(buffer, count, type),
                                 ONE(buffer, count, type), MPI_OP_NULL, root, comm);
    return log_mpi_collective_end(&call, PMPI_Bcast(HOST(buffer), count, type, root, comm));
}

int MPI_Ibcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm,
               MPI_Request *request)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_IBCAST, CALLER, ONE(buffer, count, type),
                                 ONE(buffer, count, type), MPI_OP_NULL, root, comm);
    const int error = PMPI_Ibcast(HOST(buffer), count, type, root, comm, request);
    return log_mpi_collective_started(&call, error, request);
}
