/*
 * Profiling wrappers: the tests.
 *
 * A program may call them a million times until one succeeds. So a test is
 * recorded after it has returned, and an unsuccessful one only if anything else
 * was recorded since the last; further ones are counted in the log's header.
 * The unsuccessful one that is recorded also says what it was asked about.
 */
#include "common/log_mpi.h"

static struct log_record begin(enum log_operation operation, uint64_t caller,
                               const struct log_requests *requests, bool successful)
{
    if (!log_is_open() || log_mpi_skip_poll(successful))
        return (struct log_record){.operation = LOG_NONE};
    struct log_record record = log_mpi_begin(operation, caller, MPI_COMM_NULL);
    log_requests_waiting(requests);
    return record;
}

static void end(struct log_record record, struct log_requests *requests, bool successful)
{
    record.flag = successful ? LOG_FLAG_TRUE : 0;
    log_mpi_end(record);
    log_mpi_polled(record, successful);
    log_requests_free(requests);
}

/* A test of requests that completed long ago always succeeds. It is no news, and a program that
 * polls several requests in turn may do it a million times, too. */
static bool is_any_left(int count, const MPI_Request handles[])
{
    for (int i = 0; handles != NULL && i < count; i++)
        if (handles[i] != MPI_REQUEST_NULL)
            return true;
    return false;
}

int MPI_Test(MPI_Request *request, int *flag, MPI_Status *status)
{
    if (!is_any_left(1, request))
        return PMPI_Test(request, flag, status);
    struct log_requests requests = log_requests_find(1, request, status, 1);
    int error = PMPI_Test(request, flag, requests.status);
    bool successful = error != MPI_SUCCESS || *flag;
    struct log_record record = begin(LOG_TEST, CALLER, &requests, successful);
    if (successful)
        log_requests_completed(&requests, 0, 0, error);
    end(record, &requests, successful);
    return error;
}

int MPI_Testall(int count, MPI_Request handles[], int *flag, MPI_Status statuses[])
{
    if (!is_any_left(count, handles))
        return PMPI_Testall(count, handles, flag, statuses);
    struct log_requests requests = log_requests_find(count, handles, statuses, count);
    int error = PMPI_Testall(count, handles, flag, requests.status);
    bool successful = error != MPI_SUCCESS || *flag;
    struct log_record record = begin(LOG_TESTALL, CALLER, &requests, successful);
    for (int i = 0; successful && i < requests.count; i++)
        log_requests_completed(&requests, i, i, error);
    end(record, &requests, successful);
    return error;
}

int MPI_Testany(int count, MPI_Request handles[], int *index, int *flag, MPI_Status *status)
{
    if (!is_any_left(count, handles))
        return PMPI_Testany(count, handles, index, flag, status);
    struct log_requests requests = log_requests_find(count, handles, status, 1);
    int error = PMPI_Testany(count, handles, index, flag, requests.status);
    bool successful = error != MPI_SUCCESS || *flag;
    struct log_record record = begin(LOG_TESTANY, CALLER, &requests, successful);
    if (successful && *index != MPI_UNDEFINED)
        log_requests_completed(&requests, *index, 0, error);
    end(record, &requests, successful);
    return error;
}

int MPI_Testsome(int count, MPI_Request handles[], int *completed, int indices[],
                 MPI_Status statuses[])
{
    if (!is_any_left(count, handles))
        return PMPI_Testsome(count, handles, completed, indices, statuses);
    struct log_requests requests = log_requests_find(count, handles, statuses, count);
    int error = PMPI_Testsome(count, handles, completed, indices, requests.status);
    bool successful = error != MPI_SUCCESS || *completed != 0;
    struct log_record record = begin(LOG_TESTSOME, CALLER, &requests, successful);
    const bool counted = error == MPI_SUCCESS || error == MPI_ERR_IN_STATUS;
    for (int i = 0; counted && requests.count > 0 && i < *completed; i++)
        log_requests_completed(&requests, indices[i], i, error);
    end(record, &requests, successful);
    return error;
}
