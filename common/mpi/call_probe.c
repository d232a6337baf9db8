/*
 * Wrappers: the probes, and the receives of messages that a probe has taken.
 */
#include "common/mpi/log_mpi.h"

/* A probe that found something: what it found. */
static void found(struct log_record *call, const MPI_Status *status, int error, MPI_Comm comm)
{
    if (call->operation == LOG_NONE)
        return;
    call->flag = LOG_FLAG_TRUE;
    log_mpi_arrived(call, status, error, log_mpi_communicator(comm), NO_PAYLOAD);
}

int MPI_Probe(int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    MPI_Status own, *known = status == MPI_STATUS_IGNORE ? &own : status;
    struct log_record call =
        log_mpi_begin_receive(LOG_PROBE_MESSAGE, CALLER, NO_PAYLOAD, source, tag, comm);
    int error = PMPI_Probe(source, tag, comm, known);
    log_mpi_progressed();
    found(&call, known, error, comm);
    return log_mpi_end(call, error);
}

int MPI_Mprobe(int source, int tag, MPI_Comm comm, MPI_Message *message, MPI_Status *status)
{
    MPI_Status own, *known = status == MPI_STATUS_IGNORE ? &own : status;
    struct log_record call =
        log_mpi_begin_receive(LOG_MPROBE, CALLER, NO_PAYLOAD, source, tag, comm);
    int error = PMPI_Mprobe(source, tag, comm, message, known);
    log_mpi_progressed();
    found(&call, known, error, comm);
    if (call.operation != LOG_NONE && error == MPI_SUCCESS)
        log_mpi_message_add(*message, call, comm);
    return log_mpi_end(call, error);
}

/* ---- those that do not block: recorded when they have returned -------------------------------- */

/* The begin of a probe that has returned, with what it found. */
static struct log_record polled(enum log_operation operation, uint64_t caller, int source, int tag,
                                MPI_Comm comm, bool successful, const MPI_Status *status, int error)
{
    struct log_record call = {.operation = LOG_NONE};
    if (log_is_open() && !log_mpi_skip_poll(successful))
        call = log_mpi_begin_receive(operation, caller, NO_PAYLOAD, source, tag, comm);
    if (successful)
        found(&call, status, error, comm);
    return call;
}

int MPI_Iprobe(int source, int tag, MPI_Comm comm, int *flag, MPI_Status *status)
{
    MPI_Status own, *known = status == MPI_STATUS_IGNORE ? &own : status;
    log_mpi_enter_poll();
    int error = PMPI_Iprobe(source, tag, comm, flag, known);
    bool successful = error != MPI_SUCCESS || *flag;
    struct log_record call =
        polled(LOG_IPROBE, CALLER, source, tag, comm, successful, known, error);
    log_mpi_end(call, error);
    log_mpi_polled(call, successful);
    return error;
}

int MPI_Improbe(int source, int tag, MPI_Comm comm, int *flag, MPI_Message *message,
                MPI_Status *status)
{
    MPI_Status own, *known = status == MPI_STATUS_IGNORE ? &own : status;
    log_mpi_enter_poll();
    int error = PMPI_Improbe(source, tag, comm, flag, message, known);
    bool successful = error != MPI_SUCCESS || *flag;
    struct log_record call =
        polled(LOG_IMPROBE, CALLER, source, tag, comm, successful, known, error);
    if (successful && error == MPI_SUCCESS && call.operation != LOG_NONE)
        log_mpi_message_add(*message, call, comm);
    log_mpi_end(call, error);
    log_mpi_polled(call, successful);
    return error;
}

/* ---- receives ------------------------------------------------------------------------------------ */

int MPI_Mrecv(void *buffer, int count, MPI_Datatype type, MPI_Message *message, MPI_Status *status)
{
    MPI_Status own, *known = status == MPI_STATUS_IGNORE ? &own : status;
    MPI_Comm comm;
    struct log_mpi_payload room = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_begin_taken(LOG_MRECV, CALLER, *message, room, &comm);
    struct staged staged = staged_in(room);
    int error = PMPI_Mrecv(staged.buffer, count, type, message, known);
    error = staged_received(&staged, error, known);
    return log_mpi_end_received(call, error, known, room, comm);
}

int MPI_Imrecv(void *buffer, int count, MPI_Datatype type, MPI_Message *message,
               MPI_Request *request)
{
    MPI_Comm comm;
    struct log_mpi_payload room = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_start_taken(LOG_IMRECV, CALLER, *message, room, &comm);
    struct staged staged = staged_in(room);
    int error = PMPI_Imrecv(staged.buffer, count, type, message, request);
    error = staged_posted(&staged, error, request);
    return log_mpi_end_started(call, error, REQUEST_RECEIVE, request, room, comm);
}
