/*
 * Profiling wrappers: persistent requests.
 */
#include "common/log_mpi.h"

typedef int init_function(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);

/* Keeps what a persistent request will do; the communication begins with MPI_Start. */
static void keep(enum request_kind kind, struct log_record record, const MPI_Request *request,
                 struct log_payload payload, MPI_Comm comm)
{
    struct log_request *entry = log_request_add(kind, request, record, payload, comm);
    if (entry == NULL)
        return;
    entry->persistent = true;
    entry->active = false;
}

static int make_send(init_function *function, enum log_operation operation, uint64_t caller,
                     struct log_payload payload, int destination, int tag, MPI_Comm comm,
                     MPI_Request *request)
{
    struct log_record record = {.operation = LOG_NONE};
    if (log_mpi_enter()) {
        record = log_mpi_receive(operation, LOG_BEGIN, payload, destination, tag, comm);
        record.caller = caller;
        record.request = log_request_number();
        log_append(record);
    }
    int error =
        function(payload.buffer, payload.count, payload.type, destination, tag, comm, request);
    if (error == MPI_SUCCESS)
        keep(REQUEST_SEND, record, request, payload, comm);
    log_mpi_end(record);
    return error;
}

int MPI_Send_init(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
                  MPI_Comm comm, MPI_Request *request)
{
    return make_send(PMPI_Send_init, LOG_SEND_INIT, CALLER, PAYLOAD(buffer, count, type),
                     destination, tag, comm, request);
}

int MPI_Ssend_init(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
                   MPI_Comm comm, MPI_Request *request)
{
    return make_send(PMPI_Ssend_init, LOG_SSEND_INIT, CALLER, PAYLOAD(buffer, count, type),
                     destination, tag, comm, request);
}

int MPI_Bsend_init(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
                   MPI_Comm comm, MPI_Request *request)
{
    return make_send(PMPI_Bsend_init, LOG_BSEND_INIT, CALLER, PAYLOAD(buffer, count, type),
                     destination, tag, comm, request);
}

int MPI_Rsend_init(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
                   MPI_Comm comm, MPI_Request *request)
{
    return make_send(PMPI_Rsend_init, LOG_RSEND_INIT, CALLER, PAYLOAD(buffer, count, type),
                     destination, tag, comm, request);
}

int MPI_Recv_init(void *buffer, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm,
                  MPI_Request *request)
{
    struct log_payload room = PAYLOAD(buffer, count, type);
    struct log_record record = {.operation = LOG_NONE};
    if (log_mpi_enter()) {
        record = log_mpi_receive(LOG_RECV_INIT, LOG_BEGIN, room, source, tag, comm);
        record.caller = CALLER;
        record.request = log_request_number();
        log_append(record);
    }
    int error = PMPI_Recv_init(buffer, count, type, source, tag, comm, request);
    if (error == MPI_SUCCESS)
        keep(REQUEST_RECEIVE, record, request, room, comm);
    log_mpi_end(record);
    return error;
}

/* Records what one persistent request does now. */
static void append_part(MPI_Request handle, const MPI_Request *variable)
{
    struct log_request *request = log_request_find(handle, variable);
    if (request == NULL || !request->persistent)
        return;
    struct log_record record = request->start;
    bool gone = false;
    record.phase = LOG_INSTANT;
    record.caller = 0;
    if (request->kind == REQUEST_SEND) {
        record.flag = request->start.operation == LOG_SSEND_INIT   ? LOG_FLAG_SYNCHRONOUS
                      : request->start.operation == LOG_BSEND_INIT ? LOG_FLAG_BUFFERED
                                                                   : 0;
        record.operation = LOG_SEND_PART;
        record.fingerprint = log_payload_fingerprint(request->payload, &gone);
    } else {
        record.operation = LOG_RECV_PART;
    }
    request->active = true;
    log_append(record);
}

int MPI_Start(MPI_Request *request)
{
    struct log_record record = log_mpi_begin(LOG_START, CALLER, MPI_COMM_NULL);
    if (record.operation != LOG_NONE)
        append_part(*request, request);
    int error = PMPI_Start(request);
    log_mpi_end(record);
    return error;
}

int MPI_Startall(int count, MPI_Request requests[])
{
    struct log_record record = log_mpi_begin(LOG_STARTALL, CALLER, MPI_COMM_NULL);
    if (record.operation != LOG_NONE)
        for (int i = 0; i < count; i++)
            append_part(requests[i], &requests[i]);
    int error = PMPI_Startall(count, requests);
    log_mpi_end(record);
    return error;
}
