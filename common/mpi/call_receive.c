/*
 * Wrappers: the receives, blocking and not, and the calls that do both.
 */
#include "common/mpi/log_mpi.h"

int MPI_Recv(void *buffer, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm,
             MPI_Status *status)
{
    MPI_Status own, *known = status == MPI_STATUS_IGNORE ? &own : status;
    struct log_mpi_payload room = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_begin_receive(LOG_RECV, CALLER, room, source, tag, comm);
    struct staged staged = staged_in(room);
    int error = PMPI_Recv(staged.buffer, count, type, source, tag, comm, known);
    error = staged_received(&staged, error, known);
    return log_mpi_end_received(call, error, known, room, comm);
}

int MPI_Irecv(void *buffer, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    struct log_mpi_payload room = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_start_receive(LOG_IRECV, CALLER, room, source, tag, comm);
    struct staged staged = staged_in(room);
    int error = PMPI_Irecv(staged.buffer, count, type, source, tag, comm, request);
    error = staged_posted(&staged, error, request);
    return log_mpi_end_started(call, error, REQUEST_RECEIVE, request, room, comm);
}

/* The two halves, behind the begin of the call. */
static void append_parts(struct log_record call, struct log_mpi_payload sent, int destination,
                         int send_tag, struct log_mpi_payload room, int source, int receive_tag,
                         MPI_Comm comm)
{
    log_mpi_note_other_half(sent, destination, send_tag, comm);
    if (call.operation == LOG_NONE)
        return;
    log_mpi_append_send_part(sent, destination, send_tag, comm);
    log_mpi_append_receive_part(room, source, receive_tag, comm);
}

int MPI_Sendrecv(const void *send_buffer, int send_count, MPI_Datatype send_type, int destination,
                 int send_tag, void *buffer, int count, MPI_Datatype type, int source, int tag,
                 MPI_Comm comm, MPI_Status *status)
{
    MPI_Status own, *known = status == MPI_STATUS_IGNORE ? &own : status;
    struct log_mpi_payload sent = PAYLOAD(send_buffer, send_count, send_type);
    struct log_mpi_payload room = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_begin_receive(LOG_SENDRECV, CALLER, room, source, tag, comm);
    append_parts(call, sent, destination, send_tag, room, source, tag, comm);
    struct staged out = staged_out(sent), in = staged_in(room);
    int error = PMPI_Sendrecv(out.buffer, send_count, send_type, destination, send_tag, in.buffer,
                              count, type, source, tag, comm, known);
    staged_done(&out, error);
    error = staged_received(&in, error, known);
    return log_mpi_end_received(call, error, known, room, comm);
}

int MPI_Sendrecv_replace(void *buffer, int count, MPI_Datatype type, int destination, int send_tag,
                         int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    MPI_Status own, *known = status == MPI_STATUS_IGNORE ? &own : status;
    struct log_mpi_payload room = PAYLOAD(buffer, count, type);
    struct log_record call =
        log_mpi_begin_receive(LOG_SENDRECV_REPLACE, CALLER, room, source, tag, comm);
    append_parts(call, room, destination, send_tag, room, source, tag, comm);
    struct staged staged = staged_through(room);
    int error = PMPI_Sendrecv_replace(staged.buffer, count, type, destination, send_tag, source,
                                      tag, comm, known);
    error = staged_received(&staged, error, known);
    return log_mpi_end_received(call, error, known, room, comm);
}
