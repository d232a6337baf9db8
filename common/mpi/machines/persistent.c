/* Persistent sends; see persistent.h. */
#include "common/mpi/machines/persistent.h"

#include "common/base/fatal.h"
#include "common/mpi/log_mpi.h"
#include "common/mpi/machines/own_requests.h"

#include <stdlib.h>

typedef int send_function(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);

struct persistent {
    struct persistent *next;
    MPI_Request handle;
    MPI_Request started; /* MPI_REQUEST_NULL: it is inactive */
    send_function *send;
    const void *buffer;
    int count;
    MPI_Datatype type; /* a copy: the program may free its own */
    int destination, tag;
    MPI_Comm comm;
};

static struct persistent *all;

static struct persistent *find(MPI_Request handle)
{
    struct persistent *found = handle == MPI_REQUEST_NULL ? NULL : all;
    while (found != NULL && found->handle != handle)
        found = found->next;
    return found;
}

/* ---- they are made, and started ------------------------------------------------------------- */

static int make(send_function *make_handle, struct persistent like, MPI_Request *request)
{
    const int error = make_handle(like.buffer, like.count, like.type, like.destination, like.tag,
                                  like.comm, request);
    if (error != MPI_SUCCESS || *request == MPI_REQUEST_NULL)
        return error;
    struct persistent *new = malloc(sizeof *new);
    if (new == NULL)
        fatal("no memory for a request");
    *new = like;
    new->type = log_mpi_keep_type(like.type);
    new->handle = *request;
    new->started = MPI_REQUEST_NULL;
    new->next = all;
    all = new;
    return MPI_SUCCESS;
}

#define MADE_BY(init, start)                                                                       \
    int init(const void *buffer, int count, MPI_Datatype type, int destination, int tag,           \
             MPI_Comm comm, MPI_Request *request)                                                  \
    {                                                                                              \
        ORIGINAL(original, init);                                                                  \
        return make(original,                                                                      \
                    (struct persistent){.send = start,                                             \
                                        .buffer = buffer,                                          \
                                        .count = count,                                            \
                                        .type = type,                                              \
                                        .destination = destination,                                \
                                        .tag = tag,                                                \
                                        .comm = comm},                                             \
                    request);                                                                      \
    }

MADE_BY(PMPI_Send_init, PMPI_Isend)
MADE_BY(PMPI_Bsend_init, PMPI_Ibsend)
MADE_BY(PMPI_Rsend_init, PMPI_Irsend)

int PMPI_Start(MPI_Request *request)
{
    ORIGINAL(original, PMPI_Start);
    struct persistent *own = find(*request);
    if (own == NULL)
        return original(request);
    if (own->started != MPI_REQUEST_NULL)
        return MPI_ERR_REQUEST;
    return own->send(own->buffer, own->count, own->type, own->destination, own->tag, own->comm,
                     &own->started);
}

int PMPI_Startall(int count, MPI_Request requests[])
{
    int error = MPI_SUCCESS;
    for (int i = 0; i < count && error == MPI_SUCCESS; i++)
        error = PMPI_Start(&requests[i]);
    return error;
}

/* ---- they complete -------------------------------------------------------------------------- */

/* The requests with what was started in the handles' place, … */
static MPI_Request *what_was_started(int count, MPI_Request requests[])
{
    if (all == NULL)
        return requests;
    MPI_Request *started = calloc((size_t)count + 1, sizeof(MPI_Request));
    if (started == NULL)
        fatal("no memory for %d requests", count);
    for (int i = 0; i < count; i++) {
        const struct persistent *own = find(requests[i]);
        started[i] = own != NULL ? own->started : requests[i];
    }
    return started;
}

/* … and back. */
static int put_back(int count, MPI_Request requests[], MPI_Request *started, int error)
{
    if (started == requests)
        return error;
    for (int i = 0; i < count; i++) {
        struct persistent *own = find(requests[i]);
        *(own != NULL ? &own->started : &requests[i]) = started[i];
    }
    free(started);
    return error;
}

int persistent_wait(MPI_Request *request, MPI_Status *status)
{
    ORIGINAL(original, PMPI_Wait);
    MPI_Request *started = what_was_started(1, request);
    return put_back(1, request, started, original(started, status));
}

/* SMPI says of no request that it is not complete: MPI, that it is, as an inactive one is. */
int persistent_test(MPI_Request *request, int *flag, MPI_Status *status)
{
    ORIGINAL(original, PMPI_Test);
    MPI_Request *started = what_was_started(1, request);
    const bool is_none = *started == MPI_REQUEST_NULL;
    const int error = original(started, flag, status);
    *flag = *flag || is_none;
    return put_back(1, request, started, error);
}

int persistent_waitall(int count, MPI_Request requests[], MPI_Status statuses[])
{
    ORIGINAL(original, PMPI_Waitall);
    MPI_Request *started = what_was_started(count, requests);
    return put_back(count, requests, started, original(count, started, statuses));
}

int persistent_testall(int count, MPI_Request requests[], int *flag, MPI_Status statuses[])
{
    ORIGINAL(original, PMPI_Testall);
    MPI_Request *started = what_was_started(count, requests);
    return put_back(count, requests, started, original(count, started, flag, statuses));
}

int persistent_waitany(int count, MPI_Request requests[], int *index, MPI_Status *status)
{
    ORIGINAL(original, PMPI_Waitany);
    MPI_Request *started = what_was_started(count, requests);
    return put_back(count, requests, started, original(count, started, index, status));
}

int persistent_testany(int count, MPI_Request requests[], int *index, int *flag, MPI_Status *status)
{
    ORIGINAL(original, PMPI_Testany);
    MPI_Request *started = what_was_started(count, requests);
    return put_back(count, requests, started, original(count, started, index, flag, status));
}

int persistent_waitsome(int count, MPI_Request requests[], int *completed, int indices[],
                        MPI_Status statuses[])
{
    ORIGINAL(original, PMPI_Waitsome);
    MPI_Request *started = what_was_started(count, requests);
    return put_back(count, requests, started,
                    original(count, started, completed, indices, statuses));
}

int persistent_testsome(int count, MPI_Request requests[], int *completed, int indices[],
                        MPI_Status statuses[])
{
    ORIGINAL(original, PMPI_Testsome);
    MPI_Request *started = what_was_started(count, requests);
    return put_back(count, requests, started,
                    original(count, started, completed, indices, statuses));
}
