/*
 * Wrappers: persistent requests. They are made once; each start is a message, with the fingerprint of
 * what is in the buffer then. So a send is made as a receive is: its buffer is not looked at.
 */
#include "common/mpi/log_mpi.h"

/* The end of a call that made one: the communication begins with MPI_Start. */
static int end_made(struct log_record call, int error, enum request_kind kind,
                    const MPI_Request *request, struct log_mpi_payload payload, MPI_Comm comm)
{
    struct log_mpi_request *made =
        error == MPI_SUCCESS ? log_mpi_request_add(kind, request, call, payload, comm) : NULL;
    if (made != NULL) {
        made->persistent = true;
        made->active = false;
    }
    return log_mpi_end(call, error);
}

int MPI_Send_init(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
                  MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call =
        log_mpi_start_receive(LOG_SEND_INIT, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out_later(sent);
    int error = PMPI_Send_init(staged.buffer, count, type, destination, tag, comm, request);
    error = staged_made(&staged, error, request);
    return end_made(call, error, REQUEST_SEND, request, sent, comm);
}

int MPI_Ssend_init(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
                   MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call =
        log_mpi_start_receive(LOG_SSEND_INIT, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out_later(sent);
    int error = PMPI_Ssend_init(staged.buffer, count, type, destination, tag, comm, request);
    error = staged_made(&staged, error, request);
    return end_made(call, error, REQUEST_SEND, request, sent, comm);
}

int MPI_Bsend_init(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
                   MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call =
        log_mpi_start_receive(LOG_BSEND_INIT, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out_later(sent);
    int error = PMPI_Bsend_init(staged.buffer, count, type, destination, tag, comm, request);
    error = staged_made(&staged, error, request);
    return end_made(call, error, REQUEST_SEND, request, sent, comm);
}

int MPI_Rsend_init(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
                   MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_payload sent = PAYLOAD(buffer, count, type);
    struct log_record call =
        log_mpi_start_receive(LOG_RSEND_INIT, CALLER, sent, destination, tag, comm);
    struct staged staged = staged_out_later(sent);
    int error = PMPI_Rsend_init(staged.buffer, count, type, destination, tag, comm, request);
    error = staged_made(&staged, error, request);
    return end_made(call, error, REQUEST_SEND, request, sent, comm);
}

int MPI_Recv_init(void *buffer, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm,
                  MPI_Request *request)
{
    struct log_mpi_payload room = PAYLOAD(buffer, count, type);
    struct log_record call = log_mpi_start_receive(LOG_RECV_INIT, CALLER, room, source, tag, comm);
    struct staged staged = staged_in_later(room);
    int error = PMPI_Recv_init(staged.buffer, count, type, source, tag, comm, request);
    error = staged_made(&staged, error, request);
    return end_made(call, error, REQUEST_RECEIVE, request, room, comm);
}

/* ---- starts ------------------------------------------------------------------------------------ */

/* Records what one persistent request does now. */
static void append_part(MPI_Request handle, const MPI_Request *variable)
{
    struct log_mpi_request *request = log_mpi_request_find(handle, variable);
    if (request == NULL || !request->persistent)
        return;
    struct log_record part = request->start;
    bool gone = false;
    part.phase = LOG_INSTANT;
    part.caller = 0;
    if (request->kind == REQUEST_SEND) {
        part.flag = request->start.operation == LOG_SSEND_INIT   ? LOG_FLAG_SYNCHRONOUS
                    : request->start.operation == LOG_BSEND_INIT ? LOG_FLAG_BUFFERED
                                                                 : 0;
        part.operation = LOG_SEND_PART;
        part.fingerprint = log_mpi_payload_fingerprint(request->payload, &gone);
        request->start.fingerprint = part.fingerprint;
    } else {
        part.operation = LOG_RECV_PART;
    }
    request->active = true;
    log_append(part);
}

int MPI_Start(MPI_Request *request)
{
    const bool wrong = log_mpi_requests_are_wrong(1, request, true);
    struct log_record call = log_mpi_begin(LOG_START, CALLER, MPI_COMM_NULL);
    if (call.operation != LOG_NONE)
        append_part(*request, request);
    return log_mpi_end(call, wrong ? log_mpi_refused(MPI_ERR_REQUEST) : staged_start(request));
}

int MPI_Startall(int count, MPI_Request requests[])
{
    const bool wrong = log_mpi_requests_are_wrong(count, requests, true);
    struct log_record call = log_mpi_begin(LOG_STARTALL, CALLER, MPI_COMM_NULL);
    for (int i = 0; call.operation != LOG_NONE && i < count; i++)
        append_part(requests[i], &requests[i]);
    return log_mpi_end(call,
                       wrong ? log_mpi_refused(MPI_ERR_REQUEST) : staged_startall(count, requests));
}
