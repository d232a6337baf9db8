/* What a rank puts into a collective, or gets out; see views.h. */
#include "common/mpi/views.h"

#include "common/base/device.h"
#include "common/base/fatal.h"
#include "common/base/machine.h"
#include "common/mpi/data.h"
#include "common/mpi/elements.h"
#include "common/mpi/log_mpi.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- building one --------------------------------------------------------------------------------- */

/* What a type says about memory; bytes 0: nothing to see. */
struct shape {
    uint64_t bytes;
    MPI_Aint extent;
};

static struct shape shape_of(MPI_Datatype type)
{
    int size;
    MPI_Aint lower, extent;
    if (!log_mpi_is_type(type) || PMPI_Type_size(type, &size) != MPI_SUCCESS || size <= 0 ||
        PMPI_Type_get_extent(type, &lower, &extent) != MPI_SUCCESS)
        return (struct shape){0, 0};
    return (struct shape){(uint64_t)size, extent};
}

uint64_t log_mpi_numbers(int count, MPI_Datatype type)
{
    const size_t size = log_type_size(log_mpi_type(type));
    return size == 0 || count <= 0 ? 0 : (uint64_t)count * shape_of(type).bytes / size;
}

/* Can the block be one with the last? */
static bool continues(const struct log_mpi_view *view, const struct log_mpi_block *block,
                      struct shape shape)
{
    if (view->blocks == 0)
        return false;
    const struct log_mpi_block *last = &view->block[view->blocks - 1];
    const size_t size = log_type_size(view->elements);
    return last->type == block->type && last->count <= INT_MAX - block->count &&
           block->offset == last->offset + last->count * shape.extent &&
           (size == 0 || block->start == last->start + last->bytes / size);
}

void log_mpi_view_add(struct log_mpi_view *view, MPI_Aint offset, int count, MPI_Datatype type,
                      uint64_t start)
{
    const struct shape shape = shape_of(type);
    if (count <= 0 || shape.bytes == 0)
        return;
    const struct log_mpi_block block = {offset, count, type, (uint64_t)count * shape.bytes, start};
    if (view->blocks == 0)
        view->elements = log_mpi_type(type);
    else if (view->block[view->blocks - 1].type != type && view->elements != log_mpi_type(type))
        view->elements = LOG_TYPE_OTHER;
    view->bytes += block.bytes;
    if (continues(view, &block, shape)) {
        view->block[view->blocks - 1].count += count;
        view->block[view->blocks - 1].bytes += block.bytes;
        return;
    }
    if (view->blocks == view->room) {
        view->room = view->room == 0 ? 1 : 2 * view->room + 6;
        view->block = realloc(view->block, view->room * sizeof *view->block);
        if (view->block == NULL)
            fatal("no memory for the log of a collective");
    }
    view->block[view->blocks++] = block;
}

void log_mpi_view_keep_types(struct log_mpi_view *view)
{
    for (size_t i = 0; i < view->blocks; i++)
        view->block[i].type = log_mpi_keep_type(view->block[i].type);
    view->keeps_types = true;
}

void log_mpi_view_clear(struct log_mpi_view *view)
{
    for (size_t i = 0; view->keeps_types && i < view->blocks; i++)
        log_mpi_release_type(view->block[i].type);
    free(view->block);
    *view = (struct log_mpi_view){0};
}

/* ---- looking at it ---------------------------------------------------------------------------------- */

/* One behind the other without gaps, in memory as in the view? */
static bool is_in_one_piece(const struct log_mpi_view *view)
{
    for (size_t i = 0; i < view->blocks; i++) {
        const struct log_mpi_block *block = &view->block[i];
        if (!log_mpi_is_plain(block->type))
            return false;
        if (i > 0 && block->offset != block[-1].offset + (MPI_Aint)block[-1].bytes)
            return false;
    }
    return true;
}

const void *log_mpi_view_address(const struct log_mpi_view *view, const struct log_mpi_block *block)
{
    const uintptr_t base = view->buffer == MPI_BOTTOM ? 0 : (uintptr_t)view->buffer;
    /* A type may have absolute addresses itself: then MPI must see that it is MPI_BOTTOM. */
    return block->offset == 0 ? view->buffer : (const void *)(base + (uintptr_t)block->offset);
}

/* Copies the blocks without their gaps; false if they can't be read. */
static bool copy(const struct log_mpi_view *view, unsigned char *to)
{
    for (size_t i = 0; i < view->blocks; i++) {
        const struct log_mpi_block *block = &view->block[i];
        if (!log_mpi_payload_copy(
                PAYLOAD(log_mpi_view_address(view, block), block->count, block->type), to))
            return false;
        to += block->bytes;
    }
    return true;
}

static double sketch_of(const struct log_mpi_view *view, const unsigned char *data)
{
    const size_t size = log_type_size(view->elements);
    double sketch = 0.0;
    if (size == 0)
        return NAN;
    for (size_t i = 0; i < view->blocks; i++) {
        const struct log_mpi_block *block = &view->block[i];
        sketch += log_sketch_of(view->elements, data, block->bytes / size, block->start);
        data += block->bytes;
    }
    return sketch;
}

struct log_mpi_sight log_mpi_view_look(const struct log_mpi_view *view)
{
    struct log_mpi_sight sight = {.bytes = view->bytes};
    if (view->bytes == 0)
        return sight;
    sight.sketch = NAN;
    if (view->buffer == LOG_MPI_UNSEEN || machine_is_folded(view->buffer))
        return sight;
    if (is_in_one_piece(view) && !device_owns(log_mpi_view_address(view, &view->block[0]))) {
        const void *first = log_mpi_view_address(view, &view->block[0]);
        if (first == NULL || !log_mpi_is_mapped(first, view->bytes))
            return sight;
        sight.data = first;
    } else {
        sight.own = malloc(view->bytes);
        if (sight.own == NULL || !copy(view, sight.own))
            return sight;
        sight.data = sight.own;
    }
    sight.fingerprint = log_fingerprint(sight.data, sight.bytes);
    return sight;
}

struct log_mpi_sight log_mpi_view_see(const struct log_mpi_view *view)
{
    struct log_mpi_sight sight = log_mpi_view_look(view);
    if (sight.data != NULL)
        sight.sketch = sketch_of(view, sight.data);
    return sight;
}

void log_mpi_sight_clear(struct log_mpi_sight *sight)
{
    free(sight->own);
    *sight = (struct log_mpi_sight){0};
}

/* ---- data ------------------------------------------------------------------------------------------- */

static uint64_t most_bytes;

void log_mpi_write_data_up_to(uint64_t bytes)
{
    most_bytes = bytes;
}

void log_mpi_append_data(const struct log_mpi_sight *sight, bool comes_out, uint64_t request)
{
    if (sight->data == NULL || sight->bytes > most_bytes)
        return;
    for (uint64_t offset = 0; offset < sight->bytes; offset += LOG_DATA_BYTES) {
        const uint64_t left = sight->bytes - offset;
        struct log_data data = {.request = request,
                                .offset = (uint32_t)offset,
                                .count = left < LOG_DATA_BYTES ? (uint32_t)left : LOG_DATA_BYTES,
                                .comes_out = comes_out};
        memcpy(data.data, (const char *)sight->data + offset, data.count);
        log_append(log_record_of_data(&data));
    }
}
