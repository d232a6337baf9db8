/*
 * Profiling wrappers: barrier, broadcast and the reductions.
 */
#include "common/log_mpi.h"

int MPI_Barrier(MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(LOG_BARRIER, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Barrier(comm);
    log_mpi_end_collective(record, NO_PAYLOAD);
    return error;
}

int MPI_Bcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_BCAST, CALLER, PAYLOAD(log_mpi_is_root(root, comm) ? buffer : NULL, count, type), root,
        comm);
    int error = PMPI_Bcast(buffer, count, type, root, comm);
    log_mpi_end_collective(record, PAYLOAD(buffer, count, type));
    return error;
}

int MPI_Reduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op, int root,
               MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_REDUCE, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), root,
        comm);
    int error = PMPI_Reduce(input, output, count, type, op, root, comm);
    log_mpi_end_collective(record,
                           log_mpi_is_root(root, comm) ? PAYLOAD(output, count, type) : NO_PAYLOAD);
    return error;
}

int MPI_Allreduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                  MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_ALLREDUCE, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), -1,
        comm);
    int error = PMPI_Allreduce(input, output, count, type, op, comm);
    log_mpi_end_collective(record, PAYLOAD(output, count, type));
    return error;
}

int MPI_Scan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
             MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_SCAN, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), -1, comm);
    int error = PMPI_Scan(input, output, count, type, op, comm);
    log_mpi_end_collective(record, PAYLOAD(output, count, type));
    return error;
}

int MPI_Exscan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
               MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_EXSCAN, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), -1, comm);
    int error = PMPI_Exscan(input, output, count, type, op, comm);
    log_mpi_end_collective(record, NO_PAYLOAD);
    return error;
}

int MPI_Reduce_scatter(const void *input, void *output, const int counts[], MPI_Datatype type,
                       MPI_Op op, MPI_Comm comm)
{
    struct log_record record =
        log_mpi_begin_collective(LOG_REDUCE_SCATTER, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Reduce_scatter(input, output, counts, type, op, comm);
    log_mpi_end_collective(record, NO_PAYLOAD);
    return error;
}

int MPI_Reduce_scatter_block(const void *input, void *output, int count, MPI_Datatype type,
                             MPI_Op op, MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_REDUCE_SCATTER_BLOCK, CALLER,
        log_payload_of_all(PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), comm), -1,
        comm);
    int error = PMPI_Reduce_scatter_block(input, output, count, type, op, comm);
    log_mpi_end_collective(record, PAYLOAD(output, count, type));
    return error;
}
