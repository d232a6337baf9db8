/*
 * Goes wrong on two ranks in the way that the second argument names, with the
 * log in the folder of the first. Ranks that hang are ended by an alarm.
 */
#include "common/log/log.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int rank, other;
static float buffer[100000]; /* more than goes out at once */

static void both_send(void)
{
    MPI_Send(buffer, 100000, MPI_FLOAT, other, 5, MPI_COMM_WORLD);
    MPI_Recv(buffer, 100000, MPI_FLOAT, other, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static void tags(void)
{
    MPI_Request request;
    if (rank == 0) {
        MPI_Isend(buffer, 10, MPI_FLOAT, 1, 5, MPI_COMM_WORLD, &request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        MPI_Recv(buffer, 10, MPI_FLOAT, 1, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else {
        MPI_Irecv(buffer, 10, MPI_FLOAT, 0, 6, MPI_COMM_WORLD, &request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
}

static void poll_for_ever(void)
{
    MPI_Request request;
    int flag = 0;
    if (rank == 1)
        for (MPI_Irecv(buffer, 10, MPI_FLOAT, 0, 6, MPI_COMM_WORLD, &request); !flag;)
            MPI_Test(&request, &flag, MPI_STATUS_IGNORE);
    MPI_Recv(buffer, 10, MPI_FLOAT, other, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

/* The buffer is written to while it is being sent, and another is freed. */
static void spoil_buffers(void)
{
    MPI_Request request[2];
    size_t bytes = sizeof buffer;
    /* Pages of its own: freed, they are gone at once, with any allocator. */
    float *gone = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (gone == MAP_FAILED)
        exit(1);
    if (rank == 0) {
        MPI_Issend(buffer, 100000, MPI_FLOAT, 1, 1, MPI_COMM_WORLD, &request[0]);
        MPI_Issend(gone, 10, MPI_FLOAT, 1, 2, MPI_COMM_WORLD, &request[1]);
        buffer[99999] = 1;
        PMPI_Barrier(MPI_COMM_WORLD);
        MPI_Wait(&request[1], MPI_STATUS_IGNORE);
        MPI_Wait(&request[0], MPI_STATUS_IGNORE);
        MPI_Isend(gone, 10, MPI_FLOAT, 1, 3, MPI_COMM_WORLD, &request[1]);
        munmap(gone, bytes);
        MPI_Wait(&request[1], MPI_STATUS_IGNORE);
    } else {
        PMPI_Barrier(MPI_COMM_WORLD);
        MPI_Recv(gone, 10, MPI_FLOAT, 0, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Recv(buffer, 100000, MPI_FLOAT, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Recv(gone, 10, MPI_FLOAT, 0, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        munmap(gone, bytes);
    }
    MPI_Finalize();
    log_fact(LOG_FINAL);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    PMPI_Init(&argc, &argv);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    other = 1 - rank;
    log_open(argv[1], rank, 2, 1);
    alarm(1);
    if (strcmp(argv[2], "both-send") == 0)
        both_send();
    else if (strcmp(argv[2], "tags") == 0)
        tags();
    else if (strcmp(argv[2], "poll") == 0)
        poll_for_ever();
    else if (strcmp(argv[2], "spoil") == 0)
        spoil_buffers();
    else if (strcmp(argv[2], "truncate") == 0 && rank == 0)
        MPI_Send(buffer, 20, MPI_FLOAT, 1, 1, MPI_COMM_WORLD);
    else if (strcmp(argv[2], "truncate") == 0)
        MPI_Recv(buffer, 10, MPI_FLOAT, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return 0;
}
