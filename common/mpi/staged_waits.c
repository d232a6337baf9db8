/*
 * For the wrappers: the calls that start and complete requests, for those whose messages are from or into the GPU's
 * memory (staged.h). All others go to MPI as they are.
 */
#include "common/mpi/staged.h"

#include "common/base/fatal.h"

#include <stdlib.h>

/* ---- starts --------------------------------------------------------------------------------------------------- */

static void begin(int count, const MPI_Request *requests)
{
    for (int i = 0; staged_requests_exist() && i < count; i++) {
        struct staged_request *request = staged_request_find(requests[i]);
        if (request != NULL)
            staged_request_start(request);
    }
}

int staged_start(MPI_Request *request)
{
    begin(1, request);
    return PMPI_Start(request);
}

int staged_startall(int count, MPI_Request requests[])
{
    begin(count, requests);
    return PMPI_Startall(count, requests);
}

/* ---- what a wait or a test was given ----------------------------------------------------------------------------- */

/* MPI sets the handles of requests that are complete to MPI_REQUEST_NULL: so they are looked up before. */
struct given {
    int count;
    const MPI_Request *handle;       /* the program's */
    struct staged_request **request; /* NULL: one that is not staged, or was forgotten by now */
    MPI_Status *status;              /* the program's, or our own where it wants none */
    bool own_status;
};

static bool is_any(int count, const MPI_Request *requests)
{
    staged_look_after_left();
    for (int i = 0; requests != NULL && i < count; i++)
        if (staged_request_find(requests[i]) != NULL)
            return true;
    return false;
}

static struct given look_up(int count, const MPI_Request *requests, MPI_Status *status,
                            int statuses)
{
    struct given given = {.count = count, .handle = requests, .status = status};
    given.request = calloc((size_t)count + 1, sizeof(struct staged_request *));
    given.own_status = status == MPI_STATUS_IGNORE || status == MPI_STATUSES_IGNORE;
    if (given.own_status)
        given.status = calloc((size_t)statuses + 1, sizeof *given.status);
    if (given.request == NULL || given.status == NULL)
        fatal("no memory for %d requests", count);
    for (int i = 0; i < count; i++) {
        struct staged_request *request = staged_request_find(requests[i]);
        if (request == NULL || request->given) /* a wrong program gives one twice */
            continue;
        request->given = true;
        given.request[i] = request;
    }
    return given;
}

/* Request i, with status number s, is complete, as a call told that returned `error`. */
static void completed(struct given *given, int i, int s, int error)
{
    int class = MPI_SUCCESS;
    if (i < 0 || i >= given->count || given->request[i] == NULL || !given->request[i]->active)
        return;
    if (error != MPI_SUCCESS)
        PMPI_Error_class(error, &class);
    if (staged_request_completed(given->request[i], &given->status[s],
                                 class == MPI_ERR_IN_STATUS ? given->status[s].MPI_ERROR : error))
        given->request[i] = NULL;
}

/* Of several requests that have failed MPI tells of one, and frees all; Open MPI before 5 persistent ones, too. Their
 * handles may be given to others, so they are forgotten. What has come is not known: nothing is brought. */
static int end(struct given *given, int error)
{
    for (int i = 0; i < given->count; i++) {
        if (given->request[i] == NULL)
            continue;
        given->request[i]->given = false;
        if (given->handle[i] == MPI_REQUEST_NULL)
            staged_request_forget(given->request[i]);
    }
    free(given->request);
    if (given->own_status)
        free(given->status);
    return error;
}

/* ---- waits ---------------------------------------------------------------------------------------------------------- */

int staged_wait(MPI_Request *request, MPI_Status *status)
{
    if (!is_any(1, request))
        return PMPI_Wait(request, status);
    struct given given = look_up(1, request, status, 1);
    const int error = PMPI_Wait(request, given.status);
    completed(&given, 0, 0, error);
    return end(&given, error);
}

int staged_waitall(int count, MPI_Request requests[], MPI_Status statuses[])
{
    if (!is_any(count, requests))
        return PMPI_Waitall(count, requests, statuses);
    struct given given = look_up(count, requests, statuses, count);
    const int error = PMPI_Waitall(count, requests, given.status);
    for (int i = 0; i < count; i++)
        completed(&given, i, i, error);
    return end(&given, error);
}

int staged_waitany(int count, MPI_Request requests[], int *index, MPI_Status *status)
{
    if (!is_any(count, requests))
        return PMPI_Waitany(count, requests, index, status);
    struct given given = look_up(count, requests, status, 1);
    const int error = PMPI_Waitany(count, requests, index, given.status);
    if (*index != MPI_UNDEFINED)
        completed(&given, *index, 0, error);
    return end(&given, error);
}

static void some_completed(struct given *given, int count, const int *indices, int error)
{
    int class = MPI_SUCCESS;
    if (error != MPI_SUCCESS)
        PMPI_Error_class(error, &class);
    const bool counted = class == MPI_SUCCESS || class == MPI_ERR_IN_STATUS;
    for (int i = 0; counted && count != MPI_UNDEFINED && i < count; i++)
        completed(given, indices[i], i, error);
}

int staged_waitsome(int count, MPI_Request requests[], int *done, int indices[],
                    MPI_Status statuses[])
{
    if (!is_any(count, requests))
        return PMPI_Waitsome(count, requests, done, indices, statuses);
    struct given given = look_up(count, requests, statuses, count);
    const int error = PMPI_Waitsome(count, requests, done, indices, given.status);
    some_completed(&given, *done, indices, error);
    return end(&given, error);
}

/* ---- tests ----------------------------------------------------------------------------------------------------------- */

int staged_test(MPI_Request *request, int *flag, MPI_Status *status)
{
    if (!is_any(1, request))
        return PMPI_Test(request, flag, status);
    struct given given = look_up(1, request, status, 1);
    const int error = PMPI_Test(request, flag, given.status);
    if (error != MPI_SUCCESS || *flag)
        completed(&given, 0, 0, error);
    return end(&given, error);
}

int staged_testall(int count, MPI_Request requests[], int *flag, MPI_Status statuses[])
{
    if (!is_any(count, requests))
        return PMPI_Testall(count, requests, flag, statuses);
    struct given given = look_up(count, requests, statuses, count);
    const int error = PMPI_Testall(count, requests, flag, given.status);
    for (int i = 0; (error != MPI_SUCCESS || *flag) && i < count; i++)
        completed(&given, i, i, error);
    return end(&given, error);
}

int staged_testany(int count, MPI_Request requests[], int *index, int *flag, MPI_Status *status)
{
    if (!is_any(count, requests))
        return PMPI_Testany(count, requests, index, flag, status);
    struct given given = look_up(count, requests, status, 1);
    const int error = PMPI_Testany(count, requests, index, flag, given.status);
    if ((error != MPI_SUCCESS || *flag) && *index != MPI_UNDEFINED)
        completed(&given, *index, 0, error);
    return end(&given, error);
}

int staged_testsome(int count, MPI_Request requests[], int *done, int indices[],
                    MPI_Status statuses[])
{
    if (!is_any(count, requests))
        return PMPI_Testsome(count, requests, done, indices, statuses);
    struct given given = look_up(count, requests, statuses, count);
    const int error = PMPI_Testsome(count, requests, done, indices, given.status);
    some_completed(&given, *done, indices, error);
    return end(&given, error);
}

/* ---- other ends ------------------------------------------------------------------------------------------------------- */

int staged_request_free(MPI_Request *request)
{
    struct staged_request *known = staged_request_find(*request);
    if (known == NULL)
        return PMPI_Request_free(request);
    if (known->active) {
        staged_request_leave(known);
        *request = MPI_REQUEST_NULL;
        return MPI_SUCCESS;
    }
    const int error = PMPI_Request_free(request);
    if (error == MPI_SUCCESS)
        staged_request_forget(known);
    return error;
}

int staged_request_get_status(MPI_Request request, int *flag, MPI_Status *status)
{
    MPI_Status own, *known = status == MPI_STATUS_IGNORE ? &own : status;
    struct staged_request *staged = staged_request_find(request);
    const int error = PMPI_Request_get_status(request, flag, known);
    if (error == MPI_SUCCESS && *flag && staged != NULL && staged->active)
        staged_request_seen(staged, known);
    return error;
}
