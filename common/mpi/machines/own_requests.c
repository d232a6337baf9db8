/* Requests of non-blocking collectives; see own_requests.h. */
#include "common/mpi/machines/own_requests.h"

#include "common/base/fatal.h"
#include "common/base/machine.h"
#include "common/mpi/machines/beside.h"

#include <dlfcn.h>
#include <simgrid/semaphore.h>
#include <stdlib.h>
#include <string.h>

static struct own_request *own_requests;
unsigned long own_request_completions;
static sg_sem_t completion; /* what this rank waits for while … */
static bool waits_for_completion;

void own_request_find_original(const char *function, void *pointer, size_t bytes)
{
    void *const found = dlsym(RTLD_NEXT, function);
    if (found == NULL)
        fatal("SimGrid has no %s", function);
    memcpy(pointer, &found, bytes);
}

/* ---- begin and end -------------------------------------------------------------------------- */

struct own_request *own_request_find(MPI_Request handle)
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

static void complete(struct own_request *own)
{
    own->is_complete = true;
    own_request_completions++;
    if (waits_for_completion) {
        waits_for_completion = false;
        sg_sem_release(completion);
    }
    machine_progressed();
}

/* Beside the rank: one call of a communicator and, as long as there are any, those that were made behind it. */
static void carry_out(void *argument)
{
    for (struct own_request *own = argument, *next; own != NULL; own = next) {
        own->call.carry_out(&own->call);
        next = own->behind; /* once it is complete, the program may end it */
        complete(own);
    }
}

/* Calls over one communicator are carried out in their order, one after the other. */
static void begin(struct own_request *new)
{
    for (struct own_request *own = new->next; own != NULL; own = own->next)
        if (own->call.line.context == new->call.line.context && !own->is_complete &&
            own->behind == NULL) {
            own->behind = new;
            return;
        }
    beside_start(carry_out, new);
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
    begin(new);
    return MPI_SUCCESS;
}

/* Each call of SimGrid gives the others a turn: what was looked at before may have changed. */
void own_request_wait_for_more(unsigned long seen)
{
    if (completion == NULL)
        completion = sg_sem_init(0);
    if (own_request_completions != seen)
        return;
    waits_for_completion = true;
    sg_sem_acquire(completion);
}

int own_request_end(struct own_request *own, MPI_Request *handle)
{
    ORIGINAL(free_handle, PMPI_Request_free);
    const int error = own->call.error;
    free_handle(&own->handle);
    *handle = MPI_REQUEST_NULL;
    forget(own);
    return error;
}

int own_request_wait_and_end(struct own_request *own, MPI_Request *handle)
{
    for (unsigned long seen = own_request_completions; !own->is_complete;
         seen = own_request_completions)
        own_request_wait_for_more(seen);
    return own_request_end(own, handle);
}
