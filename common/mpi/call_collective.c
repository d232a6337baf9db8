/*
 * Wrappers: the blocking collectives.
 */
#include "common/mpi/log_mpi.h"

/* ---- barrier, broadcast and the reductions --------------------------------------------------- */

int MPI_Barrier(MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(LOG_BARRIER, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Barrier(comm);
    return log_mpi_end_collective(call, error, NO_PAYLOAD);
}

int MPI_Bcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_BCAST, CALLER, PAYLOAD(log_mpi_is_root(root, comm) ? buffer : NULL, count, type), root,
        comm);
    int error = PMPI_Bcast(buffer, count, type, root, comm);
    return log_mpi_end_collective(call, error, PAYLOAD(buffer, count, type));
}

int MPI_Reduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op, int root,
               MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_REDUCE, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), root,
        comm);
    int error = PMPI_Reduce(input, output, count, type, op, root, comm);
    return log_mpi_end_collective(
        call, error, log_mpi_is_root(root, comm) ? PAYLOAD(output, count, type) : NO_PAYLOAD);
}

int MPI_Allreduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                  MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_ALLREDUCE, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), -1,
        comm);
    int error = PMPI_Allreduce(input, output, count, type, op, comm);
    return log_mpi_end_collective(call, error, PAYLOAD(output, count, type));
}

int MPI_Scan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
             MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_SCAN, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), -1, comm);
    int error = PMPI_Scan(input, output, count, type, op, comm);
    return log_mpi_end_collective(call, error, PAYLOAD(output, count, type));
}

int MPI_Exscan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
               MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_EXSCAN, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), -1, comm);
    int error = PMPI_Exscan(input, output, count, type, op, comm);
    return log_mpi_end_collective(call, error, NO_PAYLOAD);
}

int MPI_Reduce_scatter(const void *input, void *output, const int counts[], MPI_Datatype type,
                       MPI_Op op, MPI_Comm comm)
{
    struct log_record call =
        log_mpi_begin_collective(LOG_REDUCE_SCATTER, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Reduce_scatter(input, output, counts, type, op, comm);
    return log_mpi_end_collective(call, error, NO_PAYLOAD);
}

int MPI_Reduce_scatter_block(const void *input, void *output, int count, MPI_Datatype type,
                             MPI_Op op, MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_REDUCE_SCATTER_BLOCK, CALLER,
        log_mpi_payload_of_all(PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type), comm),
        -1, comm);
    int error = PMPI_Reduce_scatter_block(input, output, count, type, op, comm);
    return log_mpi_end_collective(call, error, PAYLOAD(output, count, type));
}

/* ---- gathering and scattering ------------------------------------------------------------------- */

int MPI_Gather(const void *input, int input_count, MPI_Datatype input_type, void *output, int count,
               MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_GATHER, CALLER, PAYLOAD(input, input_count, input_type), root, comm);
    int error = PMPI_Gather(input, input_count, input_type, output, count, type, root, comm);
    return log_mpi_end_collective(call, error,
                                  log_mpi_is_root(root, comm)
                                      ? log_mpi_payload_of_all(PAYLOAD(output, count, type), comm)
                                      : NO_PAYLOAD);
}

int MPI_Gatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                const int counts[], const int places[], MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_GATHERV, CALLER, PAYLOAD(input, input_count, input_type), root, comm);
    int error =
        PMPI_Gatherv(input, input_count, input_type, output, counts, places, type, root, comm);
    return log_mpi_end_collective(call, error, NO_PAYLOAD);
}

int MPI_Scatter(const void *input, int input_count, MPI_Datatype input_type, void *output,
                int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_SCATTER, CALLER,
        log_mpi_is_root(root, comm)
            ? log_mpi_payload_of_all(PAYLOAD(input, input_count, input_type), comm)
            : NO_PAYLOAD,
        root, comm);
    int error = PMPI_Scatter(input, input_count, input_type, output, count, type, root, comm);
    return log_mpi_end_collective(call, error, PAYLOAD(output, count, type));
}

int MPI_Scatterv(const void *input, const int counts[], const int places[], MPI_Datatype input_type,
                 void *output, int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(LOG_SCATTERV, CALLER, NO_PAYLOAD, root, comm);
    int error = PMPI_Scatterv(input, counts, places, input_type, output, count, type, root, comm);
    return log_mpi_end_collective(call, error, PAYLOAD(output, count, type));
}

int MPI_Allgather(const void *input, int input_count, MPI_Datatype input_type, void *output,
                  int count, MPI_Datatype type, MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_ALLGATHER, CALLER, PAYLOAD(input, input_count, input_type), -1, comm);
    int error = PMPI_Allgather(input, input_count, input_type, output, count, type, comm);
    return log_mpi_end_collective(call, error,
                                  log_mpi_payload_of_all(PAYLOAD(output, count, type), comm));
}

int MPI_Allgatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                   const int counts[], const int places[], MPI_Datatype type, MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_ALLGATHERV, CALLER, PAYLOAD(input, input_count, input_type), -1, comm);
    int error = PMPI_Allgatherv(input, input_count, input_type, output, counts, places, type, comm);
    return log_mpi_end_collective(call, error, NO_PAYLOAD);
}

int MPI_Alltoall(const void *input, int input_count, MPI_Datatype input_type, void *output,
                 int count, MPI_Datatype type, MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(
        LOG_ALLTOALL, CALLER, log_mpi_payload_of_all(PAYLOAD(input, input_count, input_type), comm),
        -1, comm);
    int error = PMPI_Alltoall(input, input_count, input_type, output, count, type, comm);
    return log_mpi_end_collective(call, error,
                                  log_mpi_payload_of_all(PAYLOAD(output, count, type), comm));
}

int MPI_Alltoallv(const void *input, const int input_counts[], const int input_places[],
                  MPI_Datatype input_type, void *output, const int counts[], const int places[],
                  MPI_Datatype type, MPI_Comm comm)
{
    struct log_record call = log_mpi_begin_collective(LOG_ALLTOALLV, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Alltoallv(input, input_counts, input_places, input_type, output, counts,
                               places, type, comm);
    return log_mpi_end_collective(call, error, NO_PAYLOAD);
}
