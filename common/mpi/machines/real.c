/* What of MPI is other on a real machine than on the simulated one. */
#include "common/mpi/log_mpi.h"

void log_mpi_release_part(MPI_Datatype part)
{
    log_mpi_release_type(part);
}

int log_mpi_refused(int error)
{
    PMPI_Comm_call_errhandler(MPI_COMM_WORLD, error);
    return error;
}

int log_mpi_failed(int error)
{
    return error; /* MPI has called the error handler */
}
