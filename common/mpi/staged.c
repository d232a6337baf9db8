/*
 * For the wrappers: memory of the host in the place of the GPU's, and the copies between them (staged.h).
 */
#include "common/mpi/staged.h"

#include "common/base/fatal.h"
#include "common/mpi/log_mpi.h"

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

/* The area grows until it has all pieces; how many bytes they are. */
static size_t cover(struct staged_area *area, const struct staged_pieces *pieces)
{
    size_t bytes = 0;
    for (size_t i = 0; i < pieces->count; i++) {
        const struct staged_piece *piece = &pieces->piece[i];
        bytes += piece->bytes;
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
    return bytes;
}

/* What lies between the pieces takes memory of the host, too. */
static void must_be_near(const struct staged_area *area, size_t bytes_of_pieces)
{
    const size_t mebibyte = (size_t)1 << 20;
    if (area->bytes > 4 * bytes_of_pieces + 64 * mebibyte)
        fatal_at("MPI",
                 "a collective's blocks of one buffer lie far from each other in the GPU's memory: "
                 "%zu bytes from the first to the last, of which %zu are sent or received, and all "
                 "would be needed again in the host's memory. Let the blocks of a buffer lie near "
                 "each other in one tensor, or make a call for each tensor",
                 area->bytes, bytes_of_pieces);
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
    const size_t out_bytes = cover(&staged.out, &goes);
    const size_t in_bytes = cover(staged.in_place ? &staged.out : &staged.in, &comes);
    must_be_near(&staged.out, out_bytes + (staged.in_place ? in_bytes : 0));
    must_be_near(&staged.in, in_bytes);
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
