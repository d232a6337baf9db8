/*
 * Wrappers: the non-blocking collectives.
 */
#include "common/mpi/log_mpi.h"

int MPI_Ibarrier(MPI_Comm comm, MPI_Request *request)
{
    struct log_record call = log_mpi_start_collective(LOG_IBARRIER, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Ibarrier(comm, request);
    return log_mpi_end_started(call, error, REQUEST_COLLECTIVE, request, NO_PAYLOAD, comm);
}

int MPI_Ibcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm,
               MPI_Request *request)
{
    struct log_record call =
        log_mpi_start_collective(LOG_IBCAST, CALLER, PAYLOAD(NULL, count, type), root, comm);
    int error = PMPI_Ibcast(buffer, count, type, root, comm, request);
    return log_mpi_end_started(call, error, REQUEST_COLLECTIVE, request,
                               PAYLOAD(buffer, count, type), comm);
}

int MPI_Ireduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op, int root,
                MPI_Comm comm, MPI_Request *request)
{
    struct log_record call = log_mpi_start_collective(
        LOG_IREDUCE, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), root,
        comm);
    int error = PMPI_Ireduce(input, output, count, type, op, root, comm, request);
    return log_mpi_end_started(call, error, REQUEST_COLLECTIVE, request, NO_PAYLOAD, comm);
}

int MPI_Iallreduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                   MPI_Comm comm, MPI_Request *request)
{
    struct log_record call = log_mpi_start_collective(
        LOG_IALLREDUCE, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), -1,
        comm);
    int error = PMPI_Iallreduce(input, output, count, type, op, comm, request);
    return log_mpi_end_started(call, error, REQUEST_COLLECTIVE, request,
                               PAYLOAD(output, count, type), comm);
}

int MPI_Iallgather(const void *input, int input_count, MPI_Datatype input_type, void *output,
                   int count, MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    struct log_record call = log_mpi_start_collective(
        LOG_IALLGATHER, CALLER, PAYLOAD(input, input_count, input_type), -1, comm);
    int error = PMPI_Iallgather(input, input_count, input_type, output, count, type, comm, request);
    return log_mpi_end_started(call, error, REQUEST_COLLECTIVE, request, NO_PAYLOAD, comm);
}

int MPI_Ireduce_scatter(const void *input, void *output, const int counts[], MPI_Datatype type,
                        MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct log_record call =
        log_mpi_start_collective(LOG_IREDUCE_SCATTER, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Ireduce_scatter(input, output, counts, type, op, comm, request);
    return log_mpi_end_started(call, error, REQUEST_COLLECTIVE, request, NO_PAYLOAD, comm);
}

int MPI_Ireduce_scatter_block(const void *input, void *output, int count, MPI_Datatype type,
                              MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct log_record call =
        log_mpi_start_collective(LOG_IREDUCE_SCATTER_BLOCK, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Ireduce_scatter_block(input, output, count, type, op, comm, request);
    return log_mpi_end_started(call, error, REQUEST_COLLECTIVE, request,
                               PAYLOAD(output, count, type), comm);
}
