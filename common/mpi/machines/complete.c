/*
 * What completes and frees requests, where own ones may be among them (own_requests.h): all others are
 * SMPI's.
 */
#include "common/mpi/machines/own_requests.h"

#include "common/base/fatal.h"
#include "common/base/machine.h"
#include "common/mpi/machines/beside.h"
#include "common/mpi/machines/persistent.h"

#include <stdlib.h>

/* ---- one request ---------------------------------------------------------------------------- */

int PMPI_Wait(MPI_Request *request, MPI_Status *status)
{
    struct own_request *own = own_request_find(*request);
    if (own == NULL)
        return persistent_wait(request, status);
    const int error = own_request_wait_and_end(own, request);
    persistent_wait(request, status); /* of no request: the empty status */
    return error;
}

int PMPI_Test(MPI_Request *request, int *flag, MPI_Status *status)
{
    struct own_request *own = own_request_find(*request);
    if (own == NULL)
        return persistent_test(request, flag, status);
    *flag = own->is_complete;
    if (!own->is_complete)
        return MPI_SUCCESS;
    const int error = own_request_end(own, request);
    persistent_test(request, flag, status); /* of no request: the empty status */
    return error;
}

/* SMPI forgets a message that is under way when its request is freed, and crashes or waits for ever:
 * here the request stays until the program ends. Those of collectives can't be freed (MPI 3.1, 5.12). */
int PMPI_Request_free(MPI_Request *request)
{
    if (own_request_find(*request) != NULL)
        return MPI_ERR_REQUEST;
    *request = MPI_REQUEST_NULL;
    return MPI_SUCCESS;
}

/* ---- several requests ----------------------------------------------------------------------- */

static int count_own(int count, const MPI_Request requests[])
{
    int own = 0;
    for (int i = 0; i < count; i++)
        own += own_request_find(requests[i]) != NULL;
    return own;
}

/* The same requests, without the own ones. */
static MPI_Request *without_own(int count, const MPI_Request requests[])
{
    MPI_Request *others = calloc((size_t)count + 1, sizeof(MPI_Request));
    if (others == NULL)
        fatal("no memory for %d requests", count);
    for (int i = 0; i < count; i++)
        others[i] = own_request_find(requests[i]) == NULL ? requests[i] : MPI_REQUEST_NULL;
    return others;
}

/* … and back, where the program has the others. */
static void put_back(int count, MPI_Request requests[], MPI_Request *others)
{
    for (int i = 0; i < count; i++)
        if (own_request_find(requests[i]) == NULL)
            requests[i] = others[i];
    free(others);
}

/* The own ones have failed with these errors, if they did; the other statuses are set already. */
static int report(int count, const int errors[], MPI_Status statuses[], int error)
{
    bool failed = false;
    for (int i = 0; i < count; i++)
        failed = failed || errors[i] != MPI_SUCCESS;
    for (int i = 0; failed && statuses != MPI_STATUSES_IGNORE && i < count; i++)
        if (errors[i] != MPI_SUCCESS || error != MPI_ERR_IN_STATUS)
            statuses[i].MPI_ERROR = errors[i];
    return failed ? MPI_ERR_IN_STATUS : error;
}

static int *room_for_errors(int count)
{
    int *errors = calloc((size_t)count + 1, sizeof *errors);
    if (errors == NULL)
        fatal("no memory for %d requests", count);
    return errors;
}

static void end_all_own(int count, MPI_Request requests[], int errors[])
{
    for (int i = 0; i < count; i++) {
        struct own_request *own = own_request_find(requests[i]);
        if (own != NULL)
            errors[i] = own_request_wait_and_end(own, &requests[i]);
    }
}

int PMPI_Waitall(int count, MPI_Request requests[], MPI_Status statuses[])
{
    if (count_own(count, requests) == 0)
        return persistent_waitall(count, requests, statuses);
    int *errors = room_for_errors(count);
    end_all_own(count, requests, errors);
    const int error =
        report(count, errors, statuses, persistent_waitall(count, requests, statuses));
    free(errors);
    return error;
}

int PMPI_Testall(int count, MPI_Request requests[], int *flag, MPI_Status statuses[])
{
    if (count_own(count, requests) == 0)
        return persistent_testall(count, requests, flag, statuses);
    for (int i = 0; i < count; i++) {
        const struct own_request *own = own_request_find(requests[i]);
        if (own != NULL && !own->is_complete) {
            *flag = 0;
            return MPI_SUCCESS;
        }
    }
    MPI_Request *others = without_own(count, requests);
    int error = persistent_testall(count, others, flag, statuses);
    put_back(count, requests, others);
    if (*flag) {
        int *errors = room_for_errors(count);
        end_all_own(count, requests, errors);
        error = report(count, errors, statuses, error);
        free(errors);
    }
    return error;
}

int PMPI_Testany(int count, MPI_Request requests[], int *index, int *flag, MPI_Status *status)
{
    if (count_own(count, requests) == 0)
        return persistent_testany(count, requests, index, flag, status);
    for (int i = 0; i < count; i++) {
        struct own_request *own = own_request_find(requests[i]);
        if (own == NULL || !own->is_complete)
            continue;
        const int error = own_request_end(own, &requests[i]);
        PMPI_Test(&requests[i], flag, status);
        *flag = 1;
        *index = i;
        return error;
    }
    MPI_Request *others = without_own(count, requests);
    const int error = persistent_testany(count, others, index, flag, status);
    put_back(count, requests, others);
    if (*index == MPI_UNDEFINED)
        *flag = 0; /* the own ones are left */
    return error;
}

int PMPI_Testsome(int count, MPI_Request requests[], int *completed, int indices[],
                  MPI_Status statuses[])
{
    if (count_own(count, requests) == 0)
        return persistent_testsome(count, requests, completed, indices, statuses);
    MPI_Request *others = without_own(count, requests);
    int error = persistent_testsome(count, others, completed, indices, statuses);
    put_back(count, requests, others);
    if (*completed == MPI_UNDEFINED)
        *completed = 0;
    int *errors = room_for_errors(count);
    for (int i = 0; i < count; i++) {
        struct own_request *own = own_request_find(requests[i]);
        if (own == NULL || !own->is_complete)
            continue;
        const int next = (*completed)++;
        int flag;
        indices[next] = i;
        errors[next] = own_request_end(own, &requests[i]);
        PMPI_Test(&requests[i], &flag,
                  statuses == MPI_STATUSES_IGNORE ? MPI_STATUS_IGNORE : &statuses[next]);
    }
    error = report(*completed, errors, statuses, error);
    free(errors);
    return error;
}

/* Until one may have completed of which none had when there were so many own_request_completions. */
static void wait_for_any(int count, const MPI_Request requests[], unsigned long seen)
{
    int others = 0;
    for (int i = 0; i < count; i++)
        others += requests[i] != MPI_REQUEST_NULL && own_request_find(requests[i]) == NULL;
    if (others == 0)
        own_request_wait_for_more(seen);
    else
        machine_polled();
}

int PMPI_Waitany(int count, MPI_Request requests[], int *index, MPI_Status *status)
{
    if (count_own(count, requests) == 0)
        return persistent_waitany(count, requests, index, status);
    for (;;) {
        const unsigned long seen = own_request_completions;
        int flag;
        const int error = PMPI_Testany(count, requests, index, &flag, status);
        if (error != MPI_SUCCESS || flag)
            return error;
        wait_for_any(count, requests, seen);
    }
}

int PMPI_Waitsome(int count, MPI_Request requests[], int *completed, int indices[],
                  MPI_Status statuses[])
{
    if (count_own(count, requests) == 0)
        return persistent_waitsome(count, requests, completed, indices, statuses);
    for (;;) {
        const unsigned long seen = own_request_completions;
        const int error = PMPI_Testsome(count, requests, completed, indices, statuses);
        if (error != MPI_SUCCESS || *completed > 0)
            return error;
        wait_for_any(count, requests, seen);
    }
}

/* ---- what a collective under way still needs ------------------------------------------------ */

int PMPI_Type_free(MPI_Datatype *type)
{
    ORIGINAL(original, PMPI_Type_free);
    if (!beside_is_busy())
        return original(type);
    *type = MPI_DATATYPE_NULL;
    return MPI_SUCCESS;
}

int PMPI_Op_free(MPI_Op *op)
{
    ORIGINAL(original, PMPI_Op_free);
    if (!beside_is_busy())
        return original(op);
    *op = MPI_OP_NULL;
    return MPI_SUCCESS;
}

/* The program calls these where the kit has no wrapper. */
int MPI_Type_free(MPI_Datatype *type)
{
    return PMPI_Type_free(type);
}

int MPI_Op_free(MPI_Op *op)
{
    return PMPI_Op_free(op);
}
