/*
 * Messages between two processes of this computer: half of a round trip, by size; and
 * from which size on MPI_Send waits for the receive.
 */
#include "common/base/fatal.h"
#include "common/base/mpi_check.h"
#include "common/platforms/calibrate/calibrate.h"

#include <mpi.h>
#include <stdlib.h>

enum { ROUNDS = 41, LARGEST = 1 << 22 };

static double now(void)
{
    return 1e-9 * (double)machine_clock();
}

static void exchange(int rank, char *buffer, int bytes)
{
    const int other = 1 - rank;
    if (rank == 0)
        mpi_check(PMPI_Send(buffer, bytes, MPI_CHAR, other, 0, MPI_COMM_WORLD));
    mpi_check(PMPI_Recv(buffer, bytes, MPI_CHAR, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    if (rank == 1)
        mpi_check(PMPI_Send(buffer, bytes, MPI_CHAR, other, 0, MPI_COMM_WORLD));
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of many means of a few round trips. */
static double seconds_one_way(int rank, char *buffer, int bytes)
{
    const int trips = bytes < 65536 ? 20 : 2;
    double seconds[ROUNDS];
    exchange(rank, buffer, bytes);
    for (int round = 0; round < ROUNDS; round++) {
        const double began = now();
        for (int i = 0; i < trips; i++)
            exchange(rank, buffer, bytes);
        seconds[round] = (now() - began) / (2 * trips);
    }
    qsort(seconds, ROUNDS, sizeof *seconds, compare_doubles);
    return seconds[ROUNDS / 2];
}

/* Does a send of so many bytes wait for its receive? Here the receive begins only when the sender has
 * looked for a while, during which the other process is busy with MPI. */
static bool waits(int rank, char *buffer, int bytes)
{
    MPI_Request request;
    int done = 0;
    if (rank == 1) {
        mpi_check(PMPI_Recv(&done, 1, MPI_INT, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        mpi_check(PMPI_Recv(buffer, bytes, MPI_CHAR, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        return !done;
    }
    mpi_check(PMPI_Isend(buffer, bytes, MPI_CHAR, 1, 0, MPI_COMM_WORLD, &request));
    for (const double began = now(); !done && now() - began < 0.03;)
        mpi_check(PMPI_Test(&request, &done, MPI_STATUS_IGNORE));
    const bool waited = !done;
    mpi_check(PMPI_Send(&done, 1, MPI_INT, 1, 1, MPI_COMM_WORLD));
    mpi_check(PMPI_Wait(&request, MPI_STATUS_IGNORE));
    return waited;
}

struct calibrate_messages calibrate_exchange(int rank)
{
    struct calibrate_messages messages = {.rendezvous = LARGEST};
    char *buffer = calloc(1, LARGEST);
    if (buffer == NULL)
        fatal("no memory left for messages");
    if (rank < 2) {
        for (int i = 0, bytes = 1; i < CALIBRATE_SIZES; i++, bytes *= 4) {
            messages.bytes[i] = bytes;
            messages.seconds[i] = seconds_one_way(rank, buffer, bytes);
        }
        for (int bytes = 256; bytes < LARGEST; bytes *= 2)
            if (waits(rank, buffer, bytes)) {
                messages.rendezvous = bytes;
                break;
            }
    }
    mpi_check(PMPI_Barrier(MPI_COMM_WORLD));
    free(buffer);
    return messages;
}
