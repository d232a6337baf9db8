/* Split layers in a grid; see grid_layers.h. */
#include "assignments/memory/program/grid_layers.h"

#include "assignments/tensor/given/split_model.h"

void memory_program_split_layers(MPI_Comm comm, int rank, int ranks, int samples)
{
    const struct tensor_group group = {comm, rank, ranks};
    tensor_put_layers_among(&group, WAY_ONE_ROUND, samples);
}

bool memory_program_split_fits(char *reason, size_t size)
{
    return tensor_fits(reason, size);
}
