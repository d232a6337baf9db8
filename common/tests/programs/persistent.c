/*
 * Persistent sends that are started again and again while the receiver is late, in all ways to wait for
 * them, for test_simulated_calls.c. Arguments: how many numbers. What arrives wrong is printed.
 */
#include "common/base/fatal.h"
#include "common/base/mpi_check.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 8
#define TAGS   3

static int rank, ranks, count, wrong;
static int *number[TAGS];

static int value(int tag, int round, int i)
{
    return 1000 * tag + 100 * round + i % 100;
}

static void fill(int tag, int round)
{
    for (int i = 0; i < count; i++)
        number[tag][i] = value(tag, round, i);
}

/* Each round another way; tag 1 is started last and may be waited for first. */
static void wait_for(MPI_Request request[TAGS], int round)
{
    int done[TAGS], index, completed = 0, flag = 0;
    switch (round % 6) {
    case 0:
        for (int i = 0; i < TAGS; i++)
            mpi_check(MPI_Wait(&request[(i + 1) % TAGS], MPI_STATUS_IGNORE));
        return;
    case 1:
        for (int i = 0; i < TAGS; i++)
            for (flag = 0; !flag;)
                mpi_check(MPI_Test(&request[i], &flag, MPI_STATUS_IGNORE));
        return;
    case 2:
        for (int i = 0; i < TAGS; i++) {
            mpi_check(MPI_Waitany(TAGS, request, &index, MPI_STATUS_IGNORE));
            if (index < 0 || index >= TAGS)
                fatal("MPI_Waitany gave %d", index);
        }
        mpi_check(MPI_Waitany(TAGS, request, &index, MPI_STATUS_IGNORE));
        if (index != MPI_UNDEFINED)
            fatal("an inactive request has completed");
        return;
    case 3:
        for (int all = 0; all < TAGS; all += completed)
            mpi_check(MPI_Waitsome(TAGS, request, &completed, done, MPI_STATUSES_IGNORE));
        return;
    case 4:
        while (!flag)
            mpi_check(MPI_Testall(TAGS, request, &flag, MPI_STATUSES_IGNORE));
        return;
    default:
        mpi_check(MPI_Waitall(TAGS, request, MPI_STATUSES_IGNORE));
    }
}

static void send(void)
{
    MPI_Request request[TAGS];
    MPI_Datatype row; /* MPI keeps it as long as a request needs it */
    const int bytes = ROUNDS * (count * (int)sizeof(int) + MPI_BSEND_OVERHEAD);
    void *room = malloc((size_t)bytes);
    if (room == NULL)
        fatal("no memory");
    mpi_check(MPI_Buffer_attach(room, bytes));
    mpi_check(MPI_Type_contiguous(1, MPI_INT, &row));
    mpi_check(MPI_Type_commit(&row));
    for (int tag = 0; tag < TAGS; tag++)
        mpi_check((tag == 2 ? MPI_Bsend_init : MPI_Send_init)(number[tag], count, row, rank + 1,
                                                              tag, MPI_COMM_WORLD, &request[tag]));
    mpi_check(MPI_Type_free(&row));
    for (int round = 0; round < ROUNDS; round++) {
        for (int tag = 0; tag < TAGS; tag++)
            fill(tag, round);
        if (round % 2 == 0)
            mpi_check(MPI_Startall(TAGS, request));
        for (int tag = TAGS - 1; round % 2 == 1 && tag >= 0; tag--)
            mpi_check(MPI_Start(&request[tag]));
        wait_for(request, round);
    }
    for (int tag = 0; tag < TAGS; tag++)
        mpi_check(MPI_Request_free(&request[tag]));
    mpi_check(MPI_Buffer_detach(&room, &(int){0}));
    free(room);
}

static void receive(void)
{
    for (int round = 0; round < ROUNDS; round++)
        for (int tag = 0; tag < TAGS; tag++) {
            mpi_check(MPI_Recv(number[tag], count, MPI_INT, rank - 1, tag, MPI_COMM_WORLD,
                               MPI_STATUS_IGNORE));
            for (int i = 0; i < count; i++)
                wrong += number[tag][i] != value(tag, round, i);
        }
    if (wrong > 0)
        printf("WRONG on rank %d: %d numbers\n", rank, wrong);
}

int main(int argc, char **argv)
{
    mpi_check(MPI_Init(&argc, &argv));
    mpi_check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    mpi_check(MPI_Comm_size(MPI_COMM_WORLD, &ranks));
    count = argc > 1 ? atoi(argv[1]) : 1;
    for (int tag = 0; tag < TAGS; tag++) {
        number[tag] = calloc((size_t)count + 1, sizeof(int));
        if (number[tag] == NULL)
            fatal("no memory");
    }
    if (rank % 2 == 0 && rank + 1 < ranks)
        send();
    else if (rank % 2 == 1)
        receive();
    if (rank == ranks - 1 && wrong == 0)
        printf("all right\n");
    mpi_check(MPI_Finalize());
    return wrong > 0;
}
