/*
 * For the wrappers: requests that the program has freed while their message is under way.
 *
 * It may do that (MPI_Request_free), and may use the buffer again when it knows from something
 * else that the message has arrived: from an answer, say. So MPI's request is kept, and looked at
 * behind each call that brings news, for only then can the program have learnt anything. There the
 * buffer must still be as it was sent: while the call lasted, the program could not touch it. If MPI
 * says then that the message is through, that is recorded, and the buffer is the program's. If the
 * buffer has changed, that is recorded: the program has touched it too early.
 *
 * What MPI_Finalize still finds here is left to it.
 */
#include "common/mpi/log_mpi.h"

#include "common/base/fatal.h"
#include "common/base/machine.h"

#include <stdlib.h>

struct freed_request {
    struct freed_request *next;
    MPI_Request handle; /* MPI_REQUEST_NULL: has completed */
    struct log_mpi_request *request;
};

static struct freed_request *freed;

bool log_mpi_keep_freed(struct log_mpi_request *request, MPI_Request *handle)
{
    if (request == NULL || !request->active || request->kind == REQUEST_COLLECTIVE ||
        request->kind == REQUEST_ONE_SIDED)
        return false;
    struct freed_request *new = malloc(sizeof *new);
    if (new == NULL)
        fatal("no memory for the log of a request");
    *new = (struct freed_request){freed, *handle, request};
    freed = new;
    request->taken = true; /* MPI may give the same handle to another one … */
    if (request->variable == handle)
        request->shared = false; /* … but this is the one that was meant */
    *handle = MPI_REQUEST_NULL;
    return true;
}

static bool is_changed(const struct log_mpi_request *request)
{
    bool gone = false;
    if (request->kind != REQUEST_SEND || request->shared || request->start.fingerprint == 0)
        return false;
    return log_mpi_payload_fingerprint(request->payload, &gone) != request->start.fingerprint;
}

/* Is there no more to find out about it? Then it is recorded. */
static bool is_settled(struct freed_request *entry)
{
    struct log_mpi_request *request = entry->request;
    MPI_Status status = {0};
    int complete = 0;
    const int error = staged_test(&entry->handle, &complete, &status);
    if (error == MPI_SUCCESS && !complete && !is_changed(request))
        return false;
    if (complete && entry->handle != MPI_REQUEST_NULL) /* a persistent one */
        staged_request_free(&entry->handle);
    request->taken = false;
    log_mpi_request_completed(request, &status, error, LOG_FLAG_FREED);
    return true;
}

void log_mpi_progressed(void)
{
    machine_progressed();
    staged_look_after_left();
    for (struct freed_request **place = &freed; *place != NULL;) {
        struct freed_request *entry = *place;
        if (!is_settled(entry)) {
            place = &entry->next;
            continue;
        }
        *place = entry->next;
        free(entry);
    }
}
