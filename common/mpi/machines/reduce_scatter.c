/* Reductions of which each rank gets a part: reduce-scatter, scans. See steps.h. */
#include "common/mpi/machines/reduction.h"
#include "common/mpi/machines/steps.h"

#include "common/base/fatal.h"

#include <stdlib.h>

static const size_t long_bytes = 64 << 10; /* where as many steps as ranks are worth it */

static void *memory_for(size_t bytes)
{
    void *memory = malloc(bytes + 1);
    if (memory == NULL)
        fatal("no memory for %zu bytes of a collective", bytes);
    return memory;
}

/* ---- reduce-scatter ------------------------------------------------------------------------- */

/* All blocks of the ranks, one behind the other in the order `order`; block[k] becomes rank k's. */
static struct block lay_out(struct collective *call, const int order[], struct block block[])
{
    struct side *from = collective_is_in_place(call) ? &call->output : &call->input;
    struct block all = {from->buffer, 0, &call->output.typed};
    for (int k = 0; k < call->size; k++) {
        const long count =
            call->output.counts != NULL ? call->output.counts[k] : call->output.count;
        block[k] = block_part(all, all.count, count);
        all.count += count;
    }
    const struct block room = block_room(all);
    long first = 0;
    for (int i = 0; i < call->size; i++) {
        const struct block place = block_part(room, first, block[order[i]].count);
        collective_copy(call, block[order[i]], place);
        block[order[i]] = place;
        first += place.count;
    }
    return room;
}

/* The highest bit becomes the lowest, … */
static int reversed(int number, int count)
{
    int result = 0;
    for (int bit = 1; bit < count; bit *= 2)
        result = 2 * result + ((number & bit) != 0);
    return result;
}

/* With the blocks in reversed order: those of the ranks that have their lowest bits in common with
 * `rank` lie together. */
static struct block blocks_like(const struct collective *call, const struct block block[], int rank,
                                int step)
{
    const int first = reversed(rank % step, call->size), count = call->size / step;
    struct block like = block[reversed(first, call->size)];
    like.count = 0;
    for (int i = first; i < first + count; i++)
        like.count += block[reversed(i, call->size)].count;
    return like;
}

static void halve_blocks(struct collective *call, const struct block block[])
{
    for (int distance = 1; distance < call->size; distance *= 2) {
        const int partner = call->rank ^ distance;
        const struct block sent = blocks_like(call, block, partner, 2 * distance);
        const struct packet packet =
            collective_exchange(call, partner, block_pack(1, &sent), partner);
        reduction_add(call, packet, blocks_like(call, block, call->rank, 2 * distance), true);
    }
}

static void reduce_and_scatter(struct collective *call, struct block all,
                               const struct block block[])
{
    reduction_to_root(call, all, 0);
    if (call->rank > 0) {
        collective_put(call, collective_receive(call, 0), block[call->rank]);
        return;
    }
    struct transfer **sent = memory_for((size_t)call->size * sizeof(struct transfer *));
    for (int k = 1; k < call->size; k++)
        sent[k] = collective_begin_send(call, k, block_pack(1, &block[k]));
    for (int k = 1; k < call->size; k++)
        transfer_wait_sent(sent[k]);
    free(sent);
}

void carry_out_reduce_scatter(struct collective *call)
{
    const bool halves = call->commutes && reduction_is_power_of_two(call->size);
    int *order = memory_for((size_t)call->size * sizeof *order);
    struct block *block = memory_for((size_t)call->size * sizeof *block);
    for (int i = 0; i < call->size; i++)
        order[i] = halves ? reversed(i, call->size) : i;
    const struct block all = lay_out(call, order, block);
    if (halves)
        halve_blocks(call, block);
    else if (call->commutes && reduction_goes_round(call) && block_bytes(all) >= long_bytes)
        reduction_go_round(call, block);
    else
        reduce_and_scatter(call, all, block);
    const struct block own = {call->output.buffer, block[call->rank].count, &call->output.typed};
    collective_copy(call, block[call->rank], own);
    block_free_room(all);
    free(block);
    free(order);
}

/* ---- scans ---------------------------------------------------------------------------------- */

/* `partial`: of the ranks that this one has heard of, which follow each other; `result`: of those that
 * are before it, and of its own, if `has_own`. */
static void scan(struct collective *call, struct block partial, struct block result, bool has_own)
{
    bool has_result = has_own;
    for (int distance = 1; distance < call->size; distance *= 2) {
        const int partner = call->rank ^ distance;
        if (partner >= call->size)
            continue;
        struct packet packet = collective_exchange(call, partner, block_pack(1, &partial), partner);
        if (partner < call->rank) {
            const struct packet copy = packet_copy(packet);
            if (has_result)
                reduction_add(call, copy, result, true);
            else
                collective_put(call, copy, result);
            has_result = true;
        }
        reduction_add(call, packet, partial, partner < call->rank);
    }
}

static void carry_out(struct collective *call, bool has_own)
{
    struct side *from = collective_is_in_place(call) ? &call->output : &call->input;
    const struct block input = side_block(from, 0), result = side_block(&call->output, 0);
    const struct block partial = block_room(input);
    collective_copy(call, input, partial);
    if (has_own && !collective_is_in_place(call))
        collective_copy(call, input, result);
    scan(call, partial, result, has_own);
    block_free_room(partial);
}

void carry_out_scan(struct collective *call)
{
    carry_out(call, true);
}

void carry_out_exscan(struct collective *call)
{
    carry_out(call, false);
}
