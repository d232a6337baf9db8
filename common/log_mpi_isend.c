/*
 * Profiling wrappers: the non-blocking sends.
 */
#include "common/log_mpi.h"

typedef int isend_function(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);

static int start_send(isend_function *function, enum log_operation operation, uint64_t caller,
                      struct log_payload payload, int destination, int tag, MPI_Comm comm,
                      MPI_Request *request)
{
    struct log_record record = {.operation = LOG_NONE};
    if (log_mpi_enter()) {
        record = log_mpi_send(operation, LOG_BEGIN, payload, destination, tag, comm);
        record.caller = caller;
        record.request = log_request_number();
        log_append(record);
    }
    int error =
        function(payload.buffer, payload.count, payload.type, destination, tag, comm, request);
    if (error == MPI_SUCCESS)
        log_request_add(REQUEST_SEND, request, record, payload, comm);
    log_mpi_end(record);
    return error;
}

int MPI_Isend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
              MPI_Comm comm, MPI_Request *request)
{
    return start_send(PMPI_Isend, LOG_ISEND, CALLER, PAYLOAD(buffer, count, type), destination, tag,
                      comm, request);
}

int MPI_Issend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
               MPI_Comm comm, MPI_Request *request)
{
    return start_send(PMPI_Issend, LOG_ISSEND, CALLER, PAYLOAD(buffer, count, type), destination,
                      tag, comm, request);
}

int MPI_Ibsend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
               MPI_Comm comm, MPI_Request *request)
{
    return start_send(PMPI_Ibsend, LOG_IBSEND, CALLER, PAYLOAD(buffer, count, type), destination,
                      tag, comm, request);
}

int MPI_Irsend(const void *buffer, int count, MPI_Datatype type, int destination, int tag,
               MPI_Comm comm, MPI_Request *request)
{
    return start_send(PMPI_Irsend, LOG_IRSEND, CALLER, PAYLOAD(buffer, count, type), destination,
                      tag, comm, request);
}
