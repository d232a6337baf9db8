#include "assignments/pipeline/pipeline.h"

void open_data(struct pipeline *pp)
{
    int me;
    mpi_check(MPI_Comm_rank(pp->comm, &me));
    if (me == 0)
        batch_open_inputs(pp->batch);
    if (me == pp->ranks - 1)
        batch_open_labels(pp->batch);
}
