/*
 * For the profiling wrappers: payloads, and the records of a call.
 */
#include "common/log_mpi.h"

#include "common/flops.h"
#include "common/machine.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- payloads -------------------------------------------------------------------- */

uint64_t log_payload_bytes(struct log_payload payload)
{
    int size;
    /* Beside MPI_IN_PLACE, count and type are not looked at: the program may leave them unset. */
    if (payload.buffer == MPI_IN_PLACE || payload.count <= 0 || payload.type == MPI_DATATYPE_NULL ||
        PMPI_Type_size(payload.type, &size) != MPI_SUCCESS || size <= 0)
        return 0;
    return (uint64_t)payload.count * (uint64_t)size;
}

/* A type whose elements lie one behind the other without gaps. */
static bool is_plain(MPI_Datatype type)
{
    int integers, addresses, types, combiner, size;
    MPI_Aint lower, extent;
    return PMPI_Type_get_envelope(type, &integers, &addresses, &types, &combiner) == MPI_SUCCESS &&
           combiner == MPI_COMBINER_NAMED && PMPI_Type_size(type, &size) == MPI_SUCCESS &&
           PMPI_Type_get_extent(type, &lower, &extent) == MPI_SUCCESS && lower == 0 &&
           extent == size;
}

/* Is there memory at all? The program may have freed a buffer that was still in use. */
static bool is_mapped(const void *buffer, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = (uintptr_t)buffer & ~(page - 1);
    return msync((void *)first, (uintptr_t)buffer + bytes - first, MS_ASYNC) == 0;
}

static uint64_t fingerprint_of_packed(struct log_payload payload)
{
    int room, used = 0;
    if (PMPI_Pack_size(payload.count, payload.type, MPI_COMM_SELF, &room) != MPI_SUCCESS ||
        room <= 0)
        return 0;
    void *packed = malloc((size_t)room);
    if (packed == NULL)
        return 0;
    uint64_t fingerprint = 0;
    if (PMPI_Pack(payload.buffer, payload.count, payload.type, packed, room, &used,
                  MPI_COMM_SELF) == MPI_SUCCESS)
        fingerprint = log_fingerprint(packed, (size_t)used);
    free(packed);
    return fingerprint;
}

uint64_t log_payload_fingerprint(struct log_payload payload, bool *gone)
{
    uint64_t bytes = log_payload_bytes(payload);
    if (bytes == 0 || payload.buffer == NULL || machine_is_folded(payload.buffer))
        return 0;
    if (is_plain(payload.type)) {
        if (!is_mapped(payload.buffer, bytes)) {
            *gone = true;
            return 0;
        }
        return log_fingerprint(payload.buffer, bytes);
    }
    MPI_Aint lower, length, unused, stride;
    if (bytes > INT_MAX ||
        PMPI_Type_get_true_extent(payload.type, &lower, &length) != MPI_SUCCESS ||
        PMPI_Type_get_extent(payload.type, &unused, &stride) != MPI_SUCCESS || stride < 0)
        return 0;
    length += (payload.count - 1) * stride;
    if (!is_mapped((const char *)payload.buffer + lower, (size_t)length)) {
        *gone = true;
        return 0;
    }
    return fingerprint_of_packed(payload);
}

struct log_payload log_payload_of_all(struct log_payload payload, MPI_Comm comm)
{
    int size;
    if (!log_is_open() || comm == MPI_COMM_NULL || PMPI_Comm_size(comm, &size) != MPI_SUCCESS ||
        payload.count > INT_MAX / size)
        return NO_PAYLOAD;
    payload.count *= size;
    return payload;
}

bool log_mpi_is_root(int root, MPI_Comm comm)
{
    int rank;
    return log_is_open() && comm != MPI_COMM_NULL &&
           (root == MPI_ROOT || (PMPI_Comm_rank(comm, &rank) == MPI_SUCCESS && rank == root));
}

/* ---- records ----------------------------------------------------------------------- */

struct log_record log_mpi_receive(enum log_operation operation, enum log_phase phase,
                                  struct log_payload payload, int peer, int tag, MPI_Comm comm)
{
    struct log_record record = log_record_new(operation, phase);
    const struct log_communicator *communicator = log_communicator(comm);
    record.communicator = communicator->number;
    record.peer = log_communicator_peer(communicator, peer);
    record.tag = tag == MPI_ANY_TAG ? LOG_ANY_TAG : tag;
    record.bytes = log_payload_bytes(payload);
    return record;
}

struct log_record log_mpi_send(enum log_operation operation, enum log_phase phase,
                               struct log_payload payload, int peer, int tag, MPI_Comm comm)
{
    struct log_record record = log_mpi_receive(operation, phase, payload, peer, tag, comm);
    bool gone = false;
    record.fingerprint = log_payload_fingerprint(payload, &gone);
    record.flag = gone ? LOG_FLAG_BUFFER_GONE : 0;
    return record;
}

struct log_record log_mpi_collective(enum log_operation operation, enum log_phase phase,
                                     struct log_payload input, int root, MPI_Comm comm)
{
    struct log_record record = log_record_new(operation, phase);
    const struct log_communicator *communicator = log_communicator(comm);
    bool gone;
    record.communicator = communicator->number;
    record.value = communicator->size;
    record.peer = root < 0 ? LOG_NO_PEER : log_communicator_peer(communicator, root);
    record.bytes = log_payload_bytes(input);
    record.fingerprint = log_payload_fingerprint(input, &gone);
    return record;
}

bool log_mpi_enter(void)
{
    flops_spend();
    return log_is_open();
}

static struct log_record append_begin(struct log_record record, uint64_t caller)
{
    record.caller = caller;
    log_append(record);
    return record;
}

struct log_record log_mpi_begin(enum log_operation operation, uint64_t caller, MPI_Comm comm)
{
    if (!log_mpi_enter())
        return (struct log_record){.operation = LOG_NONE};
    struct log_record record = log_record_new(operation, LOG_BEGIN);
    record.communicator = log_communicator(comm)->number;
    return append_begin(record, caller);
}

struct log_record log_mpi_begin_send(enum log_operation operation, uint64_t caller,
                                     struct log_payload payload, int peer, int tag, MPI_Comm comm)
{
    if (!log_mpi_enter())
        return (struct log_record){.operation = LOG_NONE};
    return append_begin(log_mpi_send(operation, LOG_BEGIN, payload, peer, tag, comm), caller);
}

struct log_record log_mpi_begin_receive(enum log_operation operation, uint64_t caller,
                                        struct log_payload payload, int peer, int tag,
                                        MPI_Comm comm)
{
    if (!log_mpi_enter())
        return (struct log_record){.operation = LOG_NONE};
    return append_begin(log_mpi_receive(operation, LOG_BEGIN, payload, peer, tag, comm), caller);
}

struct log_record log_mpi_begin_collective(enum log_operation operation, uint64_t caller,
                                           struct log_payload input, int root, MPI_Comm comm)
{
    if (!log_mpi_enter())
        return (struct log_record){.operation = LOG_NONE};
    return append_begin(log_mpi_collective(operation, LOG_BEGIN, input, root, comm), caller);
}

void log_mpi_end(struct log_record begin)
{
    if (begin.operation == LOG_NONE)
        return;
    begin.phase = LOG_END;
    log_append(begin);
}

void log_mpi_end_collective(struct log_record begin, struct log_payload output)
{
    bool gone;
    machine_progressed();
    if (begin.operation == LOG_NONE)
        return;
    begin.fingerprint = log_payload_fingerprint(output, &gone);
    log_mpi_end(begin);
}

void log_mpi_arrived(struct log_record *record, const MPI_Status *status, int error,
                     const struct log_communicator *communicator, struct log_payload room)
{
    int class = MPI_SUCCESS, cancelled = 0, bytes, count;
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
    record->peer = log_communicator_peer(communicator, status->MPI_SOURCE);
    record->tag = status->MPI_TAG == MPI_ANY_TAG ? LOG_ANY_TAG : status->MPI_TAG;
    if (PMPI_Get_count(status, MPI_BYTE, &bytes) == MPI_SUCCESS && bytes != MPI_UNDEFINED)
        record->bytes = (uint64_t)bytes;
    if (class == MPI_SUCCESS && room.type != MPI_DATATYPE_NULL &&
        PMPI_Get_count(status, room.type, &count) == MPI_SUCCESS && count != MPI_UNDEFINED &&
        count <= room.count) {
        bool gone;
        record->fingerprint =
            log_payload_fingerprint(PAYLOAD(room.buffer, count, room.type), &gone);
    }
}
