/*
 * Wrappers: making and freeing communicators, and the end of MPI.
 */
#include "common/mpi/log_mpi.h"

#include "common/base/last_words.h"
#include "common/base/machine.h"

/* The end of a call that made a communicator: its number and its size. */
static int end_made(struct log_record call, int error, const MPI_Comm *made, MPI_Comm parent)
{
    if (error == MPI_SUCCESS)
        log_mpi_number_communicator(*made, parent, call.caller);
    call.own_value = 0;
    if (call.operation != LOG_NONE && error == MPI_SUCCESS && *made != MPI_COMM_NULL) {
        call.own_number = log_mpi_communicator(*made)->number;
        call.own_value = log_mpi_communicator(*made)->size;
    }
    return log_mpi_end(call, error);
}

/* A collective over the old communicator. */
static struct log_record begin(enum log_operation operation, uint64_t caller, MPI_Comm comm)
{
    return log_mpi_begin_collective(operation, caller, NO_PAYLOAD, -1, comm);
}

int MPI_Comm_split(MPI_Comm comm, int color, int key, MPI_Comm *made)
{
    struct log_record call = begin(LOG_COMM_SPLIT, CALLER, comm);
    return end_made(call, PMPI_Comm_split(comm, color, key, made), made, comm);
}

int MPI_Comm_dup(MPI_Comm comm, MPI_Comm *made)
{
    struct log_record call = begin(LOG_COMM_DUP, CALLER, comm);
    return end_made(call, PMPI_Comm_dup(comm, made), made, comm);
}

int MPI_Comm_create(MPI_Comm comm, MPI_Group group, MPI_Comm *made)
{
    struct log_record call = begin(LOG_COMM_CREATE, CALLER, comm);
    return end_made(call, PMPI_Comm_create(comm, group, made), made, comm);
}

int MPI_Comm_free(MPI_Comm *comm)
{
    struct log_record call = begin(LOG_COMM_FREE, CALLER, *comm);
    return log_mpi_end(call, PMPI_Comm_free(comm));
}

/* ---- the end --------------------------------------------------------------------------------- */

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
