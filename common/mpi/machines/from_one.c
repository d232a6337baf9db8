/* Collectives from and to one rank: barrier, broadcast, gather and scatter. See steps.h. */
#include "common/mpi/machines/steps.h"

#include "common/base/fatal.h"
#include "common/base/machine.h"

#include <stdlib.h>
#include <string.h>

static const size_t long_bytes = 64 << 10; /* all together, of a broadcast */
static const size_t short_bytes = 4 << 10; /* of one block, of a gather or scatter */

static void *memory_for(size_t bytes)
{
    void *memory = malloc(bytes + 1);
    if (memory == NULL)
        fatal("no memory for %zu bytes of a collective", bytes);
    return memory;
}

void carry_out_barrier(struct collective *call)
{
    const int size = call->size;
    for (int distance = 1; distance < size; distance *= 2)
        collective_exchange(call, (call->rank + distance) % size, (struct packet){0},
                            (call->rank + size - distance) % size);
}

/* ---- trees: rank r of it is the rank r behind the root -------------------------------------- */

static int place_in_tree(const struct collective *call)
{
    return (call->rank + call->size - call->root) % call->size;
}

static int rank_at(const struct collective *call, int place)
{
    return (place + call->root) % call->size;
}

/* The lowest bit of the place: the parent is that far, and so many are in the part below. */
static int span_of(const struct collective *call, int place)
{
    int span = 1;
    while (span < call->size && (place & span) == 0)
        span *= 2;
    return span;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* ---- broadcast ------------------------------------------------------------------------------ */

static void bcast_by_tree(struct collective *call, struct block all)
{
    const int place = place_in_tree(call), span = span_of(call, place);
    if (place != 0)
        collective_put(call, collective_receive(call, rank_at(call, place - span)), all);
    for (int distance = span / 2; distance > 0; distance /= 2)
        if (place + distance < call->size)
            collective_send(call, rank_at(call, place + distance), block_pack(1, &all));
}

/* Sends block k to each rank k but this one. */
static void send_to_each(struct collective *call, const struct block block[])
{
    struct transfer **sent = memory_for((size_t)call->size * sizeof(struct transfer *));
    for (int k = 0; k < call->size; k++)
        if (k != call->rank)
            sent[k] = collective_begin_send(call, k, block_pack(1, &block[k]));
    for (int k = 0; k < call->size; k++)
        if (k != call->rank)
            transfer_wait_sent(sent[k]);
    free(sent);
}

/* A part to each, and then everybody gives the parts to all. */
static void bcast_in_parts(struct collective *call, struct block all)
{
    struct block *block = memory_for((size_t)call->size * sizeof *block);
    for (int k = 0; k < call->size; k++)
        block[k] = block_share(all, k, call->size);
    if (call->rank == call->root)
        send_to_each(call, block);
    else
        collective_put(call, collective_receive(call, call->root), block[call->rank]);
    spread_blocks(call, block);
    free(block);
}

/* Datatypes with gaps may differ from rank to rank: the parts are those of a packet. */
static void bcast_in_parts_of_packet(struct collective *call, struct block all)
{
    struct packet packet = {memory_for(block_bytes(all)), block_bytes(all)};
    struct block bytes = block_as_bytes(all);
    bytes.data = packet.data;
    if (call->rank == call->root)
        collective_copy(call, all, bytes);
    bcast_in_parts(call, bytes);
    collective_put(call, packet, all);
}

void carry_out_bcast(struct collective *call)
{
    const struct block all = side_block(&call->output, 0);
    if (block_bytes(all) < long_bytes || call->size < 3)
        bcast_by_tree(call, all);
    else if (all.typed->is_plain || machine_is_folded(all.data))
        bcast_in_parts(call, block_as_bytes(all));
    else
        bcast_in_parts_of_packet(call, all);
}

/* ---- gather --------------------------------------------------------------------------------- */

static void gather_directly(struct collective *call, struct block own)
{
    if (call->rank != call->root) {
        collective_send(call, call->root, block_pack(1, &own));
        return;
    }
    struct transfer **received = memory_for((size_t)call->size * sizeof(struct transfer *));
    for (int k = 0; k < call->size; k++)
        if (k != call->rank)
            received[k] = collective_begin_receive(call, k);
    for (int k = 0; k < call->size; k++)
        if (k != call->rank)
            collective_put_from(call, k, transfer_wait_received(received[k]),
                                side_block(&call->output, k));
    free(received);
}

static void append(struct packet *packet, struct packet more)
{
    if (packet->data != NULL && more.data != NULL) {
        packet->data = realloc(packet->data, packet->bytes + more.bytes);
        if (packet->data == NULL)
            fatal("no memory for %zu bytes of a collective", packet->bytes + more.bytes);
        memcpy((char *)packet->data + packet->bytes, more.data, more.bytes);
    } else if (more.bytes > 0) {
        free(packet->data); /* of folded memory there is nothing */
        packet->data = NULL;
    }
    packet->bytes += more.bytes;
    free(more.data);
}

/* Part `first`, of `bytes`, of a packet. */
static struct packet part_of(struct packet packet, size_t first, size_t bytes)
{
    struct packet part = {NULL, bytes};
    if (packet.data == NULL || bytes == 0 || first + bytes > packet.bytes)
        return part;
    part.data = memory_for(bytes);
    memcpy(part.data, (char *)packet.data + first, bytes);
    return part;
}

static void gather_by_tree(struct collective *call, struct block own)
{
    const int place = place_in_tree(call), span = span_of(call, place);
    const size_t bytes = block_bytes(own);
    struct packet packet = block_pack(1, &own);
    for (int distance = 1; distance < span && place + distance < call->size; distance *= 2)
        append(&packet, collective_receive(call, rank_at(call, place + distance)));
    if (place != 0) {
        collective_send(call, rank_at(call, place - span), packet);
        return;
    }
    for (int k = 1; k < call->size; k++)
        collective_put(call, part_of(packet, (size_t)k * bytes, bytes),
                       side_block(&call->output, rank_at(call, k)));
    free(packet.data);
}

void carry_out_gather(struct collective *call)
{
    const bool is_root = call->rank == call->root;
    struct block own = {0};
    if (is_root)
        own = side_block(&call->output, call->rank);
    if (!collective_is_in_place(call)) {
        if (is_root)
            collective_copy(call, side_block(&call->input, 0), own);
        own = side_block(&call->input, 0);
    }
    if (!call->is_uneven && block_bytes(own) <= short_bytes)
        gather_by_tree(call, own);
    else
        gather_directly(call, own);
}

/* ---- scatter -------------------------------------------------------------------------------- */

static void scatter_directly(struct collective *call, struct block own)
{
    if (call->rank != call->root) {
        collective_put_from(call, call->root, collective_receive(call, call->root), own);
        return;
    }
    struct block *block = memory_for((size_t)call->size * sizeof *block);
    for (int k = 0; k < call->size; k++)
        block[k] = side_block(&call->input, k);
    send_to_each(call, block);
    free(block);
}

/* Everything, in the order of the tree's places. */
static struct packet pack_for_tree(struct collective *call)
{
    struct block *block = memory_for((size_t)call->size * sizeof *block);
    for (int k = 0; k < call->size; k++)
        block[k] = side_block(&call->input, rank_at(call, k));
    const struct packet packet = block_pack(call->size, block);
    free(block);
    return packet;
}

static void scatter_by_tree(struct collective *call, struct block own)
{
    const int place = place_in_tree(call), span = span_of(call, place);
    const size_t bytes = block_bytes(own);
    const struct packet packet =
        place == 0 ? pack_for_tree(call) : collective_receive(call, rank_at(call, place - span));
    for (int distance = span / 2; distance > 0; distance /= 2) {
        const int below = smaller(distance, call->size - place - distance);
        if (below > 0)
            collective_send(call, rank_at(call, place + distance),
                            part_of(packet, (size_t)distance * bytes, (size_t)below * bytes));
    }
    if (place != 0)
        collective_put(call, part_of(packet, 0, bytes), own);
    free(packet.data);
}

void carry_out_scatter(struct collective *call)
{
    const bool is_root = call->rank == call->root;
    struct block own = side_block(is_root ? &call->input : &call->output, is_root ? call->rank : 0);
    if (is_root && call->output.buffer != MPI_IN_PLACE)
        collective_copy(call, own, side_block(&call->output, 0));
    if (!call->is_uneven && block_bytes(own) <= short_bytes)
        scatter_by_tree(call, own);
    else
        scatter_directly(call, own);
}
