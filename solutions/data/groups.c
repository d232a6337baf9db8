/*
 * The ranks as a grid, and the group of each along every dimension.
 */
#include "assignments/data/data.h"

/* BEGIN SOLUTION */
/* The ranks with the same `colour`, in the order of `place`. */
static MPI_Comm group_of(MPI_Comm comm, int colour, int place)
{
    MPI_Comm group;
    mpi_check(MPI_Comm_split(comm, colour, place, &group));
    return group;
}

/* END SOLUTION */
void make_groups(MPI_Comm comm, const struct grid *grid, struct groups *groups)
{
    /* BEGIN SOLUTION */
    int rank;
    mpi_check(MPI_Comm_rank(comm, &rank));
    /* rank = tensor + T · (data + D · pipeline): who exchanges most, the ranks that share layers, stand side by
     * side, on one computer if it is large enough; and stages, which exchange least, furthest apart. */
    const int tensor = rank % grid->tensor;
    const int data = rank / grid->tensor % grid->data;
    const int pipeline = rank / grid->tensor / grid->data;
    /* In a group are the ranks that differ in one coordinate only: the others are its colour. */
    groups->data = group_of(comm, tensor + grid->tensor * pipeline, data);
    groups->pipeline = group_of(comm, tensor + grid->tensor * data, pipeline);
    groups->tensor = group_of(comm, data + grid->data * pipeline, tensor);
    /* END SOLUTION */
    //| /* TODO: the three groups of this rank.
    //|  *
    //|  * Along a dimension of which the grid has 1, a group of this rank alone.
    //|  * Given: mpi_check(MPI_Comm_split(…)). Who gives the same colour is in one group, in the order of the keys.
    //|  * data.h has the order in three dimensions, with tensor parallelism (bonus).
    //|  * Hint: with 2 pipelines of 3 stages, who has the same stage as rank 0? Write down each rank's place in
    //|  * the grid first.
    //|  * Check: make grade ASSIGNMENT=data CHECK=groups, then three_dimensions
    //|  */
    //| todo("make the groups of this rank", groups, grid, comm);
}
