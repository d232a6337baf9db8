/*
 * Profiling wrappers: the end of MPI.
 */
#include "common/log_mpi.h"

#include "common/machine.h"

int MPI_Finalize(void)
{
    struct log_record record = log_mpi_begin(LOG_FINALIZE, CALLER, MPI_COMM_NULL);
    int error = PMPI_Finalize();
    log_mpi_end(record);
    return error;
}

/* It does not come back: its begin stays without an end. */
int MPI_Abort(MPI_Comm comm, int status)
{
    struct log_record record = log_mpi_begin(LOG_ABORT, CALLER, comm);
    machine_abort(status);
    int error = PMPI_Abort(comm, status);
    log_mpi_end(record);
    return error;
}
