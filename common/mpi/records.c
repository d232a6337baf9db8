/*
 * For the wrappers: the records of a call.
 */
#include "common/mpi/log_mpi.h"

#include "common/base/flops.h"
#include "common/base/machine.h"
#include "common/base/mpi_check.h"

/* ---- records ----------------------------------------------------------------------- */

static struct log_record message(enum log_operation operation, enum log_phase phase,
                                 struct log_mpi_payload payload, int peer, int tag, MPI_Comm comm)
{
    struct log_record record = log_record_new(operation, phase);
    const struct log_mpi_communicator *communicator = log_mpi_communicator(comm);
    record.communicator = communicator->number;
    record.peer = log_mpi_peer(communicator, peer);
    record.tag = tag == MPI_ANY_TAG ? LOG_ANY_TAG : tag;
    record.bytes = log_mpi_payload_bytes(payload);
    return record;
}

static void add_fingerprint(struct log_record *record, struct log_mpi_payload payload)
{
    bool gone = false;
    record->fingerprint = log_mpi_payload_fingerprint(payload, &gone);
    record->flag = gone ? LOG_FLAG_BUFFER_GONE : 0;
}

/* For the message if MPI refuses them, log or no log. */
static void note_values(int half, struct log_mpi_payload payload, int peer, int tag, MPI_Comm comm)
{
    mpi_check_values(half, &(struct mpi_check_values){.buffer = payload.buffer,
                                                      .count = payload.count,
                                                      .type = payload.type,
                                                      .peer = peer,
                                                      .tag = tag,
                                                      .comm = comm});
}

void log_mpi_note_other_half(struct log_mpi_payload payload, int peer, int tag, MPI_Comm comm)
{
    note_values(1, payload, peer, tag, comm);
}

/* ---- the begin of a call ------------------------------------------------------------- */

bool log_mpi_enter_poll(void)
{
    flops_spend();
    log_call(LOG_BEGIN);
    return log_is_open();
}

bool log_mpi_enter(void)
{
    const bool is_open = log_mpi_enter_poll();
    machine_calls();
    return is_open;
}

static const struct log_record none = {.operation = LOG_NONE};

static struct log_record append_begin(struct log_record record, uint64_t caller)
{
    record.caller = caller;
    log_append(record);
    return record;
}

/* The same for a call that starts a request. */
static struct log_record append_start(struct log_record record, uint64_t caller)
{
    record.own_number = log_mpi_request_number();
    return append_begin(record, caller);
}

/* About a communicator, and no more than that. */
static struct log_record about(enum log_operation operation, MPI_Comm comm)
{
    struct log_record record = log_record_new(operation, LOG_BEGIN);
    record.communicator = log_mpi_communicator(comm)->number;
    return record;
}

struct log_record log_mpi_begin(enum log_operation operation, uint64_t caller, MPI_Comm comm)
{
    note_values(0, NO_PAYLOAD, MPI_PROC_NULL, 0, comm);
    return log_mpi_enter() ? append_begin(about(operation, comm), caller) : none;
}

struct log_record log_mpi_begin_send(enum log_operation operation, uint64_t caller,
                                     struct log_mpi_payload payload, int peer, int tag,
                                     MPI_Comm comm)
{
    note_values(0, payload, peer, tag, comm);
    if (!log_mpi_enter())
        return none;
    struct log_record record = message(operation, LOG_BEGIN, payload, peer, tag, comm);
    add_fingerprint(&record, payload);
    return append_begin(record, caller);
}

struct log_record log_mpi_begin_receive(enum log_operation operation, uint64_t caller,
                                        struct log_mpi_payload room, int peer, int tag,
                                        MPI_Comm comm)
{
    note_values(0, room, peer, tag, comm);
    if (!log_mpi_enter())
        return none;
    return append_begin(message(operation, LOG_BEGIN, room, peer, tag, comm), caller);
}

struct log_record log_mpi_start(enum log_operation operation, uint64_t caller, MPI_Comm comm)
{
    note_values(0, NO_PAYLOAD, MPI_PROC_NULL, 0, comm);
    return log_mpi_enter() ? append_start(about(operation, comm), caller) : none;
}

struct log_record log_mpi_start_send(enum log_operation operation, uint64_t caller,
                                     struct log_mpi_payload payload, int peer, int tag,
                                     MPI_Comm comm)
{
    note_values(0, payload, peer, tag, comm);
    if (!log_mpi_enter())
        return none;
    struct log_record record = message(operation, LOG_BEGIN, payload, peer, tag, comm);
    add_fingerprint(&record, payload);
    return append_start(record, caller);
}

struct log_record log_mpi_start_receive(enum log_operation operation, uint64_t caller,
                                        struct log_mpi_payload room, int peer, int tag,
                                        MPI_Comm comm)
{
    note_values(0, room, peer, tag, comm);
    if (!log_mpi_enter())
        return none;
    return append_start(message(operation, LOG_BEGIN, room, peer, tag, comm), caller);
}

struct log_record log_mpi_begin_taken(enum log_operation operation, uint64_t caller,
                                      MPI_Message handle, struct log_mpi_payload room,
                                      MPI_Comm *comm)
{
    struct log_record record = log_mpi_message_take(operation, handle, room, comm);
    return log_mpi_enter() ? append_begin(record, caller) : none;
}

struct log_record log_mpi_start_taken(enum log_operation operation, uint64_t caller,
                                      MPI_Message handle, struct log_mpi_payload room,
                                      MPI_Comm *comm)
{
    struct log_record record = log_mpi_message_take(operation, handle, room, comm);
    return log_mpi_enter() ? append_start(record, caller) : none;
}

void log_mpi_append_send_part(struct log_mpi_payload payload, int peer, int tag, MPI_Comm comm)
{
    struct log_record part = message(LOG_SEND_PART, LOG_INSTANT, payload, peer, tag, comm);
    add_fingerprint(&part, payload);
    log_append(part);
}

void log_mpi_append_receive_part(struct log_mpi_payload room, int peer, int tag, MPI_Comm comm)
{
    log_append(message(LOG_RECV_PART, LOG_INSTANT, room, peer, tag, comm));
}

/* ---- its end ---------------------------------------------------------------------------- */

int log_mpi_end(struct log_record call, int error)
{
    log_call(LOG_END);
    if (call.operation != LOG_NONE) {
        call.phase = LOG_END;
        log_append(call);
    }
    return error == MPI_SUCCESS ? error : log_mpi_failed(error);
}

int log_mpi_end_received(struct log_record call, int error, const MPI_Status *status,
                         struct log_mpi_payload room, MPI_Comm comm)
{
    log_mpi_progressed();
    if (call.operation != LOG_NONE)
        log_mpi_arrived(&call, status, error, log_mpi_communicator(comm), room);
    return log_mpi_end(call, error);
}

int log_mpi_end_started(struct log_record call, int error, enum request_kind kind,
                        const MPI_Request *request, struct log_mpi_payload payload, MPI_Comm comm)
{
    if (error == MPI_SUCCESS)
        log_mpi_request_add(kind, request, call, payload, comm);
    return log_mpi_end(call, error);
}

bool log_mpi_status_bytes(const MPI_Status *status, uint64_t *bytes)
{
    int few;
    MPI_Count many;
    /* Not every MPI_Status is const, where it is only looked at. */
    MPI_Status *looked_at = (MPI_Status *)(uintptr_t)status;
    if (PMPI_Get_count(status, MPI_BYTE, &few) != MPI_SUCCESS)
        return false;
    if (few != MPI_UNDEFINED) {
        *bytes = (uint64_t)few;
        return true;
    }
    /* More than an int holds. */
    if (PMPI_Get_elements_x(looked_at, MPI_BYTE, &many) != MPI_SUCCESS || many < 0)
        return false;
    *bytes = (uint64_t)many;
    return true;
}

void log_mpi_arrived(struct log_record *record, const MPI_Status *status, int error,
                     const struct log_mpi_communicator *communicator, struct log_mpi_payload room)
{
    int class = MPI_SUCCESS, cancelled = 0, count;
    if (error != MPI_SUCCESS)
        PMPI_Error_class(error, &class);
    if (class == MPI_ERR_TRUNCATE)
        record->flag |= LOG_FLAG_TRUNCATED;
    else if (class != MPI_SUCCESS)
        return;
    if (PMPI_Test_cancelled(status, &cancelled) == MPI_SUCCESS && cancelled) {
        record->flag |= LOG_FLAG_CANCELLED;
        return;
    }
    record->peer = log_mpi_peer(communicator, status->MPI_SOURCE);
    record->tag = status->MPI_TAG == MPI_ANY_TAG ? LOG_ANY_TAG : status->MPI_TAG;
    log_mpi_status_bytes(status, &record->bytes);
    if (class == MPI_SUCCESS && room.type != MPI_DATATYPE_NULL &&
        PMPI_Get_count(status, room.type, &count) == MPI_SUCCESS && count != MPI_UNDEFINED &&
        count <= room.count) {
        bool gone;
        record->fingerprint =
            log_mpi_payload_fingerprint(PAYLOAD(room.buffer, count, room.type), &gone);
    }
}
