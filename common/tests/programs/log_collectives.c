/*
 * Every collective once, for common/mpi/tests/test_log_collectives.c, which knows what each rank puts in
 * and gets out:
 *
 *     log_collectives FOLDER blocking|non-blocking|in-place|in-place-non-blocking all|no-graphs [emulated|cuda]
 *
 * What rank g gives to everybody, or what is reduced, is number(g, 0), number(g, 1), …; what it gives to
 * rank t is number(g, 100 t), number(g, 100 t + 1), … The root is the last rank. With the name of a GPU all
 * numbers are in its memory.
 */
#include "common/base/device.h"
#include "common/mpi/data.h"
#include "common/tests/programs/checked.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 3 /* of a block, where all are of one size */
#define MOST  8 /* ranks */
#define ROOM  (MOST * (MOST + 1))
#define UNSET (-1.0f)

static int rank, ranks, root;
static bool waits, in_place;  /* non-blocking; with MPI_IN_PLACE where there is such a thing */
static float *input, *output; /* [ROOM] */

#define CALL(blocking, other, ...)                                                                 \
    do {                                                                                           \
        MPI_Request request;                                                                       \
        if (!waits) {                                                                              \
            MUST(blocking(__VA_ARGS__));                                                           \
        } else {                                                                                   \
            MUST(other(__VA_ARGS__, &request));                                                    \
            MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));                                           \
        }                                                                                          \
    } while (0)

static float number(int giver, int i)
{
    return (float)(1000 * (giver + 1) + i);
}

static float *room_new(void)
{
    const enum device device = device_is_open() ? DEVICE_CUDA : DEVICE_CPU;
    return memory_allocate_on(device, MEMORY_WORKSPACE, ROOM * sizeof(float));
}

static void put(float *to, float value)
{
    if (device_owns(to))
        device_copy_in(to, &value, sizeof value);
    else
        *to = value;
}

static void clear(void)
{
    for (int i = 0; i < ROOM; i++) {
        put(&input[i], UNSET);
        put(&output[i], UNSET);
    }
}

static void fill(float *to, int giver, int first, int count)
{
    for (int i = 0; i < count; i++)
        put(&to[i], number(giver, first + i));
}

/* ---- sizes and places of blocks: in reverse order, with a gap behind each -------------------------- */

struct blocks {
    int count[MOST], place[MOST], byte_place[MOST];
    MPI_Aint far_place[MOST];
    MPI_Datatype type[MOST];
};

static int size_for(int giver, int taker)
{
    return (giver + taker) % 3; /* 0, too */
}

static void lay_out(struct blocks *blocks, int n)
{
    int place = 0;
    for (int i = n - 1; i >= 0; i--) {
        blocks->place[i] = place;
        blocks->byte_place[i] = place * (int)sizeof(float);
        blocks->far_place[i] = blocks->byte_place[i];
        blocks->type[i] = MPI_FLOAT;
        place += blocks->count[i] + 1;
    }
}

static struct blocks by_giver(void)
{
    struct blocks blocks;
    for (int i = 0; i < ranks; i++)
        blocks.count[i] = i + 1;
    lay_out(&blocks, ranks);
    return blocks;
}

/* ---- reductions --------------------------------------------------------------------------------------- */

/* The input, which in place is in the output. */
static const void *own_input(int count)
{
    clear();
    fill(in_place ? output : input, rank, 0, count);
    return in_place ? MPI_IN_PLACE : input;
}

static void reductions(MPI_Comm comm)
{
    int sizes[MOST];
    for (int i = 0; i < ranks; i++)
        sizes[i] = i + 1;
    const void *from = own_input(COUNT);
    if (rank != root) {
        fill(input, rank, 0, COUNT);
        from = input;
    }
    CALL(MPI_Reduce, MPI_Ireduce, from, output, COUNT, MPI_FLOAT, MPI_SUM, root, comm);
    from = own_input(COUNT);
    CALL(MPI_Allreduce, MPI_Iallreduce, from, output, COUNT, MPI_FLOAT, MPI_SUM, comm);
    from = own_input(COUNT);
    CALL(MPI_Scan, MPI_Iscan, from, output, COUNT, MPI_FLOAT, MPI_SUM, comm);
    from = own_input(COUNT);
    CALL(MPI_Exscan, MPI_Iexscan, from, output, COUNT, MPI_FLOAT, MPI_SUM, comm);
    from = own_input(COUNT * ranks);
    CALL(MPI_Reduce_scatter_block, MPI_Ireduce_scatter_block, from, output, COUNT, MPI_FLOAT,
         MPI_SUM, comm);
    from = own_input(ranks * (ranks + 1) / 2);
    CALL(MPI_Reduce_scatter, MPI_Ireduce_scatter, from, output, sizes, MPI_FLOAT, MPI_SUM, comm);
}

/* ---- one to all, all to one, all to all ---------------------------------------------------------------- */

static void gather(MPI_Comm comm)
{
    const struct blocks blocks = by_giver();
    const bool at_root = in_place && rank == root;
    clear();
    fill(at_root ? output + rank * COUNT : input, rank, 0, COUNT);
    CALL(MPI_Gather, MPI_Igather, at_root ? MPI_IN_PLACE : input, COUNT, MPI_FLOAT, output, COUNT,
         MPI_FLOAT, root, comm);
    clear();
    fill(at_root ? output + blocks.place[rank] : input, rank, 0, rank + 1);
    CALL(MPI_Gatherv, MPI_Igatherv, at_root ? MPI_IN_PLACE : input, rank + 1, MPI_FLOAT, output,
         blocks.count, blocks.place, MPI_FLOAT, root, comm);
    clear();
    fill(in_place ? output + rank * COUNT : input, rank, 0, COUNT);
    CALL(MPI_Allgather, MPI_Iallgather, in_place ? MPI_IN_PLACE : input, COUNT, MPI_FLOAT, output,
         COUNT, MPI_FLOAT, comm);
    clear();
    fill(in_place ? output + blocks.place[rank] : input, rank, 0, rank + 1);
    CALL(MPI_Allgatherv, MPI_Iallgatherv, in_place ? MPI_IN_PLACE : input, rank + 1, MPI_FLOAT,
         output, blocks.count, blocks.place, MPI_FLOAT, comm);
}

static void scatter(MPI_Comm comm)
{
    struct blocks blocks;
    void *const to = in_place && rank == root ? MPI_IN_PLACE : output;
    clear();
    for (int i = 0; i < ranks && rank == root; i++)
        fill(input + i * COUNT, root, 100 * i, COUNT);
    CALL(MPI_Scatter, MPI_Iscatter, input, COUNT, MPI_FLOAT, to, COUNT, MPI_FLOAT, root, comm);
    clear();
    for (int i = 0; i < ranks; i++)
        blocks.count[i] = size_for(root, i);
    lay_out(&blocks, ranks);
    for (int i = 0; i < ranks && rank == root; i++)
        fill(input + blocks.place[i], root, 100 * i, blocks.count[i]);
    CALL(MPI_Scatterv, MPI_Iscatterv, input, blocks.count, blocks.place, MPI_FLOAT, to,
         size_for(root, rank), MPI_FLOAT, root, comm);
}

/* The blocks that this rank gives, which are as large as those that it gets. */
static void fill_blocks(const struct blocks *blocks)
{
    clear();
    for (int i = 0; i < ranks; i++)
        fill((in_place ? output : input) + blocks->place[i], rank, 100 * i, blocks->count[i]);
}

static void all_to_all(MPI_Comm comm)
{
    struct blocks blocks;
    const void *const from = in_place ? MPI_IN_PLACE : input;
    clear();
    for (int i = 0; i < ranks; i++)
        fill((in_place ? output : input) + i * COUNT, rank, 100 * i, COUNT);
    CALL(MPI_Alltoall, MPI_Ialltoall, from, COUNT, MPI_FLOAT, output, COUNT, MPI_FLOAT, comm);
    for (int i = 0; i < ranks; i++)
        blocks.count[i] = size_for(rank, i);
    lay_out(&blocks, ranks);
    fill_blocks(&blocks);
    CALL(MPI_Alltoallv, MPI_Ialltoallv, from, blocks.count, blocks.place, MPI_FLOAT, output,
         blocks.count, blocks.place, MPI_FLOAT, comm);
    fill_blocks(&blocks);
    CALL(MPI_Alltoallw, MPI_Ialltoallw, from, blocks.count, blocks.byte_place, blocks.type, output,
         blocks.count, blocks.byte_place, blocks.type, comm);
}

static void barrier_and_broadcast(MPI_Comm comm)
{
    MPI_Request begun;
    clear();
    if (waits) {
        MUST(MPI_Ibarrier(comm, &begun));
        MUST(MPI_Wait(&begun, MPI_STATUS_IGNORE));
    } else {
        MUST(MPI_Barrier(comm));
    }
    if (rank == root)
        fill(output, root, 0, COUNT);
    CALL(MPI_Bcast, MPI_Ibcast, output, COUNT, MPI_FLOAT, root, comm);
}

/* ---- with neighbours: the rank before and the one behind ------------------------------------------------ */

/* Far places become absolute ones. */
static void from_bottom(struct blocks *blocks, const float *buffer, int n)
{
    for (int i = 0; i < n; i++)
        MUST(MPI_Get_address(buffer + blocks->place[i], &blocks->far_place[i]));
}

static void neighbourhood(MPI_Comm comm, const int *neighbour, int n)
{
    struct blocks in, out;
    clear();
    fill(input, rank, 0, COUNT);
    CALL(MPI_Neighbor_allgather, MPI_Ineighbor_allgather, input, COUNT, MPI_FLOAT, output, COUNT,
         MPI_FLOAT, comm);
    for (int i = 0; i < n; i++)
        in.count[i] = neighbour[i] + 1;
    lay_out(&in, n);
    clear();
    fill(input, rank, 0, rank + 1);
    CALL(MPI_Neighbor_allgatherv, MPI_Ineighbor_allgatherv, input, rank + 1, MPI_FLOAT, output,
         in.count, in.place, MPI_FLOAT, comm);
    clear();
    for (int i = 0; i < n; i++)
        fill(input + i * COUNT, rank, 100 * neighbour[i], COUNT);
    CALL(MPI_Neighbor_alltoall, MPI_Ineighbor_alltoall, input, COUNT, MPI_FLOAT, output, COUNT,
         MPI_FLOAT, comm);
    for (int i = 0; i < n; i++)
        out.count[i] = in.count[i] = 1 + size_for(rank, neighbour[i] < 0 ? 0 : neighbour[i]);
    lay_out(&in, n);
    lay_out(&out, n);
    clear();
    for (int i = 0; i < n; i++)
        fill(input + out.place[i], rank, 100 * neighbour[i], out.count[i]);
    CALL(MPI_Neighbor_alltoallv, MPI_Ineighbor_alltoallv, input, out.count, out.place, MPI_FLOAT,
         output, in.count, in.place, MPI_FLOAT, comm);
    from_bottom(&out, input, n);
    from_bottom(&in, output, n);
    CALL(MPI_Neighbor_alltoallw, MPI_Ineighbor_alltoallw, MPI_BOTTOM, out.count, out.far_place,
         out.type, MPI_BOTTOM, in.count, in.far_place, in.type, comm);
}

static void in_a_grid(void)
{
    MPI_Comm grid;
    const int periodic = 0;
    /* At its edge there is a block for nobody. */
    const int neighbour[] = {rank > 0 ? rank - 1 : -1, rank < ranks - 1 ? rank + 1 : -1};
    MUST(MPI_Cart_create(MPI_COMM_WORLD, 1, &ranks, &periodic, 0, &grid));
    neighbourhood(grid, neighbour, 2);
    MUST(MPI_Comm_free(&grid));
}

static void in_graphs(void)
{
    MPI_Comm graph, directed;
    int index[MOST], edge[2 * MOST], edges = 0, neighbour[2], n = 0;
    const int weight[] = {1, 1};
    for (int i = 0; i < ranks; i++) {
        if (i > 0)
            edge[edges++] = i - 1;
        if (i < ranks - 1)
            edge[edges++] = i + 1;
        index[i] = edges;
    }
    if (rank > 0)
        neighbour[n++] = rank - 1;
    if (rank < ranks - 1)
        neighbour[n++] = rank + 1;
    MUST(MPI_Graph_create(MPI_COMM_WORLD, ranks, index, edge, 0, &graph));
    neighbourhood(graph, neighbour, n);
    MUST(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, n, neighbour, weight, n, neighbour, weight,
                                        MPI_INFO_NULL, 0, &directed));
    neighbourhood(directed, neighbour, n);
    MUST(MPI_Comm_free(&graph));
    MUST(MPI_Comm_free(&directed));
}

static void every_one(bool with_graphs)
{
    barrier_and_broadcast(MPI_COMM_WORLD);
    reductions(MPI_COMM_WORLD);
    gather(MPI_COMM_WORLD);
    scatter(MPI_COMM_WORLD);
    all_to_all(MPI_COMM_WORLD);
    in_a_grid();
    if (with_graphs)
        in_graphs();
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    PMPI_Init(&argc, &argv);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (ranks > MOST)
        return 2;
    root = ranks - 1;
    waits = strstr(argv[2], "non-blocking") != NULL;
    in_place = strstr(argv[2], "in-place") != NULL;
    if (argc > 4)
        device_open(argv[4], rank);
    input = room_new();
    output = room_new();
    log_mpi_write_data_up_to(1 << 20);
    log_open(argv[1], rank, ranks, 1);
    every_one(strcmp(argv[3], "all") == 0);
    return end_program();
}
