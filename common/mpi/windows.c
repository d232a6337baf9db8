/*
 * For the wrappers: windows of one-sided communication, and what is asked of them.
 *
 * A window is known by its communicator and its number there: the how-manieth that was made, which
 * all members find without a message, as they all make windows in one order.
 *
 * What a get brings is known when a call has returned behind which it is complete: a flush, an
 * unlock, a fence, a complete. Until then it is kept here, as a request of its own.
 */
#include "common/mpi/log_mpi.h"

#include "common/base/fatal.h"
#include "common/base/mpi_check.h"
#include "common/log/log_fields.h"

#include <stdlib.h>

/* ---- windows ------------------------------------------------------------------------- */

struct pending_get {
    struct pending_get *next;
    struct log_record start;
    struct log_mpi_payload room;
    int target;
};

/* Kept in a list of our own: few exist at a time. */
struct window {
    struct window *next;
    MPI_Win handle;
    struct log_mpi_communicator *communicator;
    int number;
    struct pending_get *first, **last; /* in the order in which they were asked */
};

static struct window *windows;

static struct window *find(MPI_Win handle)
{
    struct window *window = windows;
    while (window != NULL && window->handle != handle)
        window = window->next;
    return window;
}

static void add(MPI_Win handle, MPI_Comm comm, int number)
{
    struct window *new = malloc(sizeof *new);
    if (new == NULL)
        fatal("no memory for the log of a window");
    *new = (struct window){.next = windows,
                           .handle = handle,
                           .communicator = log_mpi_communicator_retain(log_mpi_communicator(comm)),
                           .number = number};
    new->last = &new->first;
    windows = new;
}

static void forget(MPI_Win handle)
{
    struct window **place = &windows, *window = find(handle);
    if (window == NULL)
        return;
    while (*place != window)
        place = &(*place)->next;
    *place = window->next;
    log_mpi_communicator_release(window->communicator);
    free(window);
}

/* ---- records ----------------------------------------------------------------------- */

/* Notes the values of a call for the message if MPI refuses them. Is a log open? */
static bool enter(struct log_mpi_payload payload)
{
    staged_refuse(payload.buffer, STAGED_ONE_SIDED);
    mpi_check_values(0, &(struct mpi_check_values){.buffer = payload.buffer,
                                                   .type = payload.type,
                                                   .count = payload.count,
                                                   .peer = MPI_PROC_NULL,
                                                   .comm = MPI_COMM_NULL});
    return log_mpi_enter();
}

static const struct log_record none = {.operation = LOG_NONE};

/* A call about a window; target -1: about no rank. */
static struct log_record record_of(enum log_operation operation, uint64_t caller, MPI_Win win,
                                   int target)
{
    struct log_record record = log_record_new(operation, LOG_BEGIN);
    const struct window *window = find(win);
    record.caller = caller;
    if (window == NULL)
        return record;
    record.communicator = window->communicator->number;
    record.tag = window->number;
    record.peer = target == -1 ? LOG_NO_PEER : log_mpi_peer(window->communicator, target);
    return record;
}

static struct log_record append(struct log_record begin)
{
    log_append(begin);
    return begin;
}

/* ---- making a window, freeing it ----------------------------------------------------- */

struct log_record log_mpi_begin_window(enum log_operation operation, uint64_t caller,
                                       MPI_Aint bytes, MPI_Comm comm)
{
    struct log_mpi_communicator *communicator = log_mpi_communicator(comm);
    communicator->windows++;
    if (!enter(NO_PAYLOAD))
        return none;
    struct log_record call = log_record_new(operation, LOG_BEGIN);
    call.caller = caller;
    call.communicator = communicator->number;
    call.tag = communicator->windows;
    call.bytes = bytes > 0 ? (uint64_t)bytes : 0;
    return append(call);
}

int log_mpi_end_window(struct log_record call, int error, const MPI_Win *made, MPI_Comm comm)
{
    log_mpi_progressed();
    if (error == MPI_SUCCESS)
        add(*made, comm, log_mpi_communicator(comm)->windows);
    return log_mpi_end(call, error);
}

int log_mpi_end_window_free(struct log_record call, int error, MPI_Win freed)
{
    if (error == MPI_SUCCESS) {
        log_mpi_end_synchronised(none, error, freed, -1);
        forget(freed);
    }
    return log_mpi_end(call, error);
}

/* ---- synchronisation ------------------------------------------------------------------ */

struct log_record log_mpi_begin_on_window(enum log_operation operation, uint64_t caller,
                                          MPI_Win win, int target)
{
    return enter(NO_PAYLOAD) ? append(record_of(operation, caller, win, target)) : none;
}

/* The members are those of the window's group, which the communicator's entry knows. */
static void append_group(MPI_Group group, MPI_Win win, enum log_direction direction)
{
    const struct window *window = find(win);
    MPI_Group all;
    int size;
    if (window == NULL || PMPI_Group_size(group, &size) != MPI_SUCCESS ||
        PMPI_Win_get_group(win, &all) != MPI_SUCCESS)
        return;
    for (int i = 0, rank; i < size; i++)
        if (PMPI_Group_translate_ranks(group, 1, &i, all, &rank) == MPI_SUCCESS &&
            rank != MPI_UNDEFINED)
            log_append(log_record_of_count_part((struct log_count_part){
                .peer = log_mpi_peer(window->communicator, rank), .direction = direction}));
    PMPI_Group_free(&all);
}

struct log_record log_mpi_begin_with_group(enum log_operation operation, uint64_t caller,
                                           MPI_Group group, MPI_Win win)
{
    struct log_record call = log_mpi_begin_on_window(operation, caller, win, -1);
    if (call.operation != LOG_NONE && group != MPI_GROUP_NULL)
        append_group(group, win, operation == LOG_WIN_START ? LOG_GIVES : LOG_GETS);
    return call;
}

static void append_completed(struct log_record start, struct log_mpi_payload room)
{
    bool gone = false;
    struct log_record record = start;
    record.operation = LOG_COMPLETED;
    record.phase = LOG_INSTANT;
    record.caller = 0;
    record.bytes = log_mpi_payload_bytes(room);
    record.fingerprint = log_mpi_payload_fingerprint(room, &gone);
    record.flag = gone ? LOG_FLAG_BUFFER_GONE : 0;
    log_append(record);
}

int log_mpi_end_synchronised(struct log_record call, int error, MPI_Win win, int target)
{
    struct window *window = find(win);
    log_mpi_progressed();
    if (window == NULL || error != MPI_SUCCESS)
        return log_mpi_end(call, error);
    struct pending_get **place = &window->first;
    while (*place != NULL) {
        struct pending_get *get = *place;
        if (target != -1 && get->target != target) {
            place = &get->next;
            continue;
        }
        *place = get->next;
        append_completed(get->start, get->room);
        log_mpi_release_type(get->room.type);
        free(get);
    }
    window->last = place;
    return log_mpi_end(call, error);
}

/* ---- puts and gets ---------------------------------------------------------------------- */

static bool has_request(enum log_operation operation)
{
    return operation >= LOG_RPUT && operation <= LOG_RGET_ACCUMULATE;
}

/* The begin of a put or get, not yet appended. */
static struct log_record moving(enum log_operation operation, uint64_t caller,
                                struct log_mpi_payload payload, int target, MPI_Aint place,
                                MPI_Win win)
{
    struct log_record record = record_of(operation, caller, win, target);
    record.bytes = log_mpi_payload_bytes(payload);
    record.own_value = (double)place;
    return record;
}

static struct log_record append_put(struct log_record record, struct log_mpi_payload payload)
{
    bool gone = false;
    record.fingerprint = log_mpi_payload_fingerprint(payload, &gone);
    record.flag = gone ? LOG_FLAG_BUFFER_GONE : 0;
    return append(record);
}

struct log_record log_mpi_begin_put(enum log_operation operation, uint64_t caller,
                                    struct log_mpi_payload payload, int target, MPI_Aint place,
                                    MPI_Win win)
{
    if (!enter(payload))
        return none;
    struct log_record record = moving(operation, caller, payload, target, place, win);
    if (has_request(operation))
        record.own_number = log_mpi_request_number();
    return append_put(record, payload);
}

struct log_record log_mpi_begin_get(enum log_operation operation, uint64_t caller,
                                    struct log_mpi_payload room, int target, MPI_Aint place,
                                    MPI_Win win)
{
    if (!enter(room))
        return none;
    struct log_record record = moving(operation, caller, room, target, place, win);
    record.own_number = log_mpi_request_number();
    return append(record);
}

struct log_record log_mpi_begin_put_and_get(enum log_operation operation, uint64_t caller,
                                            struct log_mpi_payload payload, int target,
                                            MPI_Aint place, MPI_Win win)
{
    if (!enter(payload))
        return none;
    struct log_record record = moving(operation, caller, payload, target, place, win);
    record.own_number = log_mpi_request_number();
    return append_put(record, payload);
}

int log_mpi_end_get(struct log_record call, int error, struct log_mpi_payload room, int target,
                    MPI_Win win)
{
    struct window *window = find(win);
    if (call.operation == LOG_NONE || error != MPI_SUCCESS || window == NULL)
        return log_mpi_end(call, error);
    struct pending_get *new = malloc(sizeof *new);
    if (new == NULL)
        fatal("no memory for the log of a get");
    *new = (struct pending_get){.start = call, .room = room, .target = target};
    new->room.type = log_mpi_keep_type(room.type);
    *window->last = new;
    window->last = &new->next;
    return log_mpi_end(call, error);
}

int log_mpi_end_started_on_window(struct log_record call, int error, const MPI_Request *request,
                                  struct log_mpi_payload payload)
{
    if (call.operation == LOG_NONE || error != MPI_SUCCESS)
        return log_mpi_end(call, error);
    if (*request == MPI_REQUEST_NULL) /* it is complete already */
        append_completed(call, payload);
    else
        log_mpi_request_add(REQUEST_ONE_SIDED, request, call, payload, MPI_COMM_NULL);
    return log_mpi_end(call, error);
}
