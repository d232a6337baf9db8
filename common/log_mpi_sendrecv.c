/*
 * Profiling wrappers: MPI_Sendrecv and its sister.
 */
#include "common/log_mpi.h"

#include "common/machine.h"

/* The two halves, behind the begin of the call. */
static void append_parts(struct log_record record, struct log_payload sent, int destination,
                         int send_tag, struct log_payload room, int source, int receive_tag,
                         MPI_Comm comm)
{
    if (record.operation == LOG_NONE)
        return;
    log_append(log_mpi_send(LOG_SEND_PART, LOG_INSTANT, sent, destination, send_tag, comm));
    log_append(log_mpi_receive(LOG_RECV_PART, LOG_INSTANT, room, source, receive_tag, comm));
}

int MPI_Sendrecv(const void *send_buffer, int send_count, MPI_Datatype send_type, int destination,
                 int send_tag, void *buffer, int count, MPI_Datatype type, int source, int tag,
                 MPI_Comm comm, MPI_Status *status)
{
    MPI_Status own;
    struct log_payload sent = PAYLOAD(send_buffer, send_count, send_type);
    struct log_payload room = PAYLOAD(buffer, count, type);
    struct log_record record = log_mpi_begin_receive(LOG_SENDRECV, CALLER, room, source, tag, comm);
    append_parts(record, sent, destination, send_tag, room, source, tag, comm);
    if (status == MPI_STATUS_IGNORE)
        status = &own;
    int error = PMPI_Sendrecv(send_buffer, send_count, send_type, destination, send_tag, buffer,
                              count, type, source, tag, comm, status);
    machine_progressed();
    if (record.operation != LOG_NONE)
        log_mpi_arrived(&record, status, error, log_communicator(comm), room);
    log_mpi_end(record);
    return error;
}

int MPI_Sendrecv_replace(void *buffer, int count, MPI_Datatype type, int destination, int send_tag,
                         int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    MPI_Status own;
    struct log_payload room = PAYLOAD(buffer, count, type);
    struct log_record record =
        log_mpi_begin_receive(LOG_SENDRECV_REPLACE, CALLER, room, source, tag, comm);
    append_parts(record, room, destination, send_tag, room, source, tag, comm);
    if (status == MPI_STATUS_IGNORE)
        status = &own;
    int error = PMPI_Sendrecv_replace(buffer, count, type, destination, send_tag, source, tag, comm,
                                      status);
    machine_progressed();
    if (record.operation != LOG_NONE)
        log_mpi_arrived(&record, status, error, log_communicator(comm), room);
    log_mpi_end(record);
    return error;
}
