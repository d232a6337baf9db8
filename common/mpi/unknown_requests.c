/*
 * For the wrappers: requests that no call has made, in variables that were never set.
 *
 * MPI looks behind a handle, and what lies behind an invented one is anything: it may complain, crash,
 * wait for ever, or find a request of somebody else's. So what no call has made is noted before MPI sees
 * it: for MPI's complaint, and in the log for who diagnoses a crash. Where there is no memory at all behind it,
 * or MPI_Start is given something else than a persistent request, the call is refused as MPI would.
 *
 * A generalized request (MPI_Grequest_start) has no record and is unknown here, and right.
 */
#include "common/mpi/log_mpi.h"

#include "common/base/mpi_check.h"
#include "common/log/log_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Is there anything where a handle points? Where handles are no pointers, MPI knows its own. */
static bool is_pointer_to_nothing(MPI_Request handle)
{
    const void *pointer = NULL;
    if (sizeof handle != sizeof pointer)
        return false;
    memcpy(&pointer, &handle, sizeof pointer);
    return pointer != NULL && !log_mpi_is_mapped(pointer, 1);
}

static void note(int i, int count, const char *what)
{
    static char text[300];
    char which[80] = "the request";
    if (count > 1)
        snprintf(which, sizeof which, "request %d of %d (counted from 0)", i, count);
    snprintf(text, sizeof text, "%s %s", which, what);
    mpi_check_request(text);
}

static void note_unknown(int i, int count, MPI_Request handle)
{
    /* Of a request that is asked about again and again, once. */
    static MPI_Request last = MPI_REQUEST_NULL;
    if (handle != last)
        log_append(log_record_of_unknown_request(i, count));
    last = handle;
    note(i, count,
         "was made by no call that starts one: was its variable ever set? (MPI_REQUEST_NULL is for "
         "none)");
}

static bool can_not_start(int i, int count, const MPI_Request *handle)
{
    if (*handle == MPI_REQUEST_NULL) {
        note(i, count,
             "is MPI_REQUEST_NULL: MPI_Send_init or MPI_Recv_init make what can be started");
        return true;
    }
    const struct log_mpi_request *request = log_mpi_request_find(*handle, handle);
    if (request == NULL || request->persistent)
        return false;
    char what[160];
    snprintf(
        what, sizeof what,
        "is one of %s, which has started already: MPI_Send_init or MPI_Recv_init make what can be "
        "started",
        log_operation_name(request->start.operation));
    note(i, count, what);
    return true;
}

bool log_mpi_requests_are_wrong(int count, const MPI_Request *handles, bool starts)
{
    mpi_check_request(NULL);
    if (!log_is_open() || handles == NULL)
        return false;
    bool noted = false;
    for (int i = 0; i < count; i++) {
        if (starts && can_not_start(i, count, &handles[i]))
            return true;
        if (handles[i] == MPI_REQUEST_NULL || log_mpi_request_is_known(handles[i]))
            continue;
        const bool refused = is_pointer_to_nothing(handles[i]);
        if (refused || !noted) /* one that only might be wrong: the first */
            note_unknown(i, count, handles[i]);
        if (refused)
            return true;
        noted = true;
    }
    return false;
}
