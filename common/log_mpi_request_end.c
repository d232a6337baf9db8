/*
 * Profiling wrappers: the other ends of a request.
 */
#include "common/log_mpi.h"

int MPI_Request_free(MPI_Request *handle)
{
    struct log_record record = log_mpi_begin(LOG_REQUEST_FREE, CALLER, MPI_COMM_NULL);
    struct log_request *request =
        record.operation == LOG_NONE ? NULL : log_request_find(*handle, handle);
    if (request != NULL)
        record.request = request->start.request;
    int error = PMPI_Request_free(handle);
    if (error == MPI_SUCCESS)
        log_request_forget(request);
    log_mpi_end(record);
    return error;
}

/* The request stays until it is waited for. */
int MPI_Cancel(MPI_Request *handle)
{
    struct log_record record = log_mpi_begin(LOG_CANCEL, CALLER, MPI_COMM_NULL);
    struct log_request *request =
        record.operation == LOG_NONE ? NULL : log_request_find(*handle, handle);
    if (request != NULL)
        record.request = request->start.request;
    int error = PMPI_Cancel(handle);
    log_mpi_end(record);
    return error;
}
