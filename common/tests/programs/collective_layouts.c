/*
 * Collectives in which the ranks say the same in other words, all of them right, for
 * test_simulated_collectives.c: other types of the same elements, in place on one rank only, nothing at
 * all, arguments that count on the root alone. What is wrong is printed.
 */
#include "common/base/mpi_check.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define N    6 /* numbers of a block */
#define MOST 8 /* ranks */

static int rank, ranks, wrong;
static int input[2 * N * MOST], output[2 * N * MOST];
static MPI_Datatype spread; /* N numbers, every second one */

static int value(int of, int i)
{
    return 100 * of + i;
}

static void prepare(void)
{
    for (int i = 0; i < 2 * N * MOST; i++) {
        input[i] = value(rank, i);
        output[i] = -1;
    }
}

static void must(const char *call, bool is_right)
{
    if (is_right)
        return;
    wrong++;
    printf("WRONG on rank %d of %d: %s\n", rank, ranks, call);
}

/* Rank 0's numbers lie apart, the others' together, and rank 1 takes them for one row. */
static void bcast(void)
{
    MPI_Datatype row;
    prepare();
    mpi_check(MPI_Type_contiguous(N, MPI_INT, &row));
    mpi_check(MPI_Type_commit(&row));
    if (rank == 0)
        mpi_check(MPI_Bcast(input, 1, spread, 0, MPI_COMM_WORLD));
    else
        mpi_check(
            MPI_Bcast(output, rank == 1 ? 1 : N, rank == 1 ? row : MPI_INT, 0, MPI_COMM_WORLD));
    for (int i = 0; i < N && rank > 0; i++)
        must("bcast", output[i] == value(0, 2 * i));
    mpi_check(MPI_Type_free(&row));
}

/* Only the root has room, and is in place; what the others say of it does not count. */
static void gather(void)
{
    prepare();
    if (rank == 0) {
        for (int i = 0; i < N; i++)
            output[2 * i] = input[2 * i];
        mpi_check(
            MPI_Gather(MPI_IN_PLACE, -5, MPI_DATATYPE_NULL, output, 1, spread, 0, MPI_COMM_WORLD));
    } else {
        mpi_check(MPI_Gather(input, N, MPI_INT, NULL, -7, MPI_DATATYPE_NULL, 0, MPI_COMM_WORLD));
    }
    /* The next block begins where the last number of the one before it ends. */
    for (int k = 1; k < ranks && rank == 0; k++)
        for (int i = 0; i < N; i++)
            must("gather", output[k * (2 * N - 1) + 2 * i] == value(k, i));
}

static void scatter(void)
{
    prepare();
    if (rank == ranks - 1)
        mpi_check(MPI_Scatter(input, N, MPI_INT, MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, ranks - 1,
                              MPI_COMM_WORLD));
    else
        mpi_check(
            MPI_Scatter(NULL, -3, MPI_DATATYPE_NULL, output, 1, spread, ranks - 1, MPI_COMM_WORLD));
    for (int i = 0; i < N && rank < ranks - 1; i++)
        must("scatter", output[2 * i] == value(ranks - 1, rank * N + i));
}

static void reduce(void)
{
    int sum = 0;
    prepare();
    for (int k = 0; k < ranks; k++)
        sum += value(k, 0);
    mpi_check(MPI_Reduce(rank == 0 ? MPI_IN_PLACE : input, rank == 0 ? input : NULL, 1, MPI_INT,
                         MPI_SUM, 0, MPI_COMM_WORLD));
    must("reduce", rank > 0 || input[0] == sum);
}

/* Even ranks are in place. */
static void allgather(void)
{
    prepare();
    for (int i = 0; i < N; i++)
        output[rank * N + i] = value(rank, i);
    if (rank % 2 == 0)
        mpi_check(
            MPI_Allgather(MPI_IN_PLACE, -1, MPI_DATATYPE_NULL, output, N, MPI_INT, MPI_COMM_WORLD));
    else
        mpi_check(MPI_Allgather(input, N, MPI_INT, output, N, MPI_INT, MPI_COMM_WORLD));
    for (int i = 0; i < ranks * N; i++)
        must("allgather", output[i] == value(i / N, i % N));
}

/* What rank r gives rank k are r + k numbers: nothing from rank 0 to itself. */
static void alltoallv(void)
{
    int counts[MOST], places[MOST];
    for (int k = 0; k < ranks; k++) {
        counts[k] = (rank + k) % N;
        places[k] = k * N;
    }
    prepare();
    mpi_check(MPI_Alltoallv(input, counts, places, MPI_INT, output, counts, places, MPI_INT,
                            MPI_COMM_WORLD));
    for (int k = 0; k < ranks; k++)
        for (int i = 0; i < N; i++)
            must("alltoallv", output[k * N + i] == (i < counts[k] ? value(k, rank * N + i) : -1));
}

static void nothing(void)
{
    mpi_check(MPI_Bcast(NULL, 0, rank == 0 ? MPI_FLOAT : MPI_INT, 0, MPI_COMM_WORLD));
    mpi_check(MPI_Allreduce(NULL, NULL, 0, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD));
    mpi_check(MPI_Gather(NULL, 0, MPI_INT, NULL, 0, MPI_FLOAT, 0, MPI_COMM_WORLD));
    mpi_check(MPI_Allgather(NULL, 0, MPI_INT, NULL, 0, MPI_INT, MPI_COMM_WORLD));
    mpi_check(MPI_Alltoall(NULL, 0, MPI_INT, NULL, 0, MPI_INT, MPI_COMM_WORLD));
}

int main(int argc, char **argv)
{
    mpi_check(MPI_Init(&argc, &argv));
    mpi_check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    mpi_check(MPI_Comm_size(MPI_COMM_WORLD, &ranks));
    mpi_check(MPI_Type_vector(N, 1, 2, MPI_INT, &spread));
    mpi_check(MPI_Type_commit(&spread));
    bcast();
    gather();
    scatter();
    reduce();
    allgather();
    alltoallv();
    nothing();
    mpi_check(MPI_Type_free(&spread));
    if (wrong == 0 && rank == 0)
        printf("all right\n");
    mpi_check(MPI_Finalize());
    return wrong > 0;
}
