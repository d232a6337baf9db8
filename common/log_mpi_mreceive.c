/*
 * Profiling wrappers: receives of messages that a probe has taken.
 */
#include "common/log_mpi.h"

#include "common/machine.h"

int MPI_Mrecv(void *buffer, int count, MPI_Datatype type, MPI_Message *message, MPI_Status *status)
{
    MPI_Status own;
    MPI_Comm comm;
    struct log_payload room = PAYLOAD(buffer, count, type);
    struct log_record record = log_message_take(LOG_MRECV, CALLER, *message, room, &comm);
    if (record.operation != LOG_NONE)
        log_append(record);
    if (status == MPI_STATUS_IGNORE)
        status = &own;
    int error = PMPI_Mrecv(buffer, count, type, message, status);
    machine_progressed();
    if (record.operation != LOG_NONE)
        log_mpi_arrived(&record, status, error, log_communicator(comm), room);
    log_mpi_end(record);
    return error;
}

int MPI_Imrecv(void *buffer, int count, MPI_Datatype type, MPI_Message *message,
               MPI_Request *request)
{
    MPI_Comm comm;
    struct log_payload room = PAYLOAD(buffer, count, type);
    struct log_record record = log_message_take(LOG_IMRECV, CALLER, *message, room, &comm);
    if (record.operation != LOG_NONE) {
        record.request = log_request_number();
        log_append(record);
    }
    int error = PMPI_Imrecv(buffer, count, type, message, request);
    if (error == MPI_SUCCESS)
        log_request_add(REQUEST_RECEIVE, request, record, room, comm);
    log_mpi_end(record);
    return error;
}
