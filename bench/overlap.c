/*
 * How much of a non-blocking all-reduce is done while the program computes? Open MPI moves it on mostly inside of MPI
 * calls, so with the same computation, once in one piece and once cut into slices with an MPI_Test behind each.
 *
 *     tools/launch RANKS build/bench/overlap
 *
 * Prints Markdown. The computation works in registers and takes about as long as the all-reduce by itself; "hidden" is
 * the share of the shorter of the two that costs no time. Medians of rounds in which all take turns.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 31, SLICES = 64, LANES = 64 };
enum way { MESSAGE, COMPUTATION, ONE_PIECE, WITH_TESTS, WAYS };

static void check(int status)
{
    if (status != MPI_SUCCESS)
        MPI_Abort(MPI_COMM_WORLD, 1);
}

/* `turns` turns of multiplications and additions, 2 · LANES of them each. */
static float compute(long turns)
{
    float lane[LANES];
    for (int i = 0; i < LANES; i++)
        lane[i] = (float)i;
    for (long turn = 0; turn < turns; turn++)
        for (int i = 0; i < LANES; i++)
            lane[i] = lane[i] * 0.999F + 0.5F;
    float sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += lane[i];
    return sum;
}

static volatile float result; /* so that nothing is left out */

/* Seconds of the slowest rank. */
static double take(enum way way, float *values, int count, long turns)
{
    MPI_Request request = MPI_REQUEST_NULL;
    int done = 0;
    check(MPI_Barrier(MPI_COMM_WORLD));
    const double began = MPI_Wtime();
    if (way != COMPUTATION)
        check(MPI_Iallreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD,
                             &request));
    const int slices = way == WITH_TESTS ? SLICES : 1;
    for (int slice = 0; slice < slices && way != MESSAGE; slice++) {
        result = compute(turns / slices);
        if (way == WITH_TESTS && !done)
            check(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
    }
    check(MPI_Wait(&request, MPI_STATUS_IGNORE));
    double own = MPI_Wtime() - began, slowest = 0;
    check(MPI_Allreduce(&own, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD));
    return slowest;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *seconds)
{
    qsort(seconds, ROUNDS, sizeof *seconds, ascending);
    return seconds[ROUNDS / 2];
}

/* Turns that take about so long. */
static long turns_of(double seconds)
{
    const long some = 1000000;
    double least = 1;
    for (int i = 0; i < 5; i++) {
        const double began = MPI_Wtime();
        result = compute(some);
        const double took = MPI_Wtime() - began;
        least = took < least ? took : least;
    }
    double slowest = 0;
    check(MPI_Allreduce(&least, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD));
    const double turns = (double)some * seconds / slowest;
    return (long)(turns < SLICES ? SLICES : turns);
}

static void measure(int count, float *values, int rank)
{
    double seconds[WAYS][ROUNDS], alone[ROUNDS], middle[WAYS];
    for (int round = 0; round < ROUNDS; round++)
        alone[round] = take(MESSAGE, values, count, 0);
    const long turns = turns_of(median(alone));
    for (int round = 0; round < ROUNDS; round++)
        for (enum way way = MESSAGE; way < WAYS; way++)
            seconds[way][round] = take(way, values, count, turns);
    for (enum way way = MESSAGE; way < WAYS; way++)
        middle[way] = median(seconds[way]);
    const double shorter =
        middle[MESSAGE] < middle[COMPUTATION] ? middle[MESSAGE] : middle[COMPUTATION];
    const double both = middle[MESSAGE] + middle[COMPUTATION];
    if (rank == 0)
        printf("| %g KiB | %.3f ms | %.3f ms | %.3f ms | %.0f%% | %.3f ms | %.0f%% |\n",
               count / 256.0, 1e3 * middle[MESSAGE], 1e3 * middle[COMPUTATION],
               1e3 * middle[ONE_PIECE], 100 * (both - middle[ONE_PIECE]) / shorter,
               1e3 * middle[WITH_TESTS], 100 * (both - middle[WITH_TESTS]) / shorter);
}

int main(int argc, char **argv)
{
    int rank, ranks;
    check(MPI_Init(&argc, &argv));
    check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    check(MPI_Comm_size(MPI_COMM_WORLD, &ranks));
    const int most = 4 << 20;
    float *values = calloc((size_t)most, sizeof *values);
    if (values == NULL)
        MPI_Abort(MPI_COMM_WORLD, 1);
    if (rank == 0)
        printf(
            "%d ranks, a computation of the same length:\n\n"
            "| all-reduce of | alone | computation | together | hidden | with MPI_Test | hidden |\n"
            "|---|---|---|---|---|---|---|\n",
            ranks);
    for (int count = 1 << 10; count <= most; count *= 8)
        measure(count, values, rank);
    free(values);
    check(MPI_Finalize());
    return 0;
}
