/*
 * Who has what: each rank has a shard of every unit, and two messages bring wholes to shards and shards to wholes.
 * (ZeRO: Rajbhandari et al. 2020)
 */
#include "assignments/memory/memory.h"

void shard(size_t count, int ranks, int rank, size_t *begin, size_t *end)
{
    /* BEGIN SOLUTION */
    const size_t most = (count + (size_t)ranks - 1) / (size_t)ranks, before = (size_t)rank * most;
    *begin = before < count ? before : count;
    *end = before + most < count ? before + most : count;
    /* END SOLUTION */
    //| /* TODO: which of the numbers 0 … count - 1 are rank `rank`'s own.
    //|  *
    //|  * Hint: ranks need not divide count, and there may be fewer numbers than ranks: a shard may be
    //|  * empty, *begin == *end.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=shards, as soon as the two below are written, too
    //|  */
    //| todo("share out a unit's numbers", &count, &ranks, &rank, begin, end);
}

void reduce_scatter_gradients(struct zero *zero, const struct unit *unit, void *whole, void *own)
{
    /* BEGIN SOLUTION */
    const enum dtype dtype = zero->gradients;
    /* In place: MPI puts the sums of this rank's shard at the begin of the whole. */
    mpi_check(MPI_Reduce_scatter(MPI_IN_PLACE, whole, unit->count, message_type(dtype),
                                 message_sum(dtype), zero->comm));
    copy_numbers(dtype, unit->own_count, whole, own);
    /* END SOLUTION */
    //| /* TODO: add up the gradients of all ranks, each rank's shard on that rank.
    //|  *
    //|  * Given: unit->count as MPI_Reduce_scatter wants it; message_type and message_sum for
    //|  * zero->gradients; mpi_check around the call. copy_numbers, also where the two overlap. What
    //|  * is in `whole` afterwards does not matter to anybody.
    //|  * Hint: where does MPI put the sums? And where do they belong?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=shards, as soon as the one below is written, too
    //|  */
    //| todo("add up a unit's gradients, each shard on its own rank", zero, unit, whole, own);
}

void all_gather_parameters(struct zero *zero, const struct unit *unit, const void *own, void *whole)
{
    /* BEGIN SOLUTION */
    const MPI_Datatype type = message_type(zero->precision);
    const bool in_place =
        own == numbers_at(whole, zero->precision, (size_t)unit->first[zero->rank]);
    mpi_check(MPI_Allgatherv(in_place ? MPI_IN_PLACE : own, (int)unit->own_count, type, whole,
                             unit->count, unit->first, type, zero->comm));
    /* END SOLUTION */
    //| /* TODO: bring the shards of all ranks together in `whole`.
    //|  *
    //|  * Given: unit->count and unit->first as MPI_Allgatherv wants them; message_type for
    //|  * zero->precision; numbers_at, the place so many numbers behind another; mpi_check around the
    //|  * call.
    //|  * Hint: MPI may not be given the same memory twice. What does it want instead where `own` is
    //|  * already in its place?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=shards
    //|  */
    //| todo("bring a unit's shards together", zero, unit, own, whole);
}
