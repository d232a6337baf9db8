/*
 * Profiling wrappers: the blocking sends.
 */
#include "common/log_mpi.h"

int MPI_Send(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
             MPI_Comm comm)
{
    struct log_record record =
        log_mpi_begin_send(LOG_SEND, CALLER, PAYLOAD(buffer, count, type), destination, tag, comm);
    int error = PMPI_Send(buffer, count, type, destination, tag, comm);
    log_mpi_end(record);
    return error;
}

int MPI_Ssend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
              MPI_Comm comm)
{
    struct log_record record =
        log_mpi_begin_send(LOG_SSEND, CALLER, PAYLOAD(buffer, count, type), destination, tag, comm);
    int error = PMPI_Ssend(buffer, count, type, destination, tag, comm);
    log_mpi_end(record);
    return error;
}

int MPI_Bsend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
              MPI_Comm comm)
{
    struct log_record record =
        log_mpi_begin_send(LOG_BSEND, CALLER, PAYLOAD(buffer, count, type), destination, tag, comm);
    int error = PMPI_Bsend(buffer, count, type, destination, tag, comm);
    log_mpi_end(record);
    return error;
}

int MPI_Rsend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
              MPI_Comm comm)
{
    struct log_record record =
        log_mpi_begin_send(LOG_RSEND, CALLER, PAYLOAD(buffer, count, type), destination, tag, comm);
    int error = PMPI_Rsend(buffer, count, type, destination, tag, comm);
    log_mpi_end(record);
    return error;
}
