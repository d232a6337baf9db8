/*
 * For the wrappers: from MPI_Request handles to what the log knows.
 *
 * MPI may give one and the same handle to several requests (Open MPI does, for
 * short sends that are complete at once). They are told apart by the variable
 * that the program first kept them in, else taken in the order in which they
 * were made; and their buffers, which may belong to another one, are not read.
 */
#include "common/mpi/collective.h"
#include "common/mpi/log_mpi.h"

#include "common/base/fatal.h"
#include "common/base/machine.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024

static struct log_mpi_request *bucket[BUCKETS];

static struct log_mpi_request **bucket_of(MPI_Request handle)
{
    uint64_t key;
    _Static_assert(sizeof handle <= sizeof key, "handles are pointers or integers");
    key = 0;
    memcpy(&key, &handle, sizeof handle);
    return &bucket[(key * 0x9e3779b97f4a7c15u) >> 54];
}

uint64_t log_mpi_request_number(void)
{
    static uint64_t last;
    return ++last;
}

struct log_mpi_request *log_mpi_request_add(enum request_kind kind, const MPI_Request *request,
                                            struct log_record start, struct log_mpi_payload payload,
                                            MPI_Comm comm)
{
    if (start.operation == LOG_NONE || *request == MPI_REQUEST_NULL)
        return NULL;
    struct log_mpi_request *new = calloc(1, sizeof *new);
    if (new == NULL)
        fatal("no memory for the log of a request");
    new->handle = *request;
    new->variable = request;
    new->kind = kind;
    new->active = true;
    new->start = start;
    new->payload = payload;
    new->payload.type = log_mpi_keep_type(payload.type);
    new->communicator = log_mpi_communicator_retain(log_mpi_communicator(comm));

    struct log_mpi_request **place = bucket_of(new->handle);
    while (*place != NULL) {
        if ((*place)->handle == new->handle)
            (*place)->shared = new->shared = true;
        place = &(*place)->next;
    }
    *place = new;
    return new;
}

struct log_mpi_request *log_mpi_request_find(MPI_Request handle, const MPI_Request *variable)
{
    struct log_mpi_request *oldest = NULL;
    if (handle == MPI_REQUEST_NULL)
        return NULL;
    for (struct log_mpi_request *entry = *bucket_of(handle); entry != NULL; entry = entry->next) {
        if (entry->handle != handle || entry->taken)
            continue;
        if (entry->variable == variable)
            return entry;
        if (oldest == NULL)
            oldest = entry;
    }
    return oldest;
}

bool log_mpi_request_is_known(MPI_Request handle)
{
    for (struct log_mpi_request *entry = *bucket_of(handle); entry != NULL; entry = entry->next)
        if (entry->handle == handle)
            return true;
    return false;
}

void log_mpi_request_forget(struct log_mpi_request *request)
{
    if (request == NULL)
        return;
    struct log_mpi_request **place = bucket_of(request->handle);
    while (*place != request)
        place = &(*place)->next;
    *place = request->next;
    log_mpi_release_type(request->payload.type);
    log_mpi_view_clear(&request->goes_in);
    log_mpi_view_clear(&request->comes_out);
    log_mpi_communicator_release(request->communicator);
    free(request);
}

static void complete_collective(struct log_mpi_request *request, struct log_record *record)
{
    if (request->shared)
        request->comes_out.buffer = LOG_MPI_UNSEEN;
    else
        log_mpi_collective_kept(&request->goes_in, request->start.fingerprint, record);
    if (request->made != NULL && log_mpi_is_mapped(request->made, sizeof(MPI_Comm)))
        log_mpi_number_copy(*request->made, request->made_number, request->start.communicator,
                            request->start.caller);
    log_mpi_collective_completed(&request->comes_out, record);
}

void log_mpi_request_completed(struct log_mpi_request *request, const MPI_Status *status, int error,
                               uint8_t flag)
{
    struct log_record record = request->start;
    struct log_mpi_payload payload = request->payload;
    bool gone = false;
    record.operation = LOG_COMPLETED;
    record.phase = LOG_INSTANT;
    record.caller = 0;
    record.flag = flag;
    record.fingerprint = 0;
    if (request->shared)
        payload.buffer = NULL;
    if (request->kind == REQUEST_RECEIVE) {
        log_mpi_arrived(&record, status, error, request->communicator, payload);
    } else {
        int cancelled = 0;
        if (PMPI_Test_cancelled(status, &cancelled) == MPI_SUCCESS && cancelled)
            record.flag |= LOG_FLAG_CANCELLED;
        record.fingerprint = log_mpi_payload_fingerprint(payload, &gone);
        if (gone)
            record.flag |= LOG_FLAG_BUFFER_GONE;
        /* What comes need not be as large as what goes out. */
        if (request->kind == REQUEST_ONE_SIDED)
            record.bytes = log_mpi_payload_bytes(payload);
    }
    if (request->kind == REQUEST_COLLECTIVE)
        complete_collective(request, &record);
    log_append(record);
    if (request->persistent && (flag & LOG_FLAG_FREED) == 0)
        request->active = false;
    else
        log_mpi_request_forget(request);
}

/* ---- what a wait or a test was given ---------------------------------------------------- */

struct log_mpi_requests log_mpi_requests_find(int count, const MPI_Request *handles,
                                              MPI_Status *status, int statuses)
{
    struct log_mpi_requests requests = {.status = status};
    if (!log_mpi_enter_poll() || count < 0 || (count > 0 && handles == NULL))
        return requests;
    if (status == MPI_STATUS_IGNORE || status == MPI_STATUSES_IGNORE) {
        requests.own_status = true;
        requests.status = calloc((size_t)statuses + 1, sizeof *requests.status);
    }
    requests.request = calloc((size_t)count + 1, sizeof(struct log_mpi_request *));
    if (requests.status == NULL || requests.request == NULL)
        fatal("no memory for the log of %d requests", count);
    requests.count = count;
    for (int i = 0; i < count; i++) {
        struct log_mpi_request *request = log_mpi_request_find(handles[i], &handles[i]);
        if (request == NULL || !request->active)
            continue;
        request->taken = true;
        requests.request[i] = request;
    }
    return requests;
}

void log_mpi_requests_waiting(const struct log_mpi_requests *requests)
{
    for (int i = 0; i < requests->count; i++) {
        if (requests->request[i] == NULL)
            continue;
        struct log_record record = requests->request[i]->start;
        record.operation = LOG_WAITING_FOR;
        record.phase = LOG_INSTANT;
        record.caller = 0;
        record.fingerprint = 0;
        log_append(record);
    }
}

void log_mpi_requests_completed(struct log_mpi_requests *requests, int i, int s, int error)
{
    if (i < 0 || i >= requests->count || requests->request[i] == NULL)
        return;
    int class = MPI_SUCCESS;
    if (error != MPI_SUCCESS)
        PMPI_Error_class(error, &class);
    if (class == MPI_ERR_IN_STATUS)
        error = requests->status[s].MPI_ERROR;
    if (error == MPI_ERR_PENDING)
        return;
    struct log_mpi_request *request = requests->request[i];
    requests->request[i] = NULL;
    request->taken = false;
    log_mpi_request_completed(request, &requests->status[s], error, 0);
}

void log_mpi_requests_free(struct log_mpi_requests *requests)
{
    for (int i = 0; i < requests->count; i++)
        if (requests->request[i] != NULL)
            requests->request[i]->taken = false;
    free(requests->request);
    if (requests->own_status)
        free(requests->status);
}

/* ---- messages that a probe has taken ------------------------------------------------------- */

/* MPI_Message handles, from the probe that took the message to the call that receives it. Few exist
 * at a time. */
struct taken_message {
    struct taken_message *next;
    MPI_Message handle;
    struct log_record probe; /* with peer and tag as they turned out */
    MPI_Comm comm;
};

static struct taken_message *messages;

void log_mpi_message_add(MPI_Message handle, struct log_record probe, MPI_Comm comm)
{
    if (handle == MPI_MESSAGE_NULL || handle == MPI_MESSAGE_NO_PROC)
        return;
    struct taken_message *message = malloc(sizeof *message);
    if (message == NULL)
        fatal("no memory for the log of a message");
    *message = (struct taken_message){messages, handle, probe, comm};
    messages = message;
}

struct log_record log_mpi_message_take(enum log_operation operation, MPI_Message handle,
                                       struct log_mpi_payload room, MPI_Comm *comm)
{
    struct log_record record = log_record_new(operation, LOG_BEGIN);
    *comm = MPI_COMM_NULL;
    record.peer = handle == MPI_MESSAGE_NO_PROC ? LOG_PEER_NULL : LOG_NO_PEER;
    record.bytes = log_mpi_payload_bytes(room);
    for (struct taken_message **place = &messages; *place != NULL; place = &(*place)->next) {
        struct taken_message *message = *place;
        if (message->handle != handle)
            continue;
        record.peer = message->probe.peer;
        record.tag = message->probe.tag;
        record.communicator = message->probe.communicator;
        *comm = message->comm;
        *place = message->next;
        free(message);
        break;
    }
    return record;
}

/* ---- polling ------------------------------------------------------------------------------ */

static uint64_t last_poll; /* number of the record of the last unsuccessful poll */

bool log_mpi_skip_poll(bool successful)
{
    if (successful || last_poll == 0 || last_poll != log_sequence())
        return false;
    log_count_poll();
    return true;
}

void log_mpi_polled(struct log_record record, bool successful)
{
    if (successful) {
        log_mpi_progressed();
        return;
    }
    if (record.operation != LOG_NONE)
        last_poll = log_sequence();
    machine_polled();
}
