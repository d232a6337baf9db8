/*
 * For the wrappers: memory of the host in the place of the GPU's, and the copies between them (staged.h).
 */
#include "common/mpi/staged.h"

#include "common/base/fatal.h"
#include "common/mpi/log_mpi.h"
#include "common/mpi/staged_way.h"

#include <stdlib.h>
#include <string.h>

/* ---- pieces ------------------------------------------------------------------------------------------------ */

void staged_add(struct staged_pieces *pieces, struct log_mpi_payload payload)
{
    const uint64_t bytes = log_mpi_payload_bytes(payload);
    if (bytes == 0)
        return;
    const struct log_mpi_range range = log_mpi_payload_range(payload);
    if (!device_owns((const void *)range.from))
        return;
    if (range.bytes != bytes)
        fatal_at(
            "MPI",
            "a message from or into the GPU's memory has a datatype with gaps, which is not "
            "copied to MPI and back: "
            "send numbers that lie one behind the other (a tensor, or a view of whole rows), or "
            "copy them into a "
            "tensor of their own first");
    if (pieces->count == pieces->room) {
        pieces->room = 2 * pieces->room + 1;
        pieces->piece = realloc(pieces->piece, pieces->room * sizeof *pieces->piece);
        if (pieces->piece == NULL)
            fatal("no memory for a message of the GPU");
    }
    pieces->piece[pieces->count++] =
        (struct staged_piece){(unsigned char *)range.from, range.bytes};
}

void staged_refuse(const void *address, const char *purpose)
{
    if (device_owns(address))
        fatal_at("MPI", "the GPU's memory can't be used for %s", purpose);
}

/* ---- areas --------------------------------------------------------------------------------------------------- */

/* The area grows until it has all pieces. */
static void cover(struct staged_area *area, const struct staged_pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++) {
        const struct staged_piece *piece = &pieces->piece[i];
        if (area->bytes == 0) {
            area->device = piece->device;
            area->bytes = piece->bytes;
            continue;
        }
        unsigned char *end = area->device + area->bytes;
        if (piece->device + piece->bytes > end)
            end = piece->device + piece->bytes;
        if (piece->device < area->device)
            area->device = piece->device;
        area->bytes = (size_t)(end - area->device);
    }
}

static void make(struct staged_area *area, const void *program)
{
    area->program = program;
    if (area->bytes > 0)
        area->host = device_staging_new(area->bytes);
}

struct staged staged_new(const void *out, struct staged_pieces goes, const void *in,
                         struct staged_pieces comes)
{
    struct staged staged = {.goes = goes, .comes = comes};
    staged.is_staged = goes.count > 0 || comes.count > 0;
    if (!staged.is_staged)
        return staged;
    staged.in_place = goes.count > 0 && comes.count > 0 && out == in;
    cover(&staged.out, &goes);
    cover(staged.in_place ? &staged.out : &staged.in, &comes);
    make(&staged.out, out);
    if (staged.in_place)
        staged.in = staged.out;
    else
        make(&staged.in, in);
    staged.asked = device_now();
    return staged;
}

void staged_clear(struct staged *staged)
{
    if (!staged->is_staged)
        return;
    device_staging_free(staged->out.host, staged->out.bytes);
    if (!staged->in_place)
        device_staging_free(staged->in.host, staged->in.bytes);
    free(staged->goes.piece);
    free(staged->comes.piece);
    *staged = (struct staged){0};
}

static void *in_area(const struct staged_area *area)
{
    /* Not by pointers: the buffer may begin far from what is sent. */
    return (void *)((uintptr_t)area->host + ((uintptr_t)area->program - (uintptr_t)area->device));
}

void *staged_address(const struct staged *staged, const void *buffer)
{
    if (staged->out.host != NULL && buffer == staged->out.program)
        return in_area(&staged->out);
    if (staged->in.host != NULL && buffer == staged->in.program)
        return in_area(&staged->in);
    return (void *)(uintptr_t)buffer;
}

/* ---- copies --------------------------------------------------------------------------------------------------- */

static unsigned char *host_of(const struct staged_area *area, const struct staged_piece *piece)
{
    return area->host + (piece->device - area->device);
}

void staged_fetch(struct staged *staged)
{
    for (size_t i = 0; i < staged->goes.count; i++) {
        const struct staged_piece *piece = &staged->goes.piece[i];
        device_fetch(host_of(&staged->out, piece), piece->device, piece->bytes);
    }
}

static size_t limited(size_t bytes, uint64_t most)
{
    return bytes < most ? bytes : (size_t)most;
}

void staged_bring(const struct staged *staged, uint64_t most_bytes)
{
    for (size_t i = 0; i < staged->comes.count; i++) {
        const struct staged_piece *piece = &staged->comes.piece[i];
        const size_t bytes = limited(piece->bytes, most_bytes);
        device_bring(piece->device, host_of(&staged->in, piece), bytes, staged->asked);
        most_bytes -= bytes;
    }
}

void staged_bring_copy(const struct staged *staged, uint64_t most_bytes)
{
    for (size_t i = 0; i < staged->comes.count; i++) {
        const struct staged_piece *piece = &staged->comes.piece[i];
        const size_t bytes = limited(piece->bytes, most_bytes);
        if (bytes == 0)
            return;
        void *copy = device_staging_new(bytes);
        memcpy(copy, host_of(&staged->in, piece), bytes);
        device_bring(piece->device, copy, bytes, staged->asked);
        device_staging_free(copy, bytes);
        most_bytes -= bytes;
    }
}

bool staged_goes_direct(struct log_mpi_payload payload)
{
    if (!staged_is_direct())
        return false;
    if (device_owns((const void *)log_mpi_payload_range(payload).from))
        device_wait();
    return true;
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

static struct staged message(struct log_mpi_payload payload, bool goes, bool comes,
                             bool may_be_direct)
{
    struct staged staged = {0};
    struct staged_pieces out = {0}, in = {0};
    if (device_is_open() && !(may_be_direct && staged_goes_direct(payload))) {
        if (goes)
            staged_add(&out, payload);
        if (comes)
            staged_add(&in, payload);
        staged = staged_new(payload.buffer, out, payload.buffer, in);
    }
    staged.buffer = staged_address(&staged, payload.buffer);
    return staged;
}

struct staged staged_out_later(struct log_mpi_payload sent)
{
    return message(sent, true, false, false);
}

struct staged staged_out(struct log_mpi_payload sent)
{
    struct staged staged = message(sent, true, false, true);
    staged_fetch(&staged);
    return staged;
}

struct staged staged_in(struct log_mpi_payload room)
{
    return message(room, false, true, true);
}

struct staged staged_in_later(struct log_mpi_payload room)
{
    return message(room, false, true, false);
}

struct staged staged_through(struct log_mpi_payload room)
{
    struct staged staged = message(room, true, true, true);
    staged_fetch(&staged);
    return staged;
}

struct staged staged_summand(struct log_mpi_payload read)
{
    struct staged staged = message(read, true, false, false);
    staged_fetch(&staged);
    return staged;
}

struct staged staged_sum(struct log_mpi_payload changed)
{
    struct staged staged = message(changed, true, true, false);
    staged_fetch(&staged);
    return staged;
}

/* ---- the end of a call that blocks -------------------------------------------------------------------------------- */

uint64_t staged_arrived(const MPI_Status *status)
{
    int cancelled = 0, bytes = 0;
    if (PMPI_Test_cancelled(status, &cancelled) != MPI_SUCCESS || cancelled ||
        PMPI_Get_count(status, MPI_BYTE, &bytes) != MPI_SUCCESS || bytes == MPI_UNDEFINED)
        return 0;
    return (uint64_t)bytes;
}

int staged_done(struct staged *staged, int error)
{
    if (error == MPI_SUCCESS)
        staged_bring(staged, UINT64_MAX);
    staged_clear(staged);
    return error;
}

static bool has_arrived(int error)
{
    int class = MPI_SUCCESS;
    if (error != MPI_SUCCESS)
        PMPI_Error_class(error, &class);
    return class == MPI_SUCCESS || class == MPI_ERR_TRUNCATE;
}

int staged_received(struct staged *staged, int error, const MPI_Status *status)
{
    if (staged->is_staged && has_arrived(error))
        staged_bring(staged, staged_arrived(status));
    staged_clear(staged);
    return error;
}
