/*
 * Programs that hang, or end, over collectives.
 */
#include "tests/support/programs/hang.h"

/* Rank 1 has something else to wait for. */
static void not_entered(void)
{
    if (rank == 1)
        RECEIVE(0, 4, SMALL);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* The last rank is through already. */
static void skipped(void)
{
    if (rank < ranks - 1)
        MPI_Allreduce(buffer, other_buffer, SMALL, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

static void different(void)
{
    if (rank == 0)
        MPI_Allreduce(buffer, other_buffer, LARGE, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    else
        MPI_Barrier(MPI_COMM_WORLD);
}

static void roots(void)
{
    MPI_Bcast(buffer, LARGE, MPI_FLOAT, rank, MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void sizes(void)
{
    MPI_Bcast(buffer, rank == 0 ? 2 * SMALL : SMALL, MPI_FLOAT, 0, MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void reduce(MPI_Comm comm)
{
    MPI_Allreduce(buffer, other_buffer, LARGE, MPI_FLOAT, MPI_SUM, comm);
}

/* Two communicators of all ranks: rank 1 comes to them in the other order. */
static void crosswise(void)
{
    MPI_Comm first, second;
    MPI_Comm_dup(MPI_COMM_WORLD, &first);
    MPI_Comm_split(MPI_COMM_WORLD, 0, ranks - rank, &second);
    if (rank == 1) {
        MPI_Barrier(second);
        reduce(first);
    } else {
        reduce(first);
        MPI_Barrier(second);
    }
}

/* Ranks 0 and 1 are to add up, and so are 2 and 3; rank 1 takes MPI_COMM_WORLD. */
static void world(void)
{
    MPI_Comm pair;
    MPI_Comm_split(MPI_COMM_WORLD, rank / 2, rank, &pair);
    reduce(rank == 1 ? MPI_COMM_WORLD : pair);
}

/* Rank 2 leaves out the second of three. */
static void one_left_out(void)
{
    MPI_Bcast(buffer, SMALL, MPI_FLOAT, 0, MPI_COMM_WORLD);
    if (rank != 2)
        MPI_Bcast(buffer, 2 * SMALL, MPI_FLOAT, 0, MPI_COMM_WORLD);
    MPI_Allreduce(buffer, other_buffer, SMALL, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* The last rank waits for something else; the others for it, in MPI_Wait. */
static void in_flight(void)
{
    MPI_Request request;
    MPI_Comm pairs;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &pairs);
    if (rank == 3)
        RECEIVE(1, 4, SMALL);
    MPI_Iallreduce(buffer, other_buffer, SMALL, MPI_FLOAT, MPI_SUM, pairs, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

static void blocking_with_nonblocking(void)
{
    MPI_Request request;
    if (rank == 0) {
        MPI_Allreduce(buffer, other_buffer, LARGE, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    } else {
        MPI_Iallreduce(buffer, other_buffer, LARGE, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD, &request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
}

static void reduce_for_bcast(void)
{
    if (rank == 0)
        MPI_Bcast(buffer, SMALL, MPI_FLOAT, 0, MPI_COMM_WORLD);
    else
        MPI_Reduce(buffer, other_buffer, SMALL, MPI_FLOAT, MPI_SUM, 0, MPI_COMM_WORLD);
}

/* Nobody waits for it so far. */
static void sizes_in_flight(void)
{
    MPI_Request request;
    MPI_Iallreduce(buffer, other_buffer, rank == 1 ? SMALL : 2 * SMALL, MPI_FLOAT, MPI_SUM,
                   MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

static void types(void)
{
    MPI_Reduce(buffer, other_buffer, SMALL, rank == 1 ? MPI_DOUBLE : MPI_FLOAT, MPI_SUM, 0,
               MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* Rank 1 gives more than the root has room for, … */
static void part_too_large(void)
{
    const int counts[] = {SMALL, SMALL, SMALL}, places[] = {0, 2 * SMALL, 4 * SMALL};
    MPI_Gatherv(buffer, rank == 1 ? 2 * SMALL : SMALL, MPI_FLOAT, other_buffer, counts, places,
                MPI_FLOAT, 0, MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* … or less than rank 0 expects. */
static void part_too_small(void)
{
    const int full[] = {SMALL, SMALL, SMALL}, less[] = {SMALL / 2, SMALL, SMALL};
    const int places[] = {0, SMALL, 2 * SMALL};
    MPI_Request request;
    MPI_Ialltoallv(buffer, rank == 1 ? less : full, places, MPI_FLOAT, other_buffer, full, places,
                   MPI_FLOAT, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

/* Rank 1 takes rank 2's block for a smaller one. */
static void blocks(void)
{
    const int counts[] = {SMALL, SMALL, rank == 1 ? SMALL / 2 : SMALL};
    const int places[] = {0, SMALL, 2 * SMALL};
    MPI_Allgatherv(buffer, SMALL, MPI_FLOAT, other_buffer, counts, places, MPI_FLOAT,
                   MPI_COMM_WORLD);
}

/* Rank 2 is one of the group, and has something else to wait for. */
static void group_not_made(void)
{
    MPI_Group all, two;
    MPI_Comm made;
    MPI_Comm_group(MPI_COMM_WORLD, &all);
    MPI_Group_incl(all, 2, (int[]){0, 2}, &two);
    if (rank == 2)
        RECEIVE(0, 4, SMALL);
    if (rank != 1)
        MPI_Comm_create_group(MPI_COMM_WORLD, two, 0, &made);
}

static const struct way ways[] = {{"not-entered", not_entered},
                                  {"skipped", skipped},
                                  {"different", different},
                                  {"roots", roots},
                                  {"sizes", sizes},
                                  {"crosswise", crosswise},
                                  {"world", world},
                                  {"one-left-out", one_left_out},
                                  {"in-flight", in_flight},
                                  {"group-not-made", group_not_made},
                                  {"reduce-for-bcast", reduce_for_bcast},
                                  {"sizes-in-flight", sizes_in_flight},
                                  {"types", types},
                                  {"part-too-large", part_too_large},
                                  {"part-too-small", part_too_small},
                                  {"blocks", blocks},
                                  {"blocking-with-nonblocking", blocking_with_nonblocking}};

HANG_MAIN(ways)
