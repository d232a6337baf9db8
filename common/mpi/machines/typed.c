/* Data of MPI datatypes; see typed.h. */
#include "common/mpi/machines/typed.h"

#include "common/base/fatal.h"
#include "common/base/machine.h"

#include <stdlib.h>
#include <string.h>

static MPI_Comm world; /* work beside a rank has none */

static void must(int error, const char *call)
{
    if (error != MPI_SUCCESS)
        fatal("%s of a datatype in a collective failed with MPI error %d", call, error);
}

struct typed typed_of(MPI_Datatype type)
{
    struct typed typed = {.type = type};
    int integers, addresses, types, combiner, size;
    MPI_Aint unused;
    world = MPI_COMM_WORLD;
    must(PMPI_Type_size(type, &size), "MPI_Type_size");
    must(PMPI_Type_get_extent(type, &unused, &typed.extent), "MPI_Type_get_extent");
    must(PMPI_Type_get_true_extent(type, &typed.lower, &typed.true_bytes),
         "MPI_Type_get_true_extent");
    must(PMPI_Type_get_envelope(type, &integers, &addresses, &types, &combiner),
         "MPI_Type_get_envelope");
    typed.size = (size_t)size;
    typed.is_plain =
        combiner == MPI_COMBINER_NAMED && typed.lower == 0 && typed.extent == (MPI_Aint)size;
    return typed;
}

size_t block_bytes(struct block block)
{
    return (size_t)block.count * block.typed->size;
}

struct block block_part(struct block block, long first, long count)
{
    return (struct block){block.data + first * block.typed->extent, count, block.typed};
}

struct block block_share(struct block block, int part, int parts)
{
    const long first = block.count * part / parts;
    return block_part(block, first, block.count * (part + 1) / parts - first);
}

static struct block block_of_bytes(char *data, size_t bytes)
{
    static const struct typed byte = {
        .type = MPI_DATATYPE_NULL, .size = 1, .extent = 1, .true_bytes = 1, .is_plain = true};
    return (struct block){data, (long)bytes, &byte};
}

struct block block_as_bytes(struct block block)
{
    return block_of_bytes(block.data, block_bytes(block));
}

struct block block_of_packet(struct packet packet)
{
    return block_of_bytes(packet.data, packet.bytes);
}

static bool is_folded(struct block block)
{
    return machine_is_folded(block.data);
}

/* ---- packets -------------------------------------------------------------------------------- */

static void pack(struct block block, char *place)
{
    const size_t bytes = block_bytes(block);
    int used = 0;
    if (bytes == 0)
        return;
    if (block.typed->is_plain)
        memcpy(place, block.data, bytes);
    else
        must(PMPI_Pack(block.data, (int)block.count, block.typed->type, place, (int)bytes, &used,
                       world),
             "MPI_Pack");
}

static void unpack(const char *place, struct block block)
{
    const size_t bytes = block_bytes(block);
    int used = 0;
    if (bytes == 0)
        return;
    if (block.typed->is_plain)
        memcpy(block.data, place, bytes);
    else
        must(PMPI_Unpack(place, (int)bytes, &used, block.data, (int)block.count, block.typed->type,
                         world),
             "MPI_Unpack");
}

struct packet block_pack(int count, const struct block block[])
{
    struct packet packet = {0};
    bool folded = false;
    for (int i = 0; i < count; i++) {
        packet.bytes += block_bytes(block[i]);
        folded = folded || is_folded(block[i]);
    }
    if (folded || packet.bytes == 0)
        return packet;
    char *place = packet.data = malloc(packet.bytes);
    if (place == NULL)
        fatal("no memory for a message of %zu bytes", packet.bytes);
    for (int i = 0; i < count; i++) {
        pack(block[i], place);
        place += block_bytes(block[i]);
    }
    return packet;
}

int block_unpack(struct packet packet, int count, const struct block block[])
{
    const char *place = packet.data;
    size_t room = 0;
    for (int i = 0; i < count; i++)
        room += block_bytes(block[i]);
    for (int i = 0; i < count && place != NULL && room == packet.bytes; i++) {
        if (!is_folded(block[i]))
            unpack(place, block[i]);
        place += block_bytes(block[i]);
    }
    free(packet.data);
    return room == packet.bytes ? MPI_SUCCESS : MPI_ERR_TRUNCATE;
}

int block_copy(struct block from, struct block to)
{
    return block_unpack(block_pack(1, &from), 1, &to);
}

struct packet packet_copy(struct packet packet)
{
    const struct block bytes = block_of_packet(packet);
    return packet.data == NULL ? packet : block_pack(1, &bytes);
}

/* ---- reductions ----------------------------------------------------------------------------- */

int block_reduce(struct packet packet, struct block block, MPI_Op op, bool is_packet_first)
{
    if (packet.bytes != block_bytes(block)) {
        free(packet.data);
        return MPI_ERR_TRUNCATE;
    }
    if (packet.data == NULL || is_folded(block)) {
        free(packet.data);
        return MPI_SUCCESS;
    }
    struct block other = {packet.data, block.count, block.typed};
    if (!block.typed->is_plain) {
        other = block_room(block);
        unpack(packet.data, other);
    }
    int error;
    if (is_packet_first) {
        error = PMPI_Reduce_local(other.data, block.data, (int)block.count, block.typed->type, op);
    } else {
        error = PMPI_Reduce_local(block.data, other.data, (int)block.count, block.typed->type, op);
        if (error == MPI_SUCCESS)
            error = block_copy(other, block);
    }
    if (!block.typed->is_plain)
        block_free_room(other);
    free(packet.data);
    return error;
}

/* ---- room ----------------------------------------------------------------------------------- */

/* Where the memory of the elements begins and how long it is, for extents of both signs. */
static MPI_Aint first_byte(struct block block, size_t *bytes)
{
    const MPI_Aint last = block.count > 0 ? (block.count - 1) * block.typed->extent : 0;
    *bytes = (size_t)(labs(last) + block.typed->true_bytes) + 1;
    return block.typed->lower + (last < 0 ? last : 0);
}

struct block block_room(struct block like)
{
    size_t bytes;
    const MPI_Aint first = first_byte(like, &bytes);
    char *memory = is_folded(like) ? machine_folded_memory(bytes) : malloc(bytes);
    if (memory == NULL)
        fatal("no memory for %zu bytes of a collective", bytes);
    return (struct block){memory - first, like.count, like.typed};
}

void block_free_room(struct block room)
{
    size_t bytes;
    char *memory = room.data + first_byte(room, &bytes);
    if (!machine_is_folded(memory))
        free(memory);
}
