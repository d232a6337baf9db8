/*
 * Profiling wrappers: barrier, broadcast and the reductions.
 */
#include "common/log_mpi.h"

#include <limits.h>

/* The end of a collective, with the fingerprint of what this rank got out of it. */
static void end(struct log_record record, struct log_payload output)
{
    bool gone;
    if (record.operation == LOG_NONE)
        return;
    record.fingerprint = log_payload_fingerprint(output, &gone);
    log_mpi_end(record);
}

/* Is this rank the root? (MPI_ROOT of an intercommunicator counts, too.) */
static bool is_root(int root, MPI_Comm comm)
{
    int rank;
    return log_is_open() && comm != MPI_COMM_NULL &&
           (root == MPI_ROOT || (PMPI_Comm_rank(comm, &rank) == MPI_SUCCESS && rank == root));
}

/* A payload of one element per rank, of all ranks. */
static struct log_payload times(struct log_payload payload, MPI_Comm comm)
{
    int size;
    if (!log_is_open() || comm == MPI_COMM_NULL || PMPI_Comm_size(comm, &size) != MPI_SUCCESS ||
        payload.count > INT_MAX / size)
        return NO_PAYLOAD;
    payload.count *= size;
    return payload;
}

int MPI_Barrier(MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(LOG_BARRIER, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Barrier(comm);
    end(record, NO_PAYLOAD);
    return error;
}

int MPI_Bcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_BCAST, CALLER, PAYLOAD(is_root(root, comm) ? buffer : NULL, count, type), root, comm);
    int error = PMPI_Bcast(buffer, count, type, root, comm);
    end(record, PAYLOAD(buffer, count, type));
    return error;
}

int MPI_Reduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op, int root,
               MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_REDUCE, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), root,
        comm);
    int error = PMPI_Reduce(input, output, count, type, op, root, comm);
    end(record, is_root(root, comm) ? PAYLOAD(output, count, type) : NO_PAYLOAD);
    return error;
}

int MPI_Allreduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                  MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_ALLREDUCE, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), -1,
        comm);
    int error = PMPI_Allreduce(input, output, count, type, op, comm);
    end(record, PAYLOAD(output, count, type));
    return error;
}

int MPI_Scan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
             MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_SCAN, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), -1, comm);
    int error = PMPI_Scan(input, output, count, type, op, comm);
    end(record, PAYLOAD(output, count, type));
    return error;
}

int MPI_Exscan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
               MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_EXSCAN, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), -1, comm);
    int error = PMPI_Exscan(input, output, count, type, op, comm);
    end(record, NO_PAYLOAD);
    return error;
}

int MPI_Reduce_scatter(const void *input, void *output, const int counts[], MPI_Datatype type,
                       MPI_Op op, MPI_Comm comm)
{
    struct log_record record =
        log_mpi_begin_collective(LOG_REDUCE_SCATTER, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Reduce_scatter(input, output, counts, type, op, comm);
    end(record, NO_PAYLOAD);
    return error;
}

int MPI_Reduce_scatter_block(const void *input, void *output, int count, MPI_Datatype type,
                             MPI_Op op, MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_REDUCE_SCATTER_BLOCK, CALLER,
        times(PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), comm), -1, comm);
    int error = PMPI_Reduce_scatter_block(input, output, count, type, op, comm);
    end(record, PAYLOAD(output, count, type));
    return error;
}
