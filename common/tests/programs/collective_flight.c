/*
 * Collectives in flight, for test_simulated_collectives.c. The first argument says what to do:
 *
 *     mixed      several at once, on two communicators crosswise, completed out of order together with
 *                messages; types and operations freed under way
 *     at-once    prints "differs" unless each takes as long waited for at once as its blocking form
 *     beside     "clock N" of an all-reduce of as many bytes as the second argument, beside a computation
 *                of as many operations as the third (0: none); in nanoseconds, from when the last has called
 *     neighbours data of neighbourhood collectives on a Cartesian grid
 */
#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/base/machine.h"
#include "common/base/mpi_check.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, ranks;

static void must(bool right, const char *what)
{
    if (!right)
        fatal("WRONG: %s", what);
}

/* ---- mixed ------------------------------------------------------------------------------------------- */

enum { SUM, COPY, MESSAGE_IN, MESSAGE_OUT, GATHERED, OTHER_SUM, MEETING, REQUESTS };
#define LENGTH 20000

static double sums[LENGTH], copy[LENGTH], in[LENGTH], out[LENGTH], gathered[64], other[LENGTH];

static void add(void *left, void *right, int *count, MPI_Datatype *of)
{
    (void)of;
    for (int i = 0; i < *count; i++)
        ((double *)right)[i] += ((double *)left)[i];
}

static void begin(MPI_Comm first, MPI_Comm second, MPI_Request request[])
{
    const int next = (rank + 1) % ranks;
    const bool turned = rank % 2 == 1; /* over two communicators the order is free */
    MPI_Op own;
    MPI_Datatype half;
    for (int i = 0; i < LENGTH; i++) {
        sums[i] = out[i] = rank + i;
        other[i] = 2 * rank;
        copy[i] = rank == 0 ? i : -1;
    }
    mpi_check(MPI_Op_create(add, 1, &own));
    mpi_check(MPI_Type_contiguous(LENGTH / 2, MPI_DOUBLE, &half));
    mpi_check(MPI_Type_commit(&half));
    if (turned)
        mpi_check(MPI_Iallreduce(MPI_IN_PLACE, other, LENGTH, MPI_DOUBLE, MPI_SUM, second,
                                 &request[OTHER_SUM]));
    mpi_check(MPI_Iallreduce(MPI_IN_PLACE, sums, LENGTH, MPI_DOUBLE, own, first, &request[SUM]));
    mpi_check(MPI_Irecv(in, LENGTH, MPI_DOUBLE, MPI_ANY_SOURCE, MPI_ANY_TAG, first,
                        &request[MESSAGE_IN]));
    mpi_check(MPI_Ibcast(copy, 2, half, 0, first, &request[COPY]));
    if (!turned)
        mpi_check(MPI_Iallreduce(MPI_IN_PLACE, other, LENGTH, MPI_DOUBLE, MPI_SUM, second,
                                 &request[OTHER_SUM]));
    mpi_check(
        MPI_Iallgather(&out[1], 1, MPI_DOUBLE, gathered, 1, MPI_DOUBLE, first, &request[GATHERED]));
    mpi_check(MPI_Ibarrier(first, &request[MEETING]));
    mpi_check(MPI_Isend(out, LENGTH, MPI_DOUBLE, next, 5, first, &request[MESSAGE_OUT]));
    mpi_check(MPI_Op_free(&own));
    mpi_check(MPI_Type_free(&half));
}

static void complete(int how, MPI_Request request[])
{
    int index, count, flag = 0, indices[REQUESTS], left = REQUESTS;
    if (how == 0) {
        for (int i = REQUESTS - 1; i >= 0; i--)
            mpi_check(MPI_Wait(&request[i], MPI_STATUS_IGNORE));
    } else if (how == 1) {
        mpi_check(MPI_Waitall(REQUESTS, request, MPI_STATUSES_IGNORE));
    } else if (how == 2) {
        for (int i = 0; i < REQUESTS; i++)
            mpi_check(MPI_Waitany(REQUESTS, request, &index, MPI_STATUS_IGNORE));
        mpi_check(MPI_Waitany(REQUESTS, request, &index, MPI_STATUS_IGNORE));
        must(index == MPI_UNDEFINED, "Waitany without requests");
    } else if (how == 3) {
        for (; left > 0; left -= count)
            mpi_check(MPI_Waitsome(REQUESTS, request, &count, indices, MPI_STATUSES_IGNORE));
    } else if (how == 4) {
        while (!flag)
            mpi_check(MPI_Testall(REQUESTS, request, &flag, MPI_STATUSES_IGNORE));
    } else if (how == 5) {
        while (left > 0) {
            mpi_check(MPI_Testany(REQUESTS, request, &index, &flag, MPI_STATUS_IGNORE));
            left -= flag;
        }
    } else if (how == 6) {
        for (; left > 0; left -= count)
            mpi_check(MPI_Testsome(REQUESTS, request, &count, indices, MPI_STATUSES_IGNORE));
    } else {
        for (int i = 0; i < REQUESTS; i++)
            for (flag = 0; !flag;)
                mpi_check(MPI_Test(&request[i], &flag, MPI_STATUS_IGNORE));
    }
    for (int i = 0; i < REQUESTS; i++)
        must(request[i] == MPI_REQUEST_NULL, "a request is left");
}

static void mixed(void)
{
    MPI_Comm second;
    const int last = (rank + ranks - 1) % ranks, pairs = ranks * (ranks - 1) / 2;
    mpi_check(MPI_Comm_dup(MPI_COMM_WORLD, &second));
    for (int how = 0; how < 8; how++) {
        MPI_Request request[REQUESTS];
        begin(MPI_COMM_WORLD, second, request);
        complete(how, request);
        for (int i = 0; i < LENGTH; i++) {
            must(sums[i] == pairs + ranks * i, "a sum");
            must(other[i] == 2 * pairs, "a sum on the other communicator");
            must(copy[i] == i, "a broadcast");
            must(in[i] == last + i, "a message among collectives");
        }
        for (int k = 0; k < ranks; k++)
            must(gathered[k] == k + 1, "an all-gather");
    }
    mpi_check(MPI_Comm_free(&second));
    if (rank == 0)
        printf("all right\n");
}

/* ---- time --------------------------------------------------------------------------------------------- */

static char *big_in, *big_out;
#define MOST (1 << 22)

static void call(int which, int count, MPI_Request *request)
{
    const MPI_Comm all = MPI_COMM_WORLD;
    const bool now = request == NULL;
    int error;
    if (which == 0)
        error = now ? MPI_Barrier(all) : MPI_Ibarrier(all, request);
    else if (which == 1)
        error = now ? MPI_Bcast(big_out, count, MPI_CHAR, 0, all)
                    : MPI_Ibcast(big_out, count, MPI_CHAR, 0, all, request);
    else if (which == 2)
        error = now ? MPI_Allreduce(big_in, big_out, count, MPI_CHAR, MPI_MAX, all)
                    : MPI_Iallreduce(big_in, big_out, count, MPI_CHAR, MPI_MAX, all, request);
    else if (which == 3)
        error = now ? MPI_Allgather(big_in, count / ranks, MPI_CHAR, big_out, count / ranks,
                                    MPI_CHAR, all)
                    : MPI_Iallgather(big_in, count / ranks, MPI_CHAR, big_out, count / ranks,
                                     MPI_CHAR, all, request);
    else if (which == 4)
        error =
            now ? MPI_Reduce_scatter_block(big_in, big_out, count / ranks, MPI_CHAR, MPI_MAX, all)
                : MPI_Ireduce_scatter_block(big_in, big_out, count / ranks, MPI_CHAR, MPI_MAX, all,
                                            request);
    else
        error = now ? MPI_Alltoall(big_in, count / ranks, MPI_CHAR, big_out, count / ranks,
                                   MPI_CHAR, all)
                    : MPI_Ialltoall(big_in, count / ranks, MPI_CHAR, big_out, count / ranks,
                                    MPI_CHAR, all, request);
    mpi_check(error);
}

/* Nanoseconds that it took this rank. */
static long time_of(int which, int count, bool blocking)
{
    MPI_Request request;
    mpi_check(MPI_Barrier(MPI_COMM_WORLD));
    mpi_check(MPI_Barrier(MPI_COMM_WORLD));
    const uint64_t start = machine_clock();
    call(which, count, blocking ? NULL : &request);
    if (!blocking)
        mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
    return (long)(machine_clock() - start);
}

static void at_once(void)
{
    static const int sizes[] = {0, 16, 5000, 300000, MOST};
    for (int which = 0; which < 6; which++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            const long one = time_of(which, sizes[i], true), two = time_of(which, sizes[i], false);
            if (labs(one - two) > 2) /* each reading of the clock is rounded */
                printf("differs: call %d of %d bytes on rank %d: %ld and %ld ns\n", which, sizes[i],
                       rank, one, two);
            if (which == 0 && ranks > 1 && one == 0)
                printf("differs: a barrier takes no time\n");
        }
}

static void beside(int bytes, double operations)
{
    MPI_Request request;
    unsigned long own[2], last[2]; /* ranks need not come out of the barrier at one time */
    for (int i = 0; i < bytes; i++)
        big_in[i] = (char)(i % 50 + rank % 2);
    mpi_check(MPI_Barrier(MPI_COMM_WORLD));
    own[0] = machine_clock();
    mpi_check(MPI_Iallreduce(big_in, big_out, bytes, MPI_CHAR, MPI_MAX, MPI_COMM_WORLD, &request));
    flops_charge(operations);
    mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
    own[1] = machine_clock();
    for (int i = 0; i < bytes; i++)
        must(big_out[i] == i % 50 + (ranks > 1), "a maximum");
    mpi_check(MPI_Reduce(own, last, 2, MPI_UNSIGNED_LONG, MPI_MAX, 0, MPI_COMM_WORLD));
    if (rank == 0)
        printf("clock %lu\n", last[1] - last[0]);
}

/* ---- neighbours ------------------------------------------------------------------------------------------ */

/* Rows go round, columns end: what goes up has to arrive from below. (Not all libraries agree where only
 * two ranks go round.) */
static void neighbours(void)
{
    const int size[] = {ranks / 2, 2}, round[] = {1, 0};
    int up, down, left, right;
    MPI_Comm grid;
    MPI_Request request;
    mpi_check(MPI_Cart_create(MPI_COMM_WORLD, 2, size, round, 0, &grid));
    mpi_check(MPI_Cart_shift(grid, 0, 1, &up, &down));
    mpi_check(MPI_Cart_shift(grid, 1, 1, &left, &right));
    const int peer[] = {up, down, left, right};
    for (int blocking = 0; blocking < 2; blocking++) {
        int from[4], to[4] = {-1, -1, -1, -1}, all[4] = {-1, -1, -1, -1};
        for (int i = 0; i < 4; i++)
            from[i] = 10 * rank + i;
        if (blocking) {
            mpi_check(MPI_Neighbor_alltoall(from, 1, MPI_INT, to, 1, MPI_INT, grid));
            mpi_check(MPI_Neighbor_allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, grid));
        } else {
            mpi_check(MPI_Ineighbor_alltoall(from, 1, MPI_INT, to, 1, MPI_INT, grid, &request));
            mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
            mpi_check(MPI_Ineighbor_allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, grid, &request));
            mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
        }
        for (int i = 0; i < 4; i++) {
            must(to[i] == (peer[i] == MPI_PROC_NULL ? -1 : 10 * peer[i] + (i ^ 1)), "alltoall");
            must(all[i] == (peer[i] == MPI_PROC_NULL ? -1 : peer[i]), "allgather");
        }
    }
    if (rank == 0)
        printf("all right\n");
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    mpi_check(MPI_Init(&argc, &argv));
    mpi_check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    mpi_check(MPI_Comm_size(MPI_COMM_WORLD, &ranks));
    big_in = calloc(MOST, 1);
    big_out = calloc(MOST, 1);
    if (big_in == NULL || big_out == NULL)
        fatal("no memory");
    if (strcmp(what, "mixed") == 0)
        mixed();
    else if (strcmp(what, "at-once") == 0)
        at_once();
    else if (strcmp(what, "beside") == 0 && argc > 3 && atoi(argv[2]) <= MOST)
        beside(atoi(argv[2]), atof(argv[3]));
    else if (strcmp(what, "neighbours") == 0)
        neighbours();
    mpi_check(MPI_Finalize());
    return 0;
}
