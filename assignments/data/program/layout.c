/*
 * Where this rank is in the grid of ranks. In a hybrid the student's make_groups says so.
 */
#include "assignments/data/program/parts.h"
#include "common/base/fatal.h"

static struct layout layout;

const struct layout *data_layout(void)
{
    return &layout;
}

/* A group of another size would show itself much later, and strangely. */
static int place_in(MPI_Comm group, const char *name, int expected)
{
    int size = 0, rank = 0;
    if (group == MPI_COMM_NULL)
        fatal_at("make_groups",
                 "groups->%s is MPI_COMM_NULL: every rank is in a group of %d ranks "
                 "along this dimension",
                 name, expected);
    mpi_check(PMPI_Comm_size(group, &size));
    mpi_check(PMPI_Comm_rank(group, &rank));
    if (size != expected)
        fatal_at("make_groups",
                 "groups->%s of this rank has %d ranks, and the grid %d along this "
                 "dimension",
                 name, size, expected);
    return rank;
}

static void find_place(const struct run *run)
{
    const struct data_options options = data_options(run->options);
    const struct grid grid = {.data = data_replicas(run->options, run->ranks),
                              .pipeline = options.pipeline,
                              .tensor = options.tensor};
    struct groups *groups = &layout.groups;
    layout.replicas = grid.data;
    layout.stages = grid.pipeline;
    layout.slices = grid.tensor;
    /* Before there are ranks only whether they would fit is asked. */
    if (run->comm == MPI_COMM_NULL)
        return;
    make_groups(run->comm, &grid, groups);
    layout.replica = place_in(groups->data, "data", grid.data);
    layout.stage = place_in(groups->pipeline, "pipeline", grid.pipeline);
    layout.slice = place_in(groups->tensor, "tensor", grid.tensor);
}

void data_layout_begin(const struct run *run)
{
    layout = (struct layout){.groups = {MPI_COMM_NULL, MPI_COMM_NULL, MPI_COMM_NULL},
                             .replicas = run->ranks,
                             .replica = run->rank,
                             .stages = 1,
                             .slices = 1};
    if (data_options(run->options).hybrid && data_replicas(run->options, run->ranks) > 0)
        find_place(run);
}
