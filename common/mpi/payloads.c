/*
 * For the wrappers: payloads, their sizes and fingerprints.
 */
#include "common/mpi/log_mpi.h"

#include "common/base/device.h"
#include "common/base/fatal.h"
#include "common/base/machine.h"
#include "common/mpi/elements.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

uint64_t log_mpi_payload_bytes(struct log_mpi_payload payload)
{
    int size;
    /* Beside MPI_IN_PLACE, count and type are not looked at: the program may leave them unset. */
    if (payload.buffer == MPI_IN_PLACE || payload.count <= 0 || !log_mpi_is_type(payload.type) ||
        PMPI_Type_size(payload.type, &size) != MPI_SUCCESS || size <= 0)
        return 0;
    return (uint64_t)payload.count * (uint64_t)size;
}

bool log_mpi_is_plain(MPI_Datatype type)
{
    int integers, addresses, types, combiner, size;
    MPI_Aint lower, extent;
    return PMPI_Type_get_envelope(type, &integers, &addresses, &types, &combiner) == MPI_SUCCESS &&
           combiner == MPI_COMBINER_NAMED && PMPI_Type_size(type, &size) == MPI_SUCCESS &&
           PMPI_Type_get_extent(type, &lower, &extent) == MPI_SUCCESS && lower == 0 &&
           extent == size;
}

bool log_mpi_is_mapped(const void *buffer, size_t bytes)
{
    if (device_owns(buffer))
        return true;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t first = (uintptr_t)buffer & ~(page - 1);
    return msync((void *)first, (uintptr_t)buffer + bytes - first, MS_ASYNC) == 0;
}

struct log_mpi_range log_mpi_payload_range(struct log_mpi_payload payload)
{
    MPI_Aint first, length, lower, extent;
    if (PMPI_Type_get_true_extent(payload.type, &first, &length) != MPI_SUCCESS ||
        PMPI_Type_get_extent(payload.type, &lower, &extent) != MPI_SUCCESS)
        return (struct log_mpi_range){0, 0};
    const MPI_Aint ends[] = {first, first + length, first + (payload.count - 1) * extent,
                             first + length + (payload.count - 1) * extent};
    MPI_Aint least = ends[0], most = ends[0];
    for (int i = 1; i < 4; i++) {
        least = ends[i] < least ? ends[i] : least;
        most = ends[i] > most ? ends[i] : most;
    }
    const uintptr_t base = payload.buffer == MPI_BOTTOM ? 0 : (uintptr_t)payload.buffer;
    return (struct log_mpi_range){base + (uintptr_t)least, (size_t)(most - least)};
}

/* The program may have freed what was still in use, or have given no memory at all. */
enum presence { NOWHERE, GONE, THERE };

static enum presence presence_of(struct log_mpi_payload payload)
{
    if (log_mpi_payload_bytes(payload) == 0)
        return NOWHERE;
    const struct log_mpi_range range = log_mpi_payload_range(payload);
    /* A type of absolute addresses begins at MPI_BOTTOM, which may be NULL; without one nothing is
     * there. */
    if (range.bytes == 0 || range.from < (uintptr_t)sysconf(_SC_PAGESIZE))
        return NOWHERE;
    return log_mpi_is_mapped((const void *)range.from, range.bytes) ? THERE : GONE;
}

/* An error here is the log's and not the program's, whose call MPI will complain about itself. */
static bool pack_quietly(struct log_mpi_payload payload, void *to, uint64_t bytes)
{
    MPI_Errhandler handler;
    int used = 0;
    if (bytes > INT_MAX || PMPI_Comm_get_errhandler(MPI_COMM_SELF, &handler) != MPI_SUCCESS)
        return false;
    PMPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    const int error = PMPI_Pack(payload.buffer, payload.count, payload.type, to, (int)bytes, &used,
                                MPI_COMM_SELF);
    PMPI_Comm_set_errhandler(MPI_COMM_SELF, handler);
    PMPI_Errhandler_free(&handler);
    return error == MPI_SUCCESS && (uint64_t)used == bytes;
}

/* Memory of the GPU, which is copied to the host so that it can be read: *copy is to be freed. Other memory stays as
 * it is. Only of payloads that are there. */
static struct log_mpi_payload on_host(struct log_mpi_payload payload, void **copy)
{
    const struct log_mpi_range range = log_mpi_payload_range(payload);
    *copy = NULL;
    if (!device_owns((const void *)range.from))
        return payload;
    *copy = malloc(range.bytes);
    if (*copy == NULL)
        fatal("no memory for the log of a message");
    device_copy_out(*copy, (const void *)range.from, range.bytes);
    payload.buffer = (const void *)((uintptr_t)*copy + ((uintptr_t)payload.buffer - range.from));
    return payload;
}

bool log_mpi_payload_copy(struct log_mpi_payload payload, void *to)
{
    const uint64_t bytes = log_mpi_payload_bytes(payload);
    if (presence_of(payload) != THERE)
        return false;
    void *copy;
    payload = on_host(payload, &copy);
    const bool is_plain = log_mpi_is_plain(payload.type);
    if (is_plain)
        memcpy(to, payload.buffer, bytes);
    const bool copied = is_plain || pack_quietly(payload, to, bytes);
    free(copy);
    return copied;
}

uint64_t log_mpi_payload_fingerprint(struct log_mpi_payload payload, bool *gone)
{
    const uint64_t bytes = log_mpi_payload_bytes(payload);
    if (bytes == 0 || machine_is_folded(payload.buffer))
        return 0;
    const enum presence presence = presence_of(payload);
    if (presence == GONE)
        *gone = true;
    if (presence != THERE)
        return 0;
    if (log_mpi_is_plain(payload.type))
        return log_fingerprint(payload.buffer, bytes);
    void *copy, *packed = malloc(bytes);
    payload = on_host(payload, &copy);
    const bool is_packed = packed != NULL && pack_quietly(payload, packed, bytes);
    const uint64_t fingerprint = is_packed ? log_fingerprint(packed, bytes) : 0;
    free(packed);
    free(copy);
    return fingerprint;
}

/* MPI's own, which nobody may free: those with a name, and those that are Fortran's. */
static bool is_predefined(MPI_Datatype type)
{
    int integers, addresses, types, combiner;
    return type == MPI_DATATYPE_NULL ||
           PMPI_Type_get_envelope(type, &integers, &addresses, &types, &combiner) != MPI_SUCCESS ||
           combiner == MPI_COMBINER_NAMED || combiner == MPI_COMBINER_F90_REAL ||
           combiner == MPI_COMBINER_F90_COMPLEX || combiner == MPI_COMBINER_F90_INTEGER;
}

MPI_Datatype log_mpi_keep_type(MPI_Datatype type)
{
    MPI_Datatype copy;
    if (is_predefined(type))
        return type;
    return PMPI_Type_dup(type, &copy) == MPI_SUCCESS ? copy : MPI_DATATYPE_NULL;
}

void log_mpi_release_type(MPI_Datatype type)
{
    if (!is_predefined(type))
        PMPI_Type_free(&type);
}
