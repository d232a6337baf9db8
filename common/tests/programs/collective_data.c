/*
 * Collectives with data that can be checked, for test_simulated_collectives.c. Arguments: how many
 * elements a rank's block has. Each call is made blocking and not, in place and not, with elements that
 * lie together and with gaps, and reductions with a sum and with an operation that does not commute.
 * What comes out is compared with plain loops over all ranks' inputs; what is wrong is printed.
 */
#include "common/base/fatal.h"
#include "common/base/mpi_check.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, ranks, wrong;
static long n;                            /* elements of a block */
static bool blocking, in_place, composes; /* this round; an operation of its own that composes */
static int stride;                        /* 1, or 2 with gaps, in numbers */
static MPI_Datatype type;
static MPI_Op op, composition;
static uint64_t *input, *output;
static int *counts, *places;

#define GAP UINT64_C(0x7777777777777777)

static uint64_t value(int of, long i)
{
    return ((uint64_t)(of + 2) << 32 | 3) + (uint64_t)i * UINT64_C(0x0000000500000007);
}

/* x -> a x + b with a in the lower half: first `first`, then `second`. */
static uint64_t compose(uint64_t first, uint64_t second)
{
    const uint32_t a = (uint32_t)first, b = (uint32_t)(first >> 32);
    const uint32_t c = (uint32_t)second, d = (uint32_t)(second >> 32);
    return (uint64_t)(c * b + d) << 32 | (uint64_t)(c * a);
}

static void compose_all(void *left, void *right, int *count, MPI_Datatype *of)
{
    MPI_Aint lower, extent;
    mpi_check(PMPI_Type_get_extent(*of, &lower, &extent));
    for (int i = 0; i < *count; i++) {
        uint64_t a, b;
        memcpy(&a, (char *)left + i * extent, sizeof a);
        memcpy(&b, (char *)right + i * extent, sizeof b);
        b = compose(a, b);
        memcpy((char *)right + i * extent, &b, sizeof b);
    }
}

/* Of the elements i of ranks 0 to `behind` - 1. */
static uint64_t reduced(long i, int behind)
{
    uint64_t result = value(0, i);
    for (int k = 1; k < behind; k++)
        result = composes ? compose(result, value(k, i)) : result + value(k, i);
    return result;
}

/* ---- buffers -------------------------------------------------------------------------------------- */

static void wipe(uint64_t *buffer)
{
    for (long i = 0; i < 2 * (n + 1) * ranks; i++)
        buffer[i] = GAP;
}

/* This rank's values from element `first` of the buffer on. */
static void fill(uint64_t *buffer, long first, long count)
{
    for (long i = 0; i < count; i++)
        buffer[(first + i) * stride] = value(rank, i);
}

/* Both as they have to be before a call that reads `count` elements, in place from `first` on. */
static const void *prepare(long count, long first)
{
    wipe(input);
    wipe(output);
    if (in_place)
        fill(output, first, count);
    else
        fill(input, 0, count);
    return in_place ? MPI_IN_PLACE : (void *)input;
}

/* Is element `at` of the output this one, and the gap behind it untouched? */
static bool is(long at, uint64_t expected)
{
    return output[at * stride] == expected && (stride == 1 || output[at * stride + 1] == GAP);
}

static bool is_reduced(long first, long count, int behind)
{
    for (long i = 0; i < count; i++)
        if (!is(i, reduced(first + i, behind)))
            return false;
    return true;
}

static void verdict(const char *call, bool right)
{
    if (right)
        return;
    wrong++;
    printf("WRONG on rank %d of %d: %s%s%s of %ld%s%s\n", rank, ranks,
           blocking ? "" : "non-blocking ", call, in_place ? " in place" : "", n,
           stride > 1 ? " with gaps" : "", composes ? ", no commuting" : "");
}

/* One of both forms. */
#define CALL(name, non_blocking, ...)                                                              \
    do {                                                                                           \
        MPI_Request request = MPI_REQUEST_NULL;                                                    \
        mpi_check(blocking ? MPI_##name(__VA_ARGS__) : MPI_##non_blocking(__VA_ARGS__, &request)); \
        mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));                                          \
    } while (0)

/* ---- reductions ------------------------------------------------------------------------------------ */

static void reduce(void)
{
    const void *from = prepare(n, 0);
    CALL(Allreduce, Iallreduce, from, output, (int)n, type, op, MPI_COMM_WORLD);
    verdict("allreduce", is_reduced(0, n, ranks));

    for (int root = 0; root<ranks; root += ranks> 2 ? ranks - 2 : 1) {
        from = prepare(n, 0);
        if (in_place && rank != root)
            from = output; /* only the root may */
        CALL(Reduce, Ireduce, from, rank == root ? output : NULL, (int)n, type, op, root,
             MPI_COMM_WORLD);
        verdict("reduce", rank != root || is_reduced(0, n, ranks));
    }

    from = prepare(n, 0);
    CALL(Scan, Iscan, from, output, (int)n, type, op, MPI_COMM_WORLD);
    verdict("scan", is_reduced(0, n, rank + 1));

    from = prepare(n, 0);
    CALL(Exscan, Iexscan, from, output, (int)n, type, op, MPI_COMM_WORLD);
    verdict("exscan", rank == 0 || is_reduced(0, n, rank));
}

static void reduce_and_scatter(void)
{
    const void *from = prepare(n * ranks, 0);
    CALL(Reduce_scatter_block, Ireduce_scatter_block, from, output, (int)n, type, op,
         MPI_COMM_WORLD);
    verdict("reduce-scatter of blocks", is_reduced(n * rank, n, ranks));

    from = prepare(n * ranks, 0);
    CALL(Reduce_scatter, Ireduce_scatter, from, output, counts, type, op, MPI_COMM_WORLD);
    verdict("reduce-scatter", is_reduced(places[rank], counts[rank], ranks));
}

/* ---- data that moves --------------------------------------------------------------------------------- */

static bool is_gathered(const int count[], const int place[])
{
    for (int k = 0; k < ranks; k++)
        for (long i = 0; i < count[k]; i++)
            if (!is(place[k] + i, value(k, i)))
                return false;
    return true;
}

/* The same for every rank. */
static int *even_counts, *even_places;

static void gather(void)
{
    const int root = ranks / 2, own = counts[rank];
    const void *from = prepare(n, n * rank);
    CALL(Allgather, Iallgather, from, (int)n, type, output, (int)n, type, MPI_COMM_WORLD);
    verdict("allgather", is_gathered(even_counts, even_places));

    from = prepare(own, places[rank]);
    CALL(Allgatherv, Iallgatherv, from, own, type, output, counts, places, type, MPI_COMM_WORLD);
    verdict("allgatherv", is_gathered(counts, places));

    from = prepare(n, rank == root ? n * rank : 0);
    if (in_place && rank != root)
        from = output;
    CALL(Gather, Igather, from, (int)n, type, output, (int)n, type, root, MPI_COMM_WORLD);
    verdict("gather", rank != root || is_gathered(even_counts, even_places));

    from = prepare(own, rank == root ? places[rank] : 0);
    if (in_place && rank != root)
        from = output;
    CALL(Gatherv, Igatherv, from, own, type, output, counts, places, type, root, MPI_COMM_WORLD);
    verdict("gatherv", rank != root || is_gathered(counts, places));
}

/* Elements from `first` on of what the root has. */
static bool is_from_root(int root, long first, long count)
{
    for (long i = 0; i < count; i++)
        if (!is(i, value(root, first + i)))
            return false;
    return true;
}

static void scatter(void)
{
    const int root = ranks - 1;
    wipe(input);
    wipe(output);
    fill(input, 0, n * ranks);
    void *to = in_place && rank == root ? MPI_IN_PLACE : output;
    CALL(Scatter, Iscatter, input, (int)n, type, to, (int)n, type, root, MPI_COMM_WORLD);
    verdict("scatter", to == MPI_IN_PLACE || is_from_root(root, n * rank, n));

    wipe(output);
    CALL(Scatterv, Iscatterv, input, counts, places, type, to, counts[rank], type, root,
         MPI_COMM_WORLD);
    verdict("scatterv", to == MPI_IN_PLACE || is_from_root(root, places[rank], counts[rank]));

    wipe(output);
    if (rank == root)
        fill(output, 0, n);
    CALL(Bcast, Ibcast, output, (int)n, type, root, MPI_COMM_WORLD);
    verdict("bcast", is_from_root(root, 0, n));
}

static void exchange(void)
{
    const void *from = prepare(n * ranks, 0);
    CALL(Alltoall, Ialltoall, from, (int)n, type, output, (int)n, type, MPI_COMM_WORLD);
    bool right = true;
    for (int k = 0; k < ranks; k++)
        for (long i = 0; i < n; i++)
            right = right && is(k * n + i, value(k, n * rank + i));
    verdict("alltoall", right);
    if (in_place)
        return;

    /* To rank k goes what is its own part, from each as much. */
    int *own = malloc((size_t)ranks * sizeof *own), *at = malloc((size_t)ranks * sizeof *own);
    MPI_Datatype *types = malloc((size_t)ranks * sizeof(MPI_Datatype));
    int *input_bytes = malloc((size_t)ranks * sizeof *own),
        *bytes = malloc((size_t)ranks * sizeof *own);
    if (own == NULL || at == NULL || types == NULL || input_bytes == NULL || bytes == NULL)
        fatal("no memory");
    for (int k = 0; k < ranks; k++) {
        own[k] = counts[rank];
        at[k] = k * counts[rank];
        types[k] = type;
        input_bytes[k] = places[k] * stride * (int)sizeof *input;
        bytes[k] = at[k] * stride * (int)sizeof *input;
    }
    for (int with_types = 0; with_types < 2; with_types++) {
        prepare(n * ranks, 0);
        if (with_types)
            CALL(Alltoallw, Ialltoallw, input, counts, input_bytes, types, output, own, bytes,
                 types, MPI_COMM_WORLD);
        else
            CALL(Alltoallv, Ialltoallv, input, counts, places, type, output, own, at, type,
                 MPI_COMM_WORLD);
        right = true;
        for (int k = 0; k < ranks; k++)
            for (long i = 0; i < own[k]; i++)
                right = right && is(at[k] + i, value(k, places[rank] + i));
        verdict(with_types ? "alltoallw" : "alltoallv", right);
    }
    free(bytes);
    free(input_bytes);
    free(types);
    free(at);
    free(own);
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

static int *room_for_counts(void)
{
    int *room = calloc((size_t)ranks, sizeof *room);
    if (room == NULL)
        fatal("no memory");
    return room;
}

/* Every rank has another count than its neighbours, the last one of three none. */
static void make_room(void)
{
    const size_t bytes = 2 * (size_t)(n + 1) * (size_t)ranks * sizeof *input;
    input = malloc(bytes);
    output = malloc(bytes);
    if (input == NULL || output == NULL)
        fatal("no memory");
    counts = room_for_counts();
    places = room_for_counts();
    even_counts = room_for_counts();
    even_places = room_for_counts();
    for (int k = 0; k < ranks; k++) {
        counts[k] = (int)(k % 3 == 2 ? 0 : n - k % 3 * (n / 2));
        places[k] = k == 0 ? 0 : places[k - 1] + counts[k - 1];
        even_counts[k] = (int)n;
        even_places[k] = (int)n * k;
    }
}

int main(int argc, char **argv)
{
    MPI_Datatype pair, with_gap;
    mpi_check(MPI_Init(&argc, &argv));
    mpi_check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    mpi_check(MPI_Comm_size(MPI_COMM_WORLD, &ranks));
    mpi_check(MPI_Op_create(compose_all, 0, &composition));
    mpi_check(MPI_Type_contiguous(2, MPI_UINT32_T, &pair));
    mpi_check(MPI_Type_commit(&pair));
    mpi_check(MPI_Type_create_resized(pair, 0, 2 * sizeof *input, &with_gap));
    mpi_check(MPI_Type_commit(&with_gap));
    n = argc > 1 ? atol(argv[1]) : 1;
    make_room();
    for (int round = 0; round < 12; round++) {
        const int layout = round / 4; /* numbers and a sum; pairs; pairs with gaps */
        blocking = round % 2 == 0;
        in_place = round / 2 % 2 == 1;
        composes = layout > 0;
        stride = layout == 2 ? 2 : 1;
        type = layout == 0 ? MPI_UINT64_T : layout == 1 ? pair : with_gap;
        op = composes ? composition : MPI_SUM;
        reduce();
        reduce_and_scatter();
        gather();
        scatter();
        exchange();
    }
    if (wrong == 0 && rank == 0)
        printf("all right\n");
    mpi_check(MPI_Finalize());
    return wrong > 0;
}
