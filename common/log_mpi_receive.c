/*
 * Profiling wrappers: the receives.
 */
#include "common/log_mpi.h"

#include "common/machine.h"

int MPI_Recv(void *buffer, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm,
             MPI_Status *status)
{
    MPI_Status own;
    struct log_payload room = PAYLOAD(buffer, count, type);
    struct log_record record = log_mpi_begin_receive(LOG_RECV, CALLER, room, source, tag, comm);
    if (status == MPI_STATUS_IGNORE)
        status = &own;
    int error = PMPI_Recv(buffer, count, type, source, tag, comm, status);
    machine_progressed();
    if (record.operation != LOG_NONE)
        log_mpi_arrived(&record, status, error, log_communicator(comm), room);
    log_mpi_end(record);
    return error;
}

int MPI_Irecv(void *buffer, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    struct log_payload room = PAYLOAD(buffer, count, type);
    struct log_record record = {.operation = LOG_NONE};
    if (log_mpi_enter()) {
        record = log_mpi_receive(LOG_IRECV, LOG_BEGIN, room, source, tag, comm);
        record.caller = CALLER;
        record.request = log_request_number();
        log_append(record);
    }
    int error = PMPI_Irecv(buffer, count, type, source, tag, comm, request);
    if (error == MPI_SUCCESS)
        log_request_add(REQUEST_RECEIVE, request, record, room, comm);
    log_mpi_end(record);
    return error;
}
