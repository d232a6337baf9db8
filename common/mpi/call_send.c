/*
 * Wrappers: the sends, blocking and not.
 */
#include "common/mpi/log_mpi.h"

int MPI_Send(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
             MPI_Comm comm)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_begin_send(LOG_SEND, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out(sent);
    return log_mpi_end(
        call, staged_done(&staged, PMPI_Send(staged.buffer, count, type, destination, tag, comm)));
}

int MPI_Ssend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
              MPI_Comm comm)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_begin_send(LOG_SSEND, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out(sent);
    return log_mpi_end(
        call, staged_done(&staged, PMPI_Ssend(staged.buffer, count, type, destination, tag, comm)));
}

int MPI_Bsend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
              MPI_Comm comm)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_begin_send(LOG_BSEND, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out(sent);
    return log_mpi_end(
        call, staged_done(&staged, PMPI_Bsend(staged.buffer, count, type, destination, tag, comm)));
}

int MPI_Rsend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
              MPI_Comm comm)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_begin_send(LOG_RSEND, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out(sent);
    return log_mpi_end(
        call, staged_done(&staged, PMPI_Rsend(staged.buffer, count, type, destination, tag, comm)));
}

int MPI_Isend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
              MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_start_send(LOG_ISEND, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out(sent);
    int error = PMPI_Isend(staged.buffer, count, type, destination, tag, comm, request);
    error = staged_started(&staged, error, request);
    return log_mpi_end_started(call, error, REQUEST_SEND, request, sent, comm);
}

int MPI_Issend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
               MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_start_send(LOG_ISSEND, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out(sent);
    int error = PMPI_Issend(staged.buffer, count, type, destination, tag, comm, request);
    error = staged_started(&staged, error, request);
    return log_mpi_end_started(call, error, REQUEST_SEND, request, sent, comm);
}

int MPI_Ibsend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
               MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_start_send(LOG_IBSEND, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out(sent);
    int error = PMPI_Ibsend(staged.buffer, count, type, destination, tag, comm, request);
    error = staged_started(&staged, error, request);
    return log_mpi_end_started(call, error, REQUEST_SEND, request, sent, comm);
}

int MPI_Irsend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
               MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_start_send(LOG_IRSEND, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out(sent);
    int error = PMPI_Irsend(staged.buffer, count, type, destination, tag, comm, request);
    error = staged_started(&staged, error, request);
    return log_mpi_end_started(call, error, REQUEST_SEND, request, sent, comm);
}
