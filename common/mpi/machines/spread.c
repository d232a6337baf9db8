/*
 * Everybody has one block, and then all of them: what an all-gather does, and the second half of a long
 * broadcast. Messages hold several blocks; three ways:
 *
 *     doubling   powers of two; the far ranks first, with one block, the next with half of all
 *     ring       long data: only to the next rank; as many messages as ranks
 *     Bruck      any number of ranks in the fewest steps
 */
#include "common/mpi/machines/merged.h"
#include "common/mpi/machines/steps.h"

#include "common/base/fatal.h"

#include <stdlib.h>

static const size_t long_bytes = 512 << 10;
static const int longest_ring = 128; /* ranks: more take too long to simulate */

/* Some of the blocks: `first` and every `step`-th one after it, round the end. */
struct some {
    int first, step, count;
};

static void gather_some(const struct collective *call, const struct block block[], struct some some,
                        struct block gathered[])
{
    for (int i = 0; i < some.count; i++)
        gathered[i] = block[(some.first + i * some.step) % call->size];
}

/* room: for as many blocks as there are ranks. */
static void exchange_some(struct collective *call, const struct block block[], struct block room[],
                          int to, struct some sent, int from, struct some received)
{
    gather_some(call, block, sent, room);
    const struct packet packet = collective_exchange(call, to, block_pack(sent.count, room), from);
    gather_some(call, block, received, room);
    collective_note_error(call, block_unpack(packet, received.count, room));
}

static void double_blocks(struct collective *call, const struct block block[], struct block room[])
{
    for (int distance = call->size / 2; distance > 0; distance /= 2) {
        const int step = 2 * distance, partner = call->rank ^ distance, count = call->size / step;
        exchange_some(call, block, room, partner, (struct some){call->rank % step, step, count},
                      partner, (struct some){partner % step, step, count});
    }
}

static void pass_round(struct collective *call, const struct block block[], struct block room[])
{
    const int size = call->size, next = (call->rank + 1) % size,
              last = (call->rank + size - 1) % size;
    for (int i = 0; i < size - 1; i++)
        exchange_some(call, block, room, next, (struct some){(call->rank + size - i) % size, 1, 1},
                      last, (struct some){(last + size - i) % size, 1, 1});
}

static void spread_by_bruck(struct collective *call, const struct block block[],
                            struct block room[])
{
    const int size = call->size;
    for (int distance = 1; distance < size; distance *= 2) {
        const int count = distance < size - distance ? distance : size - distance;
        const int to = (call->rank + size - distance) % size, from = (call->rank + distance) % size;
        exchange_some(call, block, room, to, (struct some){call->rank, 1, count}, from,
                      (struct some){from, 1, count});
    }
}

void spread_blocks(struct collective *call, const struct block block[])
{
    const int size = call->size;
    size_t bytes = 0;
    for (int k = 0; k < size; k++)
        bytes += block_bytes(block[k]);
    struct block *room = malloc((size_t)size * sizeof *room);
    if (room == NULL)
        fatal("no memory for a collective of %d ranks", size);
    if ((size & (size - 1)) == 0)
        double_blocks(call, block, room);
    else if (bytes >= long_bytes && size <= longest_ring)
        pass_round(call, block, room);
    else
        spread_by_bruck(call, block, room);
    free(room);
}

/* Without numbers: doubling. */
static void gather_merged(struct collective *call, double bytes)
{
    struct merged_steps steps = {.is_ring = false};
    for (int distance = call->size / 2; distance > 0; distance /= 2)
        merged_add(&steps, (struct merged_step){distance, 1, bytes / (2.0 * distance)});
    merged_carry_out(call, &steps);
}

void carry_out_allgather(struct collective *call)
{
    struct block *block = malloc((size_t)call->size * sizeof *block);
    if (block == NULL)
        fatal("no memory for a collective of %d ranks", call->size);
    for (int k = 0; k < call->size; k++)
        block[k] = side_block(&call->output, k);
    if (!collective_is_in_place(call))
        collective_copy(call, side_block(&call->input, 0), block[call->rank]);
    if (!call->is_uneven && (call->size & (call->size - 1)) == 0 && merged_is_for(call, block[0]))
        gather_merged(call, (double)block_bytes(block[0]) * call->size);
    else
        spread_blocks(call, block);
    free(block);
}
