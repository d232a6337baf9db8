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

static const struct way ways[] = {{"not-entered", not_entered},
                                  {"skipped", skipped},
                                  {"different", different},
                                  {"roots", roots},
                                  {"sizes", sizes}};

HANG_MAIN(ways)
