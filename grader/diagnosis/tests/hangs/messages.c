/*
 * Programs that hang over messages: circles, tails, and messages that don't fit
 * together.
 */
#include "tests/support/programs/hang.h"

/* ---- circles ---------------------------------------------------------------------------------- */

static void send_first(void)
{
    SEND(next_rank(), 5, LARGE);
    RECEIVE(previous_rank(), 5, LARGE);
}

static void receive_first(void)
{
    RECEIVE(previous_rank(), 7, SMALL);
    SEND(next_rank(), 7, SMALL);
}

/* 0 sends to 1, which waits for 2, which waits for 0. */
static void mixed(void)
{
    if (rank == 0)
        SEND(1, 3, LARGE);
    else if (rank == 1)
        RECEIVE(2, 4, SMALL);
    else
        RECEIVE(0, 4, SMALL);
}

/* Ranks 0 and 1 send first; 2 waits for 1, 3 for 2, and 4 for 0. */
static void tails(void)
{
    static const int waits_for[] = {1, 0, 1, 2, 0};
    if (rank < 2)
        SEND(1 - rank, 5, LARGE);
    RECEIVE(waits_for[rank], 6, SMALL);
}

/* Ranks 0 and 1, and 2 and 3, receive first. */
static void two_circles(void)
{
    RECEIVE(rank ^ 1, 8, SMALL);
}

/* MPI_Isend and its wait, before anybody receives. */
static void wait_for_sends(void)
{
    MPI_Request request;
    MPI_Isend(buffer, LARGE, MPI_FLOAT, next_rank(), 5, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    RECEIVE(previous_rank(), 5, LARGE);
}

/* Everybody receives from anybody. */
static void anybody(void)
{
    MPI_Recv(buffer, SMALL, MPI_FLOAT, MPI_ANY_SOURCE, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    SEND(next_rank(), 2, SMALL);
}

/* ---- messages that don't fit --------------------------------------------------------------------- */

static void tags(void)
{
    if (rank == 0)
        SEND(1, 5, LARGE);
    else
        RECEIVE(0, 6, LARGE);
}

static void communicators(void)
{
    MPI_Comm other;
    MPI_Comm_dup(MPI_COMM_WORLD, &other);
    if (rank == 0)
        MPI_Send(buffer, SMALL, MPI_FLOAT, 1, 5, other);
    else
        RECEIVE(0, 5, SMALL);
}

static void truncated(void)
{
    if (rank == 0)
        SEND(1, 1, 2 * SMALL);
    else
        RECEIVE(0, 1, SMALL);
}

/* One micro-batch more is expected than is sent. */
static void one_too_many(void)
{
    enum { MESSAGES = 3 };
    for (int i = 0; i < MESSAGES && rank == 0; i++)
        SEND(1, i, SMALL);
    for (int i = 0; i <= MESSAGES && rank == 1; i++)
        RECEIVE(0, i, SMALL);
}

/* One of two requests is never matched. */
static void waitall(void)
{
    MPI_Request request[2];
    if (rank == 0) {
        MPI_Irecv(buffer, SMALL, MPI_FLOAT, 1, 1, MPI_COMM_WORLD, &request[0]);
        MPI_Irecv(other_buffer, SMALL, MPI_FLOAT, 1, 2, MPI_COMM_WORLD, &request[1]);
        MPI_Waitall(2, request, MPI_STATUSES_IGNORE);
    } else {
        SEND(0, 1, SMALL);
    }
}

/* Everybody sends first, but so little that MPI copies it. */
static void lucky(void)
{
    SEND(next_rank(), 5, SMALL);
    RECEIVE(previous_rank(), 5, SMALL);
}

static const struct way ways[] = {{"send-first", send_first},
                                  {"receive-first", receive_first},
                                  {"mixed", mixed},
                                  {"tails", tails},
                                  {"two-circles", two_circles},
                                  {"wait-for-sends", wait_for_sends},
                                  {"anybody", anybody},
                                  {"tags", tags},
                                  {"communicators", communicators},
                                  {"truncated", truncated},
                                  {"one-too-many", one_too_many},
                                  {"waitall", waitall},
                                  {"lucky", lucky}};

HANG_MAIN(ways)
