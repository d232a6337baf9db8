/*
 * Profiling wrappers: making and freeing communicators.
 */
#include "common/log_mpi.h"

/* The end of a call that made a communicator: its number and its size. */
static void end(struct log_record record, int error, MPI_Comm new)
{
    if (error == MPI_SUCCESS)
        log_communicator_number_new(new);
    if (record.operation == LOG_NONE)
        return;
    record.value = 0;
    if (error == MPI_SUCCESS && new != MPI_COMM_NULL) {
        record.request = log_communicator(new)->number;
        record.value = log_communicator(new)->size;
    }
    log_mpi_end(record);
}

/* A collective over the old communicator. */
static struct log_record begin(enum log_operation operation, uint64_t caller, MPI_Comm comm)
{
    return log_mpi_begin_collective(operation, caller, NO_PAYLOAD, -1, comm);
}

int MPI_Comm_split(MPI_Comm comm, int color, int key, MPI_Comm *new)
{
    struct log_record record = begin(LOG_COMM_SPLIT, CALLER, comm);
    int error = PMPI_Comm_split(comm, color, key, new);
    end(record, error, error == MPI_SUCCESS ? *new : MPI_COMM_NULL);
    return error;
}

int MPI_Comm_dup(MPI_Comm comm, MPI_Comm *new)
{
    struct log_record record = begin(LOG_COMM_DUP, CALLER, comm);
    int error = PMPI_Comm_dup(comm, new);
    end(record, error, error == MPI_SUCCESS ? *new : MPI_COMM_NULL);
    return error;
}

int MPI_Comm_create(MPI_Comm comm, MPI_Group group, MPI_Comm *new)
{
    struct log_record record = begin(LOG_COMM_CREATE, CALLER, comm);
    int error = PMPI_Comm_create(comm, group, new);
    end(record, error, error == MPI_SUCCESS ? *new : MPI_COMM_NULL);
    return error;
}

int MPI_Comm_free(MPI_Comm *comm)
{
    struct log_record record = begin(LOG_COMM_FREE, CALLER, *comm);
    int error = PMPI_Comm_free(comm);
    log_mpi_end(record);
    return error;
}
