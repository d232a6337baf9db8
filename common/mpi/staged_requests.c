/*
 * For the wrappers: requests whose messages are from or into the GPU's memory (staged.h). The host's memory that MPI
 * has in its place stays until they are complete.
 *
 * A request that is complete when its call returns is not kept: MPI may give several of them one and the same handle.
 */
#include "common/mpi/staged.h"

#include "common/base/fatal.h"
#include "common/mpi/log_mpi.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 256

static struct staged_request *bucket[BUCKETS];
static size_t kept;
static struct staged_request *left; /* that the program has freed */

static struct staged_request **bucket_of(MPI_Request handle)
{
    uint64_t key = 0;
    _Static_assert(sizeof handle <= sizeof key, "handles are pointers or integers");
    memcpy(&key, &handle, sizeof handle);
    return &bucket[(key * 0x9e3779b97f4a7c15u) >> 56];
}

bool staged_requests_exist(void)
{
    return kept > 0 || left != NULL;
}

struct staged_request *staged_request_find(MPI_Request handle)
{
    if (kept == 0 || handle == MPI_REQUEST_NULL)
        return NULL;
    struct staged_request *request = *bucket_of(handle);
    while (request != NULL && request->handle != handle)
        request = request->next;
    return request;
}

static void take_out(struct staged_request *request)
{
    struct staged_request **place = bucket_of(request->handle);
    while (*place != request)
        place = &(*place)->next;
    *place = request->next;
    kept--;
}

static void end(struct staged_request *request)
{
    staged_clear(&request->staged);
    free(request);
}

void staged_request_forget(struct staged_request *request)
{
    take_out(request);
    end(request);
}

static struct staged_request *add(struct staged *staged, const MPI_Request *handle, bool is_receive)
{
    struct staged_request *new = calloc(1, sizeof *new);
    if (new == NULL)
        fatal("no memory for a request of the GPU");
    new->handle = *handle;
    new->staged = *staged;
    new->is_receive = is_receive;
    new->active = true;
    struct staged_request **place = bucket_of(*handle);
    new->next = *place;
    *place = new;
    kept++;
    *staged = (struct staged){0};
    return new;
}

/* ---- the beginning ------------------------------------------------------------------------------------------- */

static int started(struct staged *staged, int error, const MPI_Request *request, bool is_receive)
{
    MPI_Status status;
    int complete = 0;
    if (!staged->is_staged)
        return error;
    if (error != MPI_SUCCESS) {
        staged_clear(staged);
        return error;
    }
    if (PMPI_Request_get_status(*request, &complete, &status) == MPI_SUCCESS && complete) {
        staged_bring(staged, is_receive ? staged_arrived(staged, &status) : UINT64_MAX);
        staged_clear(staged);
    } else {
        add(staged, request, is_receive);
    }
    return error;
}

int staged_started(struct staged *staged, int error, const MPI_Request *request)
{
    return started(staged, error, request, false);
}

int staged_posted(struct staged *staged, int error, const MPI_Request *request)
{
    return started(staged, error, request, true);
}

int staged_made(struct staged *staged, int error, const MPI_Request *request)
{
    if (!staged->is_staged)
        return error;
    if (error != MPI_SUCCESS) {
        staged_clear(staged);
        return error;
    }
    struct staged_request *made = add(staged, request, staged->comes.count > 0);
    made->persistent = true;
    made->active = false;
    return error;
}

void staged_request_start(struct staged_request *request)
{
    if (!request->persistent || request->active)
        return;
    request->active = true;
    request->brought = false;
    request->staged.asked = device_now();
    staged_fetch(&request->staged);
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

/* What has come is brought, once. */
void staged_request_seen(struct staged_request *request, const MPI_Status *status)
{
    if (request->brought)
        return;
    const uint64_t bytes =
        request->is_receive ? staged_arrived(&request->staged, status) : UINT64_MAX;
    if (request->persistent)
        staged_bring_copy(&request->staged, bytes);
    else
        staged_bring(&request->staged, bytes);
    request->brought = true;
}

bool staged_request_completed(struct staged_request *request, const MPI_Status *status, int error)
{
    const bool persistent = request->persistent;
    int class = MPI_SUCCESS;
    if (error != MPI_SUCCESS)
        PMPI_Error_class(error, &class);
    if (class != MPI_SUCCESS && class != MPI_ERR_TRUNCATE)
        return false; /* of another request, perhaps: MPI may still use the memory */
    staged_request_seen(request, status);
    request->active = false;
    if (!request->persistent)
        staged_request_forget(request);
    return !persistent;
}

/* ---- requests that the program has freed --------------------------------------------------------------------------- */

/* Those that were left before may be complete by now: else a program that never waits would keep all of them. */
void staged_request_leave(struct staged_request *request)
{
    staged_look_after_left();
    take_out(request);
    request->next = left;
    left = request;
}

void staged_look_after_left(void)
{
    for (struct staged_request **place = &left; *place != NULL;) {
        struct staged_request *request = *place;
        MPI_Status status;
        int complete = 0;
        const int error = PMPI_Test(&request->handle, &complete, &status);
        if (error != MPI_SUCCESS ? request->handle != MPI_REQUEST_NULL : !complete) {
            place = &request->next;
            continue;
        }
        *place = request->next;
        if (error == MPI_SUCCESS)
            staged_request_seen(request, &status);
        if (request->handle != MPI_REQUEST_NULL)
            PMPI_Request_free(&request->handle);
        end(request);
    }
}
