/* Collectives in which each has something of its own for each: see steps.h. */
#include "common/mpi/machines/steps.h"

#include "common/base/fatal.h"
#include "common/base/machine.h"

#include <stdlib.h>

static const size_t short_bytes = 1 << 10; /* of one block: in few steps, by way of others */
static const int few_ranks = 8;

static void *memory_for(size_t bytes)
{
    void *memory = malloc(bytes + 1);
    if (memory == NULL)
        fatal("no memory for %zu bytes of a collective", bytes);
    return memory;
}

/* What is for each rank. */
static struct packet *pack_all(struct collective *call)
{
    struct side *from = collective_is_in_place(call) ? &call->output : &call->input;
    struct packet *packet = memory_for((size_t)call->size * sizeof *packet);
    for (int k = 0; k < call->size; k++) {
        const struct block block = side_block(from, k);
        packet[k] = block_pack(1, &block);
    }
    return packet;
}

/* With each rank in turn, and each time with another one than the others. */
static void exchange_in_turn(struct collective *call)
{
    const int size = call->size;
    struct packet *packets = collective_is_in_place(call) ? pack_all(call) : NULL;
    for (int i = 0; i < size; i++) {
        const int to = (call->rank + i) % size, from = (call->rank + size - i) % size;
        struct packet packet;
        if (packets != NULL) {
            packet = packets[to];
        } else {
            const struct block block = side_block(&call->input, to);
            packet = block_pack(1, &block);
        }
        if (i > 0)
            packet = collective_exchange(call, to, packet, from);
        collective_put_from(call, from, packet, side_block(&call->output, from));
    }
    free(packets);
}

/* Bruck: what has to go i ranks further goes there in the steps that are the bits of i. */
static void exchange_by_steps(struct collective *call)
{
    const int size = call->size;
    struct packet *packet = pack_all(call);
    struct packet *turned = memory_for((size_t)size * sizeof *turned);
    struct block *block = memory_for((size_t)size * sizeof *block);
    for (int i = 0; i < size; i++)
        turned[i] = packet[(call->rank + i) % size];
    for (int distance = 1; distance < size; distance *= 2) {
        int count = 0;
        for (int i = distance; i < size; i++)
            if ((i & distance) != 0)
                block[count++] = block_of_packet(turned[i]);
        const struct packet received =
            collective_exchange(call, (call->rank + distance) % size, block_pack(count, block),
                                (call->rank + size - distance) % size);
        collective_note_error(call, block_unpack(received, count, block));
    }
    for (int i = 0; i < size; i++)
        collective_put(call, turned[i], side_block(&call->output, (call->rank + size - i) % size));
    free(block);
    free(turned);
    free(packet);
}

static bool is_folded(const struct collective *call)
{
    return machine_is_folded(call->output.buffer) || machine_is_folded(call->input.buffer);
}

void carry_out_alltoall(struct collective *call)
{
    if (!call->is_uneven && call->size >= few_ranks &&
        block_bytes(side_block(&call->output, 0)) <= short_bytes && !is_folded(call))
        exchange_by_steps(call);
    else
        exchange_in_turn(call);
}

/* ---- neighbours on a Cartesian communicator ------------------------------------------------- */

/* Where a dimension has only two ranks, both ways lead to one and the same neighbour: what goes up
 * arrives from below. */
static struct transfer_key way(const struct collective *call, int from, int to, int way_of_receiver)
{
    struct transfer_key key = call->line;
    key.from = from;
    key.to = to;
    key.way = way_of_receiver;
    return key;
}

static void exchange_with_neighbours(struct collective *call, bool same_for_all)
{
    const int count = call->neighbour_count;
    struct transfer **sent = memory_for((size_t)count * sizeof(struct transfer *));
    struct transfer **received = memory_for((size_t)count * sizeof(struct transfer *));
    for (int i = 0; i < count; i++) {
        const int neighbour = call->neighbours[i];
        if (neighbour == MPI_PROC_NULL)
            continue;
        const struct block block = side_block(&call->input, same_for_all ? 0 : i);
        sent[i] = transfer_send(way(call, call->rank, neighbour, i ^ 1), block_pack(1, &block));
        received[i] = transfer_receive(way(call, neighbour, call->rank, i));
    }
    for (int i = 0; i < count; i++) {
        if (call->neighbours[i] == MPI_PROC_NULL)
            continue;
        collective_put_from(call, call->neighbours[i], transfer_wait_received(received[i]),
                            side_block(&call->output, i));
        transfer_wait_sent(sent[i]);
    }
    free(received);
    free(sent);
}

void carry_out_neighbor_allgather(struct collective *call)
{
    exchange_with_neighbours(call, true);
}

void carry_out_neighbor_alltoall(struct collective *call)
{
    exchange_with_neighbours(call, false);
}
