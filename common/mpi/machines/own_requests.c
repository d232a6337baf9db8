/* Requests of non-blocking collectives; see own_requests.h. */
#include "common/mpi/machines/own_requests.h"

#include "common/base/fatal.h"
#include "common/base/machine.h"
#include "common/mpi/machines/beside.h"

#include <dlfcn.h>
#include <simgrid/semaphore.h>
#include <stdlib.h>
#include <string.h>

struct own_request {
    struct own_request *next;
    MPI_Request handle;
    bool is_complete;
    struct collective call;
};

static struct own_request *own_requests;
static unsigned long completions; /* how many there were */
static sg_sem_t completion;       /* what this rank waits for while … */
static bool waits_for_completion;

/* SMPI's own function: pointers to functions don't fit through a void pointer but in this way. */
#define ORIGINAL(name, function)                                                                   \
    static __typeof__(function) *name;                                                             \
    if (name == NULL)                                                                              \
    find_original(#function, &name, sizeof name)

static void find_original(const char *function, void *pointer, size_t bytes)
{
    void *const found = dlsym(RTLD_NEXT, function);
    if (found == NULL)
        fatal("SimGrid has no %s", function);
    memcpy(pointer, &found, bytes);
}

/* ---- begin and end ------------------------------------------------------------------------------------- */

static struct own_request *find(MPI_Request handle)
{
    if (handle == MPI_REQUEST_NULL)
        return NULL;
    for (struct own_request *own = own_requests; own != NULL; own = own->next)
        if (own->handle == handle)
            return own;
    return NULL;
}

static void forget(struct own_request *gone)
{
    struct own_request **place = &own_requests;
    while (*place != gone)
        place = &(*place)->next;
    *place = gone->next;
    collective_free(&gone->call);
    free(gone);
}

/* Beside the rank. */
static void carry_out(void *argument)
{
    struct own_request *own = argument;
    own->call.carry_out(&own->call);
    own->is_complete = true;
    completions++;
    if (waits_for_completion) {
        waits_for_completion = false;
        sg_sem_release(completion);
    }
    machine_progressed();
}

int own_request_start(const struct collective *call, MPI_Request *request)
{
    struct own_request *new = calloc(1, sizeof *new);
    if (new == NULL)
        fatal("no memory for a request");
    /* It is never started; like a real one it keeps the communicator alive. */
    const int error = PMPI_Recv_init(NULL, 0, MPI_BYTE, call->rank, 0, call->comm, &new->handle);
    if (error != MPI_SUCCESS) {
        free(new);
        return error;
    }
    new->call = *call;
    new->next = own_requests;
    own_requests = new;
    *request = new->handle;
    beside_start(carry_out, new);
    return MPI_SUCCESS;
}

/* Until there are more than `seen`. Each call of SimGrid gives the others a turn: what was looked at
 * before may have changed. */
static void wait_for_completion(unsigned long seen)
{
    if (completion == NULL)
        completion = sg_sem_init(0);
    if (completions != seen)
        return;
    waits_for_completion = true;
    sg_sem_acquire(completion);
}

/* The program's handle is done with. Returns the error of what it stood for. */
static int end(struct own_request *own, MPI_Request *handle)
{
    ORIGINAL(free_handle, PMPI_Request_free);
    const int error = own->call.error;
    free_handle(&own->handle);
    *handle = MPI_REQUEST_NULL;
    forget(own);
    return error;
}

static int wait_and_end(struct own_request *own, MPI_Request *handle)
{
    for (unsigned long seen = completions; !own->is_complete; seen = completions)
        wait_for_completion(seen);
    return end(own, handle);
}

/* ---- one request ----------------------------------------------------------------------------------------- */

int PMPI_Wait(MPI_Request *request, MPI_Status *status)
{
    ORIGINAL(original, PMPI_Wait);
    struct own_request *own = find(*request);
    if (own == NULL)
        return original(request, status);
    const int error = wait_and_end(own, request);
    original(request, status); /* of no request: the empty status */
    return error;
}

int PMPI_Test(MPI_Request *request, int *flag, MPI_Status *status)
{
    ORIGINAL(original, PMPI_Test);
    struct own_request *own = find(*request);
    if (own == NULL)
        return original(request, flag, status);
    *flag = own->is_complete;
    if (!own->is_complete)
        return MPI_SUCCESS;
    const int error = end(own, request);
    original(request, flag, status); /* which says of no request that it is not complete */
    *flag = 1;
    return error;
}

/* SMPI forgets a message that is under way when its request is freed, and crashes or waits for ever:
 * here the request stays until the program ends. Those of collectives can't be freed (MPI 3.1, 5.12). */
int PMPI_Request_free(MPI_Request *request)
{
    if (find(*request) != NULL)
        return MPI_ERR_REQUEST;
    *request = MPI_REQUEST_NULL;
    return MPI_SUCCESS;
}

/* ---- several requests -------------------------------------------------------------------------------------- */

static int count_own(int count, const MPI_Request requests[])
{
    int own = 0;
    for (int i = 0; own_requests != NULL && i < count; i++)
        own += find(requests[i]) != NULL;
    return own;
}

/* The same requests, without the own ones. */
static MPI_Request *without_own(int count, const MPI_Request requests[])
{
    MPI_Request *others = calloc((size_t)count + 1, sizeof(MPI_Request));
    if (others == NULL)
        fatal("no memory for %d requests", count);
    for (int i = 0; i < count; i++)
        others[i] = find(requests[i]) == NULL ? requests[i] : MPI_REQUEST_NULL;
    return others;
}

/* … and back, where the program has the others. */
static void put_back(int count, MPI_Request requests[], MPI_Request *others)
{
    for (int i = 0; i < count; i++)
        if (find(requests[i]) == NULL)
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
        struct own_request *own = find(requests[i]);
        if (own != NULL)
            errors[i] = wait_and_end(own, &requests[i]);
    }
}

int PMPI_Waitall(int count, MPI_Request requests[], MPI_Status statuses[])
{
    ORIGINAL(original, PMPI_Waitall);
    if (count_own(count, requests) == 0)
        return original(count, requests, statuses);
    int *errors = room_for_errors(count);
    end_all_own(count, requests, errors);
    const int error = report(count, errors, statuses, original(count, requests, statuses));
    free(errors);
    return error;
}

int PMPI_Testall(int count, MPI_Request requests[], int *flag, MPI_Status statuses[])
{
    ORIGINAL(original, PMPI_Testall);
    if (count_own(count, requests) == 0)
        return original(count, requests, flag, statuses);
    for (int i = 0; i < count; i++) {
        const struct own_request *own = find(requests[i]);
        if (own != NULL && !own->is_complete) {
            *flag = 0;
            return MPI_SUCCESS;
        }
    }
    MPI_Request *others = without_own(count, requests);
    int error = original(count, others, flag, statuses);
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
    ORIGINAL(original, PMPI_Testany);
    if (count_own(count, requests) == 0)
        return original(count, requests, index, flag, status);
    for (int i = 0; i < count; i++) {
        struct own_request *own = find(requests[i]);
        if (own == NULL || !own->is_complete)
            continue;
        const int error = end(own, &requests[i]);
        PMPI_Test(&requests[i], flag, status);
        *flag = 1;
        *index = i;
        return error;
    }
    MPI_Request *others = without_own(count, requests);
    const int error = original(count, others, index, flag, status);
    put_back(count, requests, others);
    if (*index == MPI_UNDEFINED)
        *flag = 0; /* the own ones are left */
    return error;
}

int PMPI_Testsome(int count, MPI_Request requests[], int *completed, int indices[],
                  MPI_Status statuses[])
{
    ORIGINAL(original, PMPI_Testsome);
    if (count_own(count, requests) == 0)
        return original(count, requests, completed, indices, statuses);
    MPI_Request *others = without_own(count, requests);
    int error = original(count, others, completed, indices, statuses);
    put_back(count, requests, others);
    if (*completed == MPI_UNDEFINED)
        *completed = 0;
    int *errors = room_for_errors(count);
    for (int i = 0; i < count; i++) {
        struct own_request *own = find(requests[i]);
        if (own == NULL || !own->is_complete)
            continue;
        const int next = (*completed)++;
        int flag;
        indices[next] = i;
        errors[next] = end(own, &requests[i]);
        PMPI_Test(&requests[i], &flag,
                  statuses == MPI_STATUSES_IGNORE ? MPI_STATUS_IGNORE : &statuses[next]);
    }
    error = report(*completed, errors, statuses, error);
    free(errors);
    return error;
}

/* Until one may have completed of which none had when there were so many completions. */
static void wait_for_any(int count, const MPI_Request requests[], unsigned long seen)
{
    int others = 0;
    for (int i = 0; i < count; i++)
        others += requests[i] != MPI_REQUEST_NULL && find(requests[i]) == NULL;
    if (others == 0)
        wait_for_completion(seen);
    else
        machine_polled();
}

int PMPI_Waitany(int count, MPI_Request requests[], int *index, MPI_Status *status)
{
    ORIGINAL(original, PMPI_Waitany);
    if (count_own(count, requests) == 0)
        return original(count, requests, index, status);
    for (;;) {
        const unsigned long seen = completions;
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
    ORIGINAL(original, PMPI_Waitsome);
    if (count_own(count, requests) == 0)
        return original(count, requests, completed, indices, statuses);
    for (;;) {
        const unsigned long seen = completions;
        const int error = PMPI_Testsome(count, requests, completed, indices, statuses);
        if (error != MPI_SUCCESS || *completed > 0)
            return error;
        wait_for_any(count, requests, seen);
    }
}

/* ---- what a collective under way still needs ---------------------------------------------------------------- */

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
