/*
 * What test_simulator.c runs, on the simulated cluster and on the real machine:
 * the first argument says what to do, the others are its numbers.
 */
#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/base/machine.h"
#include "common/base/mpi_check.h"
#include "common/log/log.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int rank, ranks;
static char byte;

static void receive(int from)
{
    mpi_check(MPI_Recv(&byte, 1, MPI_CHAR, from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
}

static void send(int to)
{
    mpi_check(MPI_Send(&byte, 1, MPI_CHAR, to, 0, MPI_COMM_WORLD));
}

/* Prints the clock of the last rank to get here, in nanoseconds. */
static void print_clock(void)
{
    unsigned long own, last;
    flops_spend();
    own = machine_clock();
    mpi_check(PMPI_Reduce(&own, &last, 1, MPI_UNSIGNED_LONG, MPI_MAX, 0, MPI_COMM_WORLD));
    if (rank == 0)
        printf("clock %lu\n", last);
}

/* All forwards of 1,000 operations, then all backwards of 2,000, each charged in two pieces. */
static void stages(int micro_batches)
{
    for (int i = 0; i < micro_batches; i++) {
        if (rank > 0)
            receive(rank - 1);
        flops_charge(600);
        flops_charge(400);
        if (rank < ranks - 1)
            send(rank + 1);
    }
    for (int i = 0; i < micro_batches; i++) {
        if (rank < ranks - 1)
            receive(rank + 1);
        flops_charge(1500);
        flops_charge(500);
        if (rank > 0)
            send(rank - 1);
    }
    print_clock();
}

/* Rank 1 computes for a simulated second, rank 0 asks again and again whether it is done; a
 * request that is done already is asked about, too. */
static void poll_while_other_computes(void)
{
    if (rank == 1) {
        flops_charge(1e9);
        send(0);
    } else {
        MPI_Request request, none = MPI_REQUEST_NULL;
        int done = 0, nothing;
        mpi_check(MPI_Irecv(&byte, 1, MPI_CHAR, 1, 0, MPI_COMM_WORLD, &request));
        while (!done) {
            mpi_check(MPI_Test(&none, &nothing, MPI_STATUS_IGNORE));
            mpi_check(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
        }
    }
    print_clock();
}

/* Rank 0 polls for what nobody sends, the others wait. */
static void poll_for_ever(void)
{
    MPI_Request request, none = MPI_REQUEST_NULL;
    int done = 0, nothing;
    if (rank > 0)
        receive(0);
    mpi_check(MPI_Irecv(&byte, 1, MPI_CHAR, 1, 0, MPI_COMM_WORLD, &request));
    while (!done) {
        mpi_check(MPI_Test(&none, &nothing, MPI_STATUS_IGNORE));
        mpi_check(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
    }
}

/* The same, but it probes for the message in one of three ways. */
static void probe_while_other_computes(const char *how)
{
    MPI_Message taken;
    int found = 0;
    if (rank == 1) {
        flops_charge(1e9);
        send(0);
    } else if (strcmp(how, "mprobe") == 0) {
        mpi_check(MPI_Mprobe(1, MPI_ANY_TAG, MPI_COMM_WORLD, &taken, MPI_STATUS_IGNORE));
        mpi_check(MPI_Mrecv(&byte, 1, MPI_CHAR, &taken, MPI_STATUS_IGNORE));
    } else {
        if (strcmp(how, "probe") == 0)
            mpi_check(MPI_Probe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        while (!found)
            mpi_check(MPI_Iprobe(1, 0, MPI_COMM_WORLD, &found, MPI_STATUS_IGNORE));
        receive(1);
    }
    print_clock();
}

static void probe_for_ever(bool blocking)
{
    int found = 0;
    if (blocking)
        mpi_check(MPI_Probe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    while (!found)
        mpi_check(MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &found, MPI_STATUS_IGNORE));
}

/* A message from rank 0 to rank 1 and one back, sent first: goes well while sends are buffered. */
static void both_send_first(void)
{
    send(1 - rank);
    receive(1 - rank);
}

/* The parameters that a rank's layer begins with, all together: real arithmetic. */
static void numbers(void)
{
    double sum = 0.1 * rank, all;
    for (int i = 1; i < 1000; i++)
        sum += 1.0 / (i + rank);
    mpi_check(MPI_Allreduce(&sum, &all, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD));
    if (rank == 0)
        printf("number %a\n", all);
}

/* Every rank writes into and sends from the same few pages. */
static void fold(void)
{
    const size_t bytes = (size_t)3 << 30;
    const char *small = machine_folded_memory(1 << 20);
    char *memory = machine_folded_memory(bytes);
    if (!machine_is_folded(small) || !machine_is_folded(memory + bytes - 1) ||
        machine_is_folded(&bytes))
        fatal("what was given out first is no longer known to be folded");
    memory[0] = memory[bytes - 1] = 1;
    if (machine_folded_memory(bytes / 2) == NULL)
        fatal("no folded memory the second time");
    if (rank == 0)
        mpi_check(MPI_Send(memory, 1 << 30, MPI_CHAR, 1, 0, MPI_COMM_WORLD));
    if (rank == 1)
        mpi_check(MPI_Recv(memory, 1 << 30, MPI_CHAR, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    print_clock();
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (machine_is_first_process())
        printf("first process\n");
    PMPI_Init(&argc, &argv);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    fatal_set_rank(rank);
    if (argc > 3)
        log_open(argv[3], rank, ranks, 1);
    if (strcmp(what, "stages") == 0)
        stages(atoi(argv[2]));
    else if (strcmp(what, "poll") == 0)
        poll_while_other_computes();
    else if (strcmp(what, "poll-for-ever") == 0)
        poll_for_ever();
    else if (strcmp(what, "probe-for-ever") == 0)
        probe_for_ever(true);
    else if (strcmp(what, "iprobe-for-ever") == 0)
        probe_for_ever(false);
    else if (strstr(what, "probe") != NULL)
        probe_while_other_computes(what);
    else if (strcmp(what, "receive") == 0)
        receive((rank + 1) % ranks);
    else if (strcmp(what, "both-send-first") == 0)
        both_send_first();
    else if (strcmp(what, "numbers") == 0)
        numbers();
    else if (strcmp(what, "fold") == 0)
        fold();
    else if (strcmp(what, "fatal") == 0 && rank == 1)
        fatal("this is the end");
    else if (strcmp(what, "abort") == 0 && rank == 1)
        MPI_Abort(MPI_COMM_WORLD, 7);
    else if (strcmp(what, "crash") == 0 && rank == 1)
        abort();
    else
        receive((rank + 1) % ranks);
    MPI_Finalize();
    log_fact(LOG_FINAL);
    log_close();
    return 0;
}
