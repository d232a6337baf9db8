/* What the algorithms of collectives are made of; see steps.h. */
#include "common/mpi/machines/steps.h"

#include "common/base/fatal.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* "PMPI_Ibcast": "MPI_Ibcast", "MPI_Bcast". */
const char *collective_name(const struct collective *call, char text[COLLECTIVE_NAME])
{
    const char *name = call->function + strlen("PMPI_I");
    if (call->is_blocking)
        snprintf(text, COLLECTIVE_NAME, "MPI_%c%s", toupper((unsigned char)name[0]), name + 1);
    else
        snprintf(text, COLLECTIVE_NAME, "MPI_I%s", name);
    return text;
}

bool collective_is_in_place(const struct collective *call)
{
    return call->input.buffer == MPI_IN_PLACE;
}

struct block side_block(const struct side *side, int k)
{
    const struct typed *typed = side->types != NULL ? &side->types[k] : &side->typed;
    struct block block = {side->buffer, side->counts != NULL ? side->counts[k] : side->count,
                          typed};
    ptrdiff_t bytes;
    if (side->displacements != NULL)
        bytes = side->displacements[k];
    else if (side->places != NULL)
        bytes = side->places[k] * (side->places_are_bytes ? 1 : typed->extent);
    else
        bytes = (ptrdiff_t)k * side->count * typed->extent;
    block.data += bytes;
    return block;
}

void collective_note_error(struct collective *call, int error)
{
    if (call->error == MPI_SUCCESS)
        call->error = error;
}

struct transfer *collective_begin_send(struct collective *call, int to, struct packet packet)
{
    struct transfer_key key = call->line;
    key.from = call->rank;
    key.to = to;
    return transfer_send(key, packet);
}

struct transfer *collective_begin_receive(struct collective *call, int from)
{
    struct transfer_key key = call->line;
    key.from = from;
    key.to = call->rank;
    return transfer_receive(key);
}

void collective_send(struct collective *call, int to, struct packet packet)
{
    transfer_wait_sent(collective_begin_send(call, to, packet));
}

struct packet collective_receive(struct collective *call, int from)
{
    return transfer_wait_received(collective_begin_receive(call, from));
}

struct packet collective_exchange(struct collective *call, int to, struct packet packet, int from)
{
    struct transfer *sent = collective_begin_send(call, to, packet);
    const struct packet received = collective_receive(call, from);
    transfer_wait_sent(sent);
    return received;
}

void collective_put(struct collective *call, struct packet packet, struct block block)
{
    collective_note_error(call, block_unpack(packet, 1, &block));
}

/* MPI's own word for it is MPI_ERR_TRUNCATE, if it says one: less than there is room for may pass. */
static void check_size(const struct collective *call, int from, size_t bytes, struct block block)
{
    char name[COLLECTIVE_NAME];
    if (bytes != block_bytes(block))
        fatal_at(collective_name(call, name),
                 COLLECTIVES_CLASH "rank %d of the communicator gives %zu bytes to rank %d, which "
                                   "has room for %zu of it: both must be the same",
                 from, bytes, call->rank, block_bytes(block));
}

void collective_put_from(struct collective *call, int from, struct packet packet,
                         struct block block)
{
    check_size(call, from, packet.bytes, block);
    collective_put(call, packet, block);
}

void collective_copy(struct collective *call, struct block from, struct block to)
{
    check_size(call, call->rank, block_bytes(from), to);
    collective_note_error(call, block_copy(from, to));
}
