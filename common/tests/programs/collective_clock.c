/*
 * How long all-reduces take without numbers, on memory of the meta device: "clock N …", nanoseconds from when the last
 * rank has called until the last has the result. The first argument says which, the second how many bytes:
 *
 *     folded     one that is waited for at once
 *     in-turn    two that are begun at once: when the first and when the second is over
 */
#include "common/base/machine.h"
#include "common/base/mpi_check.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank;

/* How long after the last rank's first time the last rank's others were: ranks need not come out of a barrier
 * together. */
static void tell_clocks(const unsigned long own[], int count)
{
    unsigned long last[3];
    mpi_check(MPI_Reduce(own, last, count, MPI_UNSIGNED_LONG, MPI_MAX, 0, MPI_COMM_WORLD));
    for (int i = 1; rank == 0 && i < count; i++)
        printf("%s%lu%s", i == 1 ? "clock " : " ", last[i] - last[0], i == count - 1 ? "\n" : "");
}

static void folded(int bytes)
{
    unsigned long own[2];
    char *const memory = machine_folded_memory((size_t)bytes);
    mpi_check(MPI_Barrier(MPI_COMM_WORLD));
    own[0] = machine_clock();
    mpi_check(MPI_Allreduce(MPI_IN_PLACE, memory, bytes, MPI_CHAR, MPI_MAX, MPI_COMM_WORLD));
    own[1] = machine_clock();
    tell_clocks(own, 2);
}

static void in_turn(int bytes)
{
    MPI_Request request[2];
    unsigned long own[3];
    char *const memory = machine_folded_memory((size_t)bytes);
    mpi_check(MPI_Barrier(MPI_COMM_WORLD));
    own[0] = machine_clock();
    for (int i = 0; i < 2; i++)
        mpi_check(MPI_Iallreduce(MPI_IN_PLACE, memory, bytes, MPI_CHAR, MPI_MAX, MPI_COMM_WORLD,
                                 &request[i]));
    for (int i = 0; i < 2; i++) {
        mpi_check(MPI_Wait(&request[i], MPI_STATUS_IGNORE));
        own[1 + i] = machine_clock();
    }
    tell_clocks(own, 3);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    mpi_check(MPI_Init(&argc, &argv));
    mpi_check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    if (strcmp(argv[1], "folded") == 0)
        folded(atoi(argv[2]));
    else
        in_turn(atoi(argv[2]));
    mpi_check(MPI_Finalize());
    return 0;
}
