/*
 * Reductions: see steps.h.
 *
 * Where an operation does not commute, partial results are always those of ranks that follow each
 * other, and the lower ones come first.
 */
#include "common/mpi/machines/reduction.h"

#include "common/mpi/machines/merged.h"

#include "common/base/fatal.h"

#include <stdlib.h>

static const size_t long_bytes = 16 << 10;
static const int longest_ring = 128; /* ranks: more take too long to simulate */

/* ---- the ranks that take part in halving and doubling: a power of two ----------------------- */

struct fold {
    int count; /* the power of two */
    int pairs; /* the first 2 * pairs ranks: the odd ones stand for both */
    int own;   /* this rank's number among them, or -1 */
};

static struct fold fold_of(const struct collective *call)
{
    struct fold fold = {.count = 1};
    while (2 * fold.count <= call->size)
        fold.count *= 2;
    fold.pairs = call->size - fold.count;
    fold.own = call->rank - fold.pairs;
    if (call->rank < 2 * fold.pairs)
        fold.own = call->rank % 2 == 1 ? call->rank / 2 : -1;
    return fold;
}

static int rank_in_fold(const struct fold *fold, int number)
{
    return number < fold->pairs ? 2 * number + 1 : number + fold->pairs;
}

void reduction_add(struct collective *call, struct packet packet, struct block block,
                   bool is_packet_first)
{
    collective_note_error(call,
                          block_reduce(packet, block, call->op, is_packet_first || call->commutes));
}

static void fold_in(struct collective *call, const struct fold *fold, struct block block)
{
    if (fold->own < 0)
        collective_send(call, call->rank + 1, block_pack(1, &block));
    else if (call->rank < 2 * fold->pairs)
        reduction_add(call, collective_receive(call, call->rank - 1), block, true);
}

static void fold_out(struct collective *call, const struct fold *fold, struct block block)
{
    if (fold->own < 0)
        collective_put(call, collective_receive(call, call->rank + 1), block);
    else if (call->rank < 2 * fold->pairs)
        collective_send(call, call->rank - 1, block_pack(1, &block));
}

static void exchange_and_reduce(struct collective *call, const struct fold *fold, int partner,
                                struct block sent, struct block block)
{
    const int rank = rank_in_fold(fold, partner);
    reduction_add(call, collective_exchange(call, rank, block_pack(1, &sent), rank), block,
                  partner < fold->own);
}

/* Everybody has the whole result. */
static void double_up(struct collective *call, const struct fold *fold, struct block block)
{
    for (int distance = 1; distance < fold->count; distance *= 2)
        exchange_and_reduce(call, fold, fold->own ^ distance, block, block);
}

/* ---- long ones: first each has a part of the result ----------------------------------------- */

/* The part that number `own` has left after halving with the nearest `below` / 2 … ranks. */
static struct block half_of(struct block block, int own, int below)
{
    for (int distance = 1; distance < below; distance *= 2)
        block = block_share(block, (own & distance) != 0, 2);
    return block;
}

static void halve(struct collective *call, const struct fold *fold, struct block block)
{
    for (int distance = 1; distance < fold->count; distance *= 2) {
        const int partner = fold->own ^ distance;
        exchange_and_reduce(call, fold, partner, half_of(block, partner, 2 * distance),
                            half_of(block, fold->own, 2 * distance));
    }
}

static void join_halves(struct collective *call, const struct fold *fold, struct block block)
{
    for (int distance = fold->count / 2; distance > 0; distance /= 2) {
        const int partner = fold->own ^ distance, rank = rank_in_fold(fold, partner);
        const struct block own = half_of(block, fold->own, 2 * distance);
        collective_put(call, collective_exchange(call, rank, block_pack(1, &own), rank),
                       half_of(block, partner, 2 * distance));
    }
}

/* Rank k has the result of block k. */
void reduction_go_round(struct collective *call, const struct block block[])
{
    const int size = call->size, next = (call->rank + 1) % size,
              last = (call->rank + size - 1) % size;
    for (int i = 1; i < size; i++) {
        const struct block sent = block[(call->rank + size - i) % size];
        reduction_add(call, collective_exchange(call, next, block_pack(1, &sent), last),
                      block[(last + size - i) % size], true);
    }
}

static struct block *room_for_blocks(const struct collective *call)
{
    struct block *block = malloc((size_t)call->size * sizeof *block);
    if (block == NULL)
        fatal("no memory for a collective of %d ranks", call->size);
    return block;
}

static struct block *shares_of(const struct collective *call, struct block all)
{
    struct block *block = room_for_blocks(call);
    for (int k = 0; k < call->size; k++)
        block[k] = block_share(all, k, call->size);
    return block;
}

bool reduction_is_power_of_two(int number)
{
    return (number & (number - 1)) == 0;
}

static bool is_long(const struct collective *call, struct block all)
{
    return call->commutes && block_bytes(all) >= long_bytes && all.count >= call->size;
}

bool reduction_goes_round(const struct collective *call)
{
    return !reduction_is_power_of_two(call->size) && call->size <= longest_ring;
}

/* ---- all-reduce ----------------------------------------------------------------------------- */

static void all_reduce_round(struct collective *call, struct block all)
{
    struct block *block = shares_of(call, all);
    reduction_go_round(call, block);
    spread_blocks(call, block);
    free(block);
}

/* The same without numbers: halving and doubling, or round a ring. */
static void all_reduce_merged(struct collective *call, struct block all)
{
    struct merged_steps steps = {.is_ring = reduction_goes_round(call)};
    const double bytes = (double)block_bytes(all);
    if (steps.is_ring)
        merged_add(&steps, (struct merged_step){1, 2 * (call->size - 1), bytes / call->size});
    for (int distance = 1; !steps.is_ring && distance < call->size; distance *= 2)
        merged_add(&steps, (struct merged_step){distance, 2, bytes / (2.0 * distance)});
    merged_carry_out(call, &steps);
}

void carry_out_allreduce(struct collective *call)
{
    const struct block all = side_block(&call->output, 0);
    const struct fold fold = fold_of(call);
    if (!collective_is_in_place(call))
        collective_copy(call, side_block(&call->input, 0), all);
    if (is_long(call, all) && merged_is_for(call, all) &&
        (reduction_goes_round(call) || reduction_is_power_of_two(call->size))) {
        all_reduce_merged(call, all);
        return;
    }
    if (is_long(call, all) && reduction_goes_round(call)) {
        all_reduce_round(call, all);
        return;
    }
    fold_in(call, &fold, all);
    if (fold.own >= 0 && is_long(call, all)) {
        halve(call, &fold, all);
        join_halves(call, &fold, all);
    } else if (fold.own >= 0) {
        double_up(call, &fold, all);
    }
    fold_out(call, &fold, all);
}

/* ---- to one rank ---------------------------------------------------------------------------- */

static void reduce_by_tree(struct collective *call, struct block block, int root)
{
    const int place = (call->rank + call->size - root) % call->size;
    for (int distance = 1; distance < call->size; distance *= 2) {
        if ((place & distance) != 0) {
            collective_send(call, (place - distance + root) % call->size, block_pack(1, &block));
            return;
        }
        if (place + distance < call->size)
            reduction_add(call, collective_receive(call, (place + distance + root) % call->size),
                          block, false);
    }
}

/* Everybody sends the part of the result that it has to the root. */
static void collect_parts(struct collective *call, const struct block part[], int root)
{
    if (call->rank != root) {
        collective_send(call, root, block_pack(1, &part[call->rank]));
        return;
    }
    struct transfer **received = malloc((size_t)call->size * sizeof(struct transfer *));
    if (received == NULL)
        fatal("no memory for a collective of %d ranks", call->size);
    for (int k = 0; k < call->size; k++)
        if (k != root)
            received[k] = collective_begin_receive(call, k);
    for (int k = 0; k < call->size; k++)
        if (k != root)
            collective_put(call, transfer_wait_received(received[k]), part[k]);
    free(received);
}

static void reduce_in_parts(struct collective *call, struct block all, int root)
{
    struct block *part = shares_of(call, all);
    if (reduction_is_power_of_two(call->size)) {
        const struct fold fold = fold_of(call);
        halve(call, &fold, all);
        for (int k = 0; k < call->size; k++)
            part[k] = half_of(all, k, call->size);
    } else {
        reduction_go_round(call, part);
    }
    collect_parts(call, part, root);
    free(part);
}

void reduction_to_root(struct collective *call, struct block block, int root)
{
    if (is_long(call, block) &&
        (reduction_is_power_of_two(call->size) || reduction_goes_round(call))) {
        reduce_in_parts(call, block, root);
        return;
    }
    reduce_by_tree(call, block, call->commutes ? root : 0);
    if (call->commutes || root == 0)
        return;
    if (call->rank == 0)
        collective_send(call, root, block_pack(1, &block));
    if (call->rank == root)
        collective_put(call, collective_receive(call, 0), block);
}

void carry_out_reduce(struct collective *call)
{
    struct side *from = collective_is_in_place(call) ? &call->output : &call->input;
    const struct block input = side_block(from, 0);
    const bool is_root = call->rank == call->root;
    const struct block result = is_root ? side_block(&call->output, 0) : block_room(input);
    if (!collective_is_in_place(call))
        collective_copy(call, input, result);
    reduction_to_root(call, result, call->root);
    if (!is_root)
        block_free_room(result);
}
