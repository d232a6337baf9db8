/*
 * What of one-sided communication SMPI, on the simulated machine, lacks or has in a form that does not
 * do: the wrappers call these in its place.
 *
 * SMPI's windows of shared memory all begin where rank 0's does. Here each has its own part of one
 * piece of memory, which stays until the program ends.
 *
 * SMPI only warns that it has no MPI_Win_sync. As all ranks are in one process, there is nothing to do.
 */
#include "common/base/fatal.h"

#include <mpi.h>
#include <stdlib.h>

int PMPI_Win_sync(MPI_Win win)
{
    return win == MPI_WIN_NULL ? MPI_ERR_WIN : MPI_SUCCESS;
}

int PMPI_Win_allocate_shared(MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, void *base,
                             MPI_Win *win)
{
    MPI_Aint before = 0, total = 0;
    char *memory = NULL;
    int rank, error = PMPI_Comm_rank(comm, &rank);
    if (error == MPI_SUCCESS)
        error = PMPI_Scan(&size, &before, 1, MPI_AINT, MPI_SUM, comm);
    if (error == MPI_SUCCESS)
        error = PMPI_Allreduce(&size, &total, 1, MPI_AINT, MPI_SUM, comm);
    if (error != MPI_SUCCESS)
        return error;
    if (rank == 0 && (memory = calloc((size_t)total + 1, 1)) == NULL)
        fatal("no memory for a window of %td bytes", total);
    error = PMPI_Bcast(&memory, sizeof memory, MPI_BYTE, 0, comm);
    if (error != MPI_SUCCESS)
        return error;
    *(void **)base = memory + (before - size);
    return PMPI_Win_create(*(void **)base, size, unit, info, comm, win);
}
