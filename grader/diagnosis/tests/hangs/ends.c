/*
 * Programs in which one rank ends, or goes on without end, while others wait.
 */
#include "tests/support/programs/hang.h"

static volatile int never;

static void returned_early(void)
{
    if (rank == 1)
        RECEIVE(0, 5, SMALL);
}

/* Rank 0 is in MPI_Finalize already. */
static void finalized(void)
{
    if (rank == 1)
        SEND(0, 5, LARGE);
}

static void exited(void)
{
    if (rank == 0)
        exit(0);
    RECEIVE(0, 5, SMALL);
}

__attribute__((no_sanitize("undefined"))) static void crashed(void)
{
    if (rank == 1) { /* a sanitizer would end the program before it crashes */
        volatile int *volatile nowhere = NULL;
        *nowhere = 1;
    }
    RECEIVE(1, 5, SMALL);
}

static void endless(void)
{
    while (rank == 0 && !never)
        usleep(1000);
    RECEIVE(0, 5, SMALL);
}

/* Rank 0 looks into the buffer instead of waiting for its request. */
static void request(void)
{
    volatile float *arrived = buffer;
    MPI_Request request;
    if (rank == 0) {
        MPI_Irecv(buffer, LARGE, MPI_FLOAT, 1, 5, MPI_COMM_WORLD, &request);
        while (arrived[LARGE - 1] == 0)
            usleep(1000);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    } else {
        usleep(100000); /* rank 0 looks before the message comes */
        buffer[LARGE - 1] = 1;
        SEND(0, 5, LARGE);
    }
}

static void poll_for(int peer, int tag)
{
    MPI_Request request;
    int done = 0;
    MPI_Irecv(buffer, SMALL, MPI_FLOAT, peer, tag, MPI_COMM_WORLD, &request);
    while (!done)
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
}

/* Both wait by testing; nobody ever sends. */
static void both_poll(void)
{
    poll_for(1 - rank, 6);
    SEND(1 - rank, 6, SMALL);
}

/* Rank 1 tests for a message that rank 0 would send only after it got one. */
static void one_polls(void)
{
    if (rank == 1)
        poll_for(0, 6);
    RECEIVE(1 - rank, 7, SMALL);
}

static void probe(void)
{
    int there = 0;
    while (rank == 1 && !there)
        MPI_Iprobe(0, 9, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE);
    RECEIVE(1 - rank, 7, SMALL);
}

/* Backtraces know it, and everybody above it, by name. */
void crashed_in_exported(void)
{
    if (rank == 1) {
        volatile int *volatile nowhere = NULL;
        *nowhere = 1;
    }
    RECEIVE(1, 6, SMALL);
}

static void crash(void *input, void *output, int *count, MPI_Datatype *type)
{
    (void)input, (void)output, (void)count, (void)type;
    volatile int *volatile nowhere = NULL;
    *nowhere = 1;
}

static void end(void *input, void *output, int *count, MPI_Datatype *type)
{
    (void)input, (void)output, (void)count, (void)type;
    fatal("no such sum");
}

/* Rank 1 gets rank 0's numbers, and adds them while it waits for something else. */
static void add_beside(MPI_User_function *add)
{
    MPI_Op op;
    MPI_Request request;
    fatal_set_rank(rank);
    MPI_Op_create(add, 1, &op);
    MPI_Ireduce(buffer, other_buffer, SMALL, MPI_FLOAT, op, 1, MPI_COMM_WORLD, &request);
    if (rank == 1)
        RECEIVE(0, 6, SMALL);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

static void crashed_beside(void)
{
    add_beside(crash);
}

static void ended_beside(void)
{
    add_beside(end);
}

static const struct way ways[] = {{"returned-early", returned_early},
                                  {"finalized", finalized},
                                  {"exited", exited},
                                  {"crashed", crashed},
                                  {"crashed-in-exported", crashed_in_exported},
                                  {"crashed-beside", crashed_beside},
                                  {"ended-beside", ended_beside},
                                  {"endless", endless},
                                  {"request", request},
                                  {"both-poll", both_poll},
                                  {"one-polls", one_polls},
                                  {"probe", probe}};

HANG_MAIN(ways)
