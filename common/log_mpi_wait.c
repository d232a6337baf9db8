/*
 * Profiling wrappers: the waits.
 */
#include "common/log_mpi.h"

#include "common/machine.h"

/* The begin of a wait, and what it waits for. */
static struct log_record begin(enum log_operation operation, uint64_t caller,
                               const struct log_requests *requests)
{
    struct log_record record = log_mpi_begin(operation, caller, MPI_COMM_NULL);
    log_requests_waiting(requests);
    return record;
}

int MPI_Wait(MPI_Request *request, MPI_Status *status)
{
    struct log_requests requests = log_requests_find(1, request, status, 1);
    struct log_record record = begin(LOG_WAIT, CALLER, &requests);
    int error = PMPI_Wait(request, requests.status);
    machine_progressed();
    log_requests_completed(&requests, 0, 0, error);
    log_mpi_end(record);
    log_requests_free(&requests);
    return error;
}

int MPI_Waitall(int count, MPI_Request handles[], MPI_Status statuses[])
{
    struct log_requests requests = log_requests_find(count, handles, statuses, count);
    struct log_record record = begin(LOG_WAITALL, CALLER, &requests);
    int error = PMPI_Waitall(count, handles, requests.status);
    machine_progressed();
    for (int i = 0; i < requests.count; i++)
        log_requests_completed(&requests, i, i, error);
    log_mpi_end(record);
    log_requests_free(&requests);
    return error;
}

int MPI_Waitany(int count, MPI_Request handles[], int *index, MPI_Status *status)
{
    struct log_requests requests = log_requests_find(count, handles, status, 1);
    struct log_record record = begin(LOG_WAITANY, CALLER, &requests);
    int error = PMPI_Waitany(count, handles, index, requests.status);
    machine_progressed();
    if (*index != MPI_UNDEFINED)
        log_requests_completed(&requests, *index, 0, error);
    log_mpi_end(record);
    log_requests_free(&requests);
    return error;
}

int MPI_Waitsome(int count, MPI_Request handles[], int *completed, int indices[],
                 MPI_Status statuses[])
{
    struct log_requests requests = log_requests_find(count, handles, statuses, count);
    struct log_record record = begin(LOG_WAITSOME, CALLER, &requests);
    int error = PMPI_Waitsome(count, handles, completed, indices, requests.status);
    machine_progressed();
    const bool counted = error == MPI_SUCCESS || error == MPI_ERR_IN_STATUS;
    for (int i = 0; counted && requests.count > 0 && i < *completed; i++)
        log_requests_completed(&requests, indices[i], i, error);
    log_mpi_end(record);
    log_requests_free(&requests);
    return error;
}
