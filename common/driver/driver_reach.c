/*
 * Do messages get from every rank to every other (driver_parts.h)? On several computers a firewall, or an
 * interface that leads nowhere, lets them wait for each other for ever without a word.
 */
#include "common/driver/driver_parts.h"

#include "common/base/machine.h"
#include "common/base/mpi_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Of a limit of some seconds; 0: nobody asks. */
static double seconds_to_wait(void)
{
    const char *asked = getenv("REACH_SECONDS");
    const double seconds = asked == NULL ? 0 : strtod(asked, NULL);
    return seconds > 0 ? seconds : 0;
}

/* Ends all ranks. */
static _Noreturn void complain(int rank, int other, double seconds)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    fprintf(
        stderr,
        "%s: rank %d, on %s, and rank %d have not reached each other for %g seconds: a firewall is "
        "between their hosts, or they try a network that only one of them has; "
        "docs/several-computers.md (Networks) says what to set\n",
        program_invocation_short_name, rank, host, other, seconds);
    fflush(stderr);
    PMPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    exit(EXIT_FAILURE);
}

/* Sends a byte to one rank and gets one from another, before the clock shows `end`. */
static void exchange(int rank, int to, int from, uint64_t end, double seconds)
{
    char sent = 0, received = 0;
    MPI_Request requests[2];
    int come = 0, gone = 0;
    mpi_check(PMPI_Irecv(&received, 1, MPI_BYTE, from, 0, MPI_COMM_WORLD, &requests[0]));
    mpi_check(PMPI_Isend(&sent, 1, MPI_BYTE, to, 0, MPI_COMM_WORLD, &requests[1]));
    while (!come || !gone) {
        if (!come)
            mpi_check(PMPI_Test(&requests[0], &come, MPI_STATUS_IGNORE));
        if (!gone)
            mpi_check(PMPI_Test(&requests[1], &gone, MPI_STATUS_IGNORE));
        if (machine_clock() > end)
            complain(rank, come ? to : from, seconds);
        if (!come || !gone)
            usleep(100);
    }
}

void driver_ranks_must_reach_each_other(void)
{
    const double seconds = seconds_to_wait();
    int rank, ranks;
    if (seconds == 0)
        return;
    mpi_check(PMPI_Comm_rank(MPI_COMM_WORLD, &rank));
    mpi_check(PMPI_Comm_size(MPI_COMM_WORLD, &ranks));
    /* Not all at the same time, so that one speaks. */
    const double patience = seconds * (1 + 0.1 * (rank < 10 ? rank : 10));
    const uint64_t end = machine_clock() + (uint64_t)(1e9 * patience);
    for (int distance = 1; distance < ranks; distance++)
        exchange(rank, (rank + distance) % ranks, (rank + ranks - distance) % ranks, end, seconds);
}
