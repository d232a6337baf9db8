/*
 * Wrappers: what ends a request: waits, tests, MPI_Request_free and MPI_Cancel.
 *
 * A program may call them a million times until one succeeds. So a test is
 * recorded after it has returned, and an unsuccessful one only if anything else
 * was recorded since the last; further ones are counted in the log's header.
 * The unsuccessful one that is recorded also says what it was asked about.
 */
#include "common/mpi/log_mpi.h"

/* ---- waits ------------------------------------------------------------------------------------- */

/* The begin of a wait, and what it waits for. */
static struct log_record begin_wait(enum log_operation operation, uint64_t caller,
                                    const struct log_mpi_requests *requests)
{
    struct log_record call = log_mpi_begin(operation, caller, MPI_COMM_NULL);
    log_mpi_requests_waiting(requests);
    return call;
}

int MPI_Wait(MPI_Request *request, MPI_Status *status)
{
    const bool wrong = log_mpi_requests_are_wrong(1, request, false);
    struct log_mpi_requests requests = log_mpi_requests_find(1, request, status, 1);
    struct log_record call = begin_wait(LOG_WAIT, CALLER, &requests);
    int error = wrong ? log_mpi_refused(MPI_ERR_REQUEST) : staged_wait(request, requests.status);
    log_mpi_progressed();
    log_mpi_requests_completed(&requests, 0, 0, error);
    log_mpi_requests_free(&requests);
    return log_mpi_end(call, error);
}

int MPI_Waitall(int count, MPI_Request handles[], MPI_Status statuses[])
{
    const bool wrong = log_mpi_requests_are_wrong(count, handles, false);
    struct log_mpi_requests requests = log_mpi_requests_find(count, handles, statuses, count);
    struct log_record call = begin_wait(LOG_WAITALL, CALLER, &requests);
    int error =
        wrong ? log_mpi_refused(MPI_ERR_REQUEST) : staged_waitall(count, handles, requests.status);
    log_mpi_progressed();
    for (int i = 0; i < requests.count; i++)
        log_mpi_requests_completed(&requests, i, i, error);
    log_mpi_requests_free(&requests);
    return log_mpi_end(call, error);
}

int MPI_Waitany(int count, MPI_Request handles[], int *index, MPI_Status *status)
{
    const bool wrong = log_mpi_requests_are_wrong(count, handles, false);
    struct log_mpi_requests requests = log_mpi_requests_find(count, handles, status, 1);
    struct log_record call = begin_wait(LOG_WAITANY, CALLER, &requests);
    int error = wrong ? log_mpi_refused(MPI_ERR_REQUEST)
                      : staged_waitany(count, handles, index, requests.status);
    log_mpi_progressed();
    if (!wrong && *index != MPI_UNDEFINED)
        log_mpi_requests_completed(&requests, *index, 0, error);
    log_mpi_requests_free(&requests);
    return log_mpi_end(call, error);
}

int MPI_Waitsome(int count, MPI_Request handles[], int *completed, int indices[],
                 MPI_Status statuses[])
{
    const bool wrong = log_mpi_requests_are_wrong(count, handles, false);
    struct log_mpi_requests requests = log_mpi_requests_find(count, handles, statuses, count);
    struct log_record call = begin_wait(LOG_WAITSOME, CALLER, &requests);
    int error = wrong ? log_mpi_refused(MPI_ERR_REQUEST)
                      : staged_waitsome(count, handles, completed, indices, requests.status);
    log_mpi_progressed();
    const bool counted = error == MPI_SUCCESS || error == MPI_ERR_IN_STATUS;
    for (int i = 0; counted && requests.count > 0 && i < *completed; i++)
        log_mpi_requests_completed(&requests, indices[i], i, error);
    log_mpi_requests_free(&requests);
    return log_mpi_end(call, error);
}

/* ---- tests -------------------------------------------------------------------------------------- */

static struct log_record begin_test(enum log_operation operation, uint64_t caller,
                                    const struct log_mpi_requests *requests, bool successful)
{
    if (!log_is_open() || log_mpi_skip_poll(successful))
        return (struct log_record){.operation = LOG_NONE};
    struct log_record call = log_mpi_begin(operation, caller, MPI_COMM_NULL);
    log_mpi_requests_waiting(requests);
    return call;
}

static int end_test(struct log_record call, int error, struct log_mpi_requests *requests,
                    bool successful)
{
    call.flag = successful ? LOG_FLAG_TRUE : 0;
    log_mpi_end(call, error);
    log_mpi_polled(call, successful);
    log_mpi_requests_free(requests);
    return error;
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
        return staged_test(request, flag, status);
    const bool wrong = log_mpi_requests_are_wrong(1, request, false);
    struct log_mpi_requests requests = log_mpi_requests_find(1, request, status, 1);
    int error =
        wrong ? log_mpi_refused(MPI_ERR_REQUEST) : staged_test(request, flag, requests.status);
    bool successful = error != MPI_SUCCESS || *flag;
    struct log_record call = begin_test(LOG_TEST, CALLER, &requests, successful);
    if (successful)
        log_mpi_requests_completed(&requests, 0, 0, error);
    return end_test(call, error, &requests, successful);
}

/* SMPI's MPI_Testall completes what is complete, even if not all are, and takes the handles, those of persistent requests,
 * too. */
static bool is_gone(const struct log_mpi_requests *requests, int i, const MPI_Request handles[])
{
    return requests->request[i] != NULL && handles[i] == MPI_REQUEST_NULL;
}

int MPI_Testall(int count, MPI_Request handles[], int *flag, MPI_Status statuses[])
{
    if (!is_any_left(count, handles))
        return staged_testall(count, handles, flag, statuses);
    const bool wrong = log_mpi_requests_are_wrong(count, handles, false);
    struct log_mpi_requests requests = log_mpi_requests_find(count, handles, statuses, count);
    int error = wrong ? log_mpi_refused(MPI_ERR_REQUEST)
                      : staged_testall(count, handles, flag, requests.status);
    const bool all = error != MPI_SUCCESS || *flag;
    bool successful = all;
    for (int i = 0; i < requests.count; i++)
        successful = successful || is_gone(&requests, i, handles);
    struct log_record call = begin_test(LOG_TESTALL, CALLER, &requests, successful);
    for (int i = 0; i < requests.count; i++) {
        const bool gone = is_gone(&requests, i, handles);
        if (gone && requests.request[i]->persistent)
            handles[i] = requests.request[i]->handle;
        if (all || gone)
            log_mpi_requests_completed(&requests, i, i, error);
    }
    return end_test(call, error, &requests, successful);
}

int MPI_Testany(int count, MPI_Request handles[], int *index, int *flag, MPI_Status *status)
{
    if (!is_any_left(count, handles))
        return staged_testany(count, handles, index, flag, status);
    const bool wrong = log_mpi_requests_are_wrong(count, handles, false);
    struct log_mpi_requests requests = log_mpi_requests_find(count, handles, status, 1);
    int error = wrong ? log_mpi_refused(MPI_ERR_REQUEST)
                      : staged_testany(count, handles, index, flag, requests.status);
    bool successful = error != MPI_SUCCESS || *flag;
    struct log_record call = begin_test(LOG_TESTANY, CALLER, &requests, successful);
    if (successful && !wrong && *index != MPI_UNDEFINED)
        log_mpi_requests_completed(&requests, *index, 0, error);
    return end_test(call, error, &requests, successful);
}

int MPI_Testsome(int count, MPI_Request handles[], int *completed, int indices[],
                 MPI_Status statuses[])
{
    if (!is_any_left(count, handles))
        return staged_testsome(count, handles, completed, indices, statuses);
    const bool wrong = log_mpi_requests_are_wrong(count, handles, false);
    struct log_mpi_requests requests = log_mpi_requests_find(count, handles, statuses, count);
    int error = wrong ? log_mpi_refused(MPI_ERR_REQUEST)
                      : staged_testsome(count, handles, completed, indices, requests.status);
    bool successful = error != MPI_SUCCESS || *completed != 0;
    struct log_record call = begin_test(LOG_TESTSOME, CALLER, &requests, successful);
    const bool counted = error == MPI_SUCCESS || error == MPI_ERR_IN_STATUS;
    for (int i = 0; counted && requests.count > 0 && i < *completed; i++)
        log_mpi_requests_completed(&requests, indices[i], i, error);
    return end_test(call, error, &requests, successful);
}

/* ---- other ends ----------------------------------------------------------------------------------- */

/* The request that a call is about; the call's record gets its number. */
static struct log_mpi_request *about(struct log_record *call, const MPI_Request *handle)
{
    struct log_mpi_request *request =
        call->operation == LOG_NONE ? NULL : log_mpi_request_find(*handle, handle);
    if (request != NULL)
        call->own_number = request->start.own_number;
    return request;
}

int MPI_Request_free(MPI_Request *handle)
{
    const bool wrong = log_mpi_requests_are_wrong(1, handle, false);
    struct log_record call = log_mpi_begin(LOG_REQUEST_FREE, CALLER, MPI_COMM_NULL);
    struct log_mpi_request *request = about(&call, handle);
    if (log_mpi_keep_freed(request, handle))
        return log_mpi_end(call, MPI_SUCCESS);
    int error = wrong ? log_mpi_refused(MPI_ERR_REQUEST) : staged_request_free(handle);
    if (error == MPI_SUCCESS)
        log_mpi_request_forget(request);
    return log_mpi_end(call, error);
}

/* The request stays until it is waited for. */
int MPI_Cancel(MPI_Request *handle)
{
    const bool wrong = log_mpi_requests_are_wrong(1, handle, false);
    struct log_record call = log_mpi_begin(LOG_CANCEL, CALLER, MPI_COMM_NULL);
    about(&call, handle);
    return log_mpi_end(call, wrong ? log_mpi_refused(MPI_ERR_REQUEST) : PMPI_Cancel(handle));
}
