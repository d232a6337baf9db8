/*
 * For the wrappers: who is next to this rank in a topology, in the order of MPI's neighbourhood
 * collectives.
 */
#include "common/mpi/collective.h"

#include "common/base/fatal.h"

#include <stdlib.h>

static int *room_for(int count)
{
    int *ranks = calloc((size_t)count + 1, sizeof *ranks);
    if (ranks == NULL)
        fatal("no memory for %d neighbours", count);
    return ranks;
}

/* In each dimension the one before and the one behind; MPI_PROC_NULL at an edge. */
static void read_grid(MPI_Comm comm, struct log_mpi_neighbours *neighbours)
{
    int dimensions;
    if (PMPI_Cartdim_get(comm, &dimensions) != MPI_SUCCESS)
        return;
    neighbours->from = room_for(2 * dimensions);
    neighbours->to = room_for(2 * dimensions);
    for (int i = 0; i < dimensions; i++) {
        int before, behind;
        if (PMPI_Cart_shift(comm, i, 1, &before, &behind) != MPI_SUCCESS)
            return;
        neighbours->from[2 * i] = neighbours->to[2 * i] = before;
        neighbours->from[2 * i + 1] = neighbours->to[2 * i + 1] = behind;
        neighbours->in = neighbours->out = 2 * (i + 1);
    }
}

static void read_graph(MPI_Comm comm, struct log_mpi_neighbours *neighbours)
{
    int rank, count;
    if (PMPI_Comm_rank(comm, &rank) != MPI_SUCCESS ||
        PMPI_Graph_neighbors_count(comm, rank, &count) != MPI_SUCCESS)
        return;
    neighbours->from = room_for(count);
    neighbours->to = room_for(count);
    if (PMPI_Graph_neighbors(comm, rank, count, neighbours->from) != MPI_SUCCESS)
        return;
    for (int i = 0; i < count; i++)
        neighbours->to[i] = neighbours->from[i];
    neighbours->in = neighbours->out = count;
}

static void read_directed_graph(MPI_Comm comm, struct log_mpi_neighbours *neighbours)
{
    int in, out, is_weighted;
    if (PMPI_Dist_graph_neighbors_count(comm, &in, &out, &is_weighted) != MPI_SUCCESS)
        return;
    neighbours->from = room_for(in);
    neighbours->to = room_for(out);
    int *weights = room_for(in > out ? in : out), *more = room_for(in > out ? in : out);
    if (PMPI_Dist_graph_neighbors(comm, in, neighbours->from, weights, out, neighbours->to, more) ==
        MPI_SUCCESS) {
        neighbours->in = in;
        neighbours->out = out;
    }
    free(weights);
    free(more);
}

struct log_mpi_neighbours log_mpi_neighbours(MPI_Comm comm)
{
    struct log_mpi_neighbours neighbours = {0};
    int topology;
    if (comm == MPI_COMM_NULL || PMPI_Topo_test(comm, &topology) != MPI_SUCCESS)
        return neighbours;
    if (topology == MPI_CART)
        read_grid(comm, &neighbours);
    else if (topology == MPI_GRAPH)
        read_graph(comm, &neighbours);
    else if (topology == MPI_DIST_GRAPH)
        read_directed_graph(comm, &neighbours);
    return neighbours;
}

void log_mpi_neighbours_clear(struct log_mpi_neighbours *neighbours)
{
    free(neighbours->from);
    free(neighbours->to);
    *neighbours = (struct log_mpi_neighbours){0};
}
