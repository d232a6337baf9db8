/*
 * For the wrappers: payloads, their sizes and fingerprints.
 */
#include "common/mpi/log_mpi.h"

#include "common/base/machine.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

uint64_t log_mpi_payload_bytes(struct log_mpi_payload payload)
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

static uint64_t fingerprint_of_packed(struct log_mpi_payload payload)
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

uint64_t log_mpi_payload_fingerprint(struct log_mpi_payload payload, bool *gone)
{
    uint64_t bytes = log_mpi_payload_bytes(payload);
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

MPI_Datatype log_mpi_keep_type(MPI_Datatype type)
{
    int integers, addresses, types, combiner;
    if (type == MPI_DATATYPE_NULL ||
        PMPI_Type_get_envelope(type, &integers, &addresses, &types, &combiner) != MPI_SUCCESS ||
        combiner == MPI_COMBINER_NAMED)
        return type;
    MPI_Datatype copy;
    return PMPI_Type_dup(type, &copy) == MPI_SUCCESS ? copy : MPI_DATATYPE_NULL;
}

void log_mpi_release_type(MPI_Datatype type)
{
    int integers, addresses, types, combiner;
    if (type != MPI_DATATYPE_NULL &&
        PMPI_Type_get_envelope(type, &integers, &addresses, &types, &combiner) == MPI_SUCCESS &&
        combiner != MPI_COMBINER_NAMED)
        PMPI_Type_free(&type);
}

struct log_mpi_payload log_mpi_payload_of_all(struct log_mpi_payload payload, MPI_Comm comm)
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
