/*
 * Wrappers: the end of MPI.
 */
#include "common/mpi/log_mpi.h"

#include "common/base/last_words.h"
#include "common/base/machine.h"

int MPI_Finalize(void)
{
    struct log_record call = log_mpi_begin(LOG_FINALIZE, CALLER, MPI_COMM_NULL);
    log_mpi_progressed(); /* the last look at requests that were freed */
    return log_mpi_end(call, PMPI_Finalize());
}

/* It does not come back: its begin stays without an end. */
int MPI_Abort(MPI_Comm comm, int status)
{
    struct log_record call = log_mpi_begin(LOG_ABORT, CALLER, comm);
    machine_abort(status);
    last_words_let_others_speak();
    return log_mpi_end(call, PMPI_Abort(comm, status));
}
