/*
 * Shared by the programs that hang: each has a table of ways to hang, and runs the one that its
 * second argument names, on every rank, with the log in the folder of the first.
 *
 * They run on both machines; on the simulated one every rank has its own copy of
 * what is static here. Nobody prints anything. A rank that comes to the end of
 * its way writes its final record, as the driver would.
 */
#ifndef TESTS_SUPPORT_PROGRAMS_HANG_H
#define TESTS_SUPPORT_PROGRAMS_HANG_H

#include "common/base/fatal.h"
#include "common/log/log_fields.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LARGE   100000 /* floats: MPI copies no message of that size, on neither machine */
#define SMALL   10
#define SECONDS 60 /* after which a forgotten program ends itself */

static int rank, ranks;
static float buffer[LARGE], other_buffer[LARGE];

struct way {
    const char *name;
    void (*hang)(void);
};

/* Macros, so that the log has the line of the way itself. */
#define SEND(peer, tag, count) MPI_Send(buffer, count, MPI_FLOAT, peer, tag, MPI_COMM_WORLD)
#define RECEIVE(peer, tag, count)                                                                  \
    MPI_Recv(other_buffer, count, MPI_FLOAT, peer, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE)

static inline int next_rank(void)
{
    return (rank + 1) % ranks;
}

static inline int previous_rank(void)
{
    return (rank + ranks - 1) % ranks;
}

static inline int run_way(int argc, char **argv, const struct way *ways, size_t count)
{
    if (argc < 3)
        return 2;
    PMPI_Init(&argc, &argv);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    log_open(argv[1], rank, ranks, 1);
    alarm(SECONDS);
    PMPI_Barrier(MPI_COMM_WORLD); /* all set out together */
    size_t way = 0;
    while (way < count && strcmp(argv[2], ways[way].name) != 0)
        way++;
    if (way == count)
        return 2;
    ways[way].hang();
    MPI_Finalize();
    log_fact(LOG_FINAL);
    return 0;
}

#define HANG_MAIN(ways)                                                                            \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return run_way(argc, argv, ways, sizeof(ways) / sizeof(ways)[0]);                          \
    }

#endif
