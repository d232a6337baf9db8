/*
 * Wrappers: the reductions, blocking and not.
 */
#include "common/mpi/collective.h"

/* What is reduced lies in the output if the program says so. */
#define INPUT (input == MPI_IN_PLACE ? output : input)

int MPI_Reduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op, int root,
               MPI_Comm comm)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_REDUCE, CALLER, ONE(INPUT, count, type), ONE(output, count, type), op, root, comm);
    return log_mpi_collective_end(
        &call, PMPI_Reduce(HOST(input), HOST(output), count, type, op, root, comm));
}

int MPI_Ireduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op, int root,
                MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_IREDUCE, CALLER, ONE(INPUT, count, type), ONE(output, count, type), op, root, comm);
    const int error = PMPI_Ireduce(HOST(input), HOST(output), count, type, op, root, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Allreduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                  MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_ALLREDUCE, CALLER, ONE(INPUT, count, type),
                                 ONE(output, count, type), op, NO_ROOT, comm);
    return log_mpi_collective_end(&call,
                                  PMPI_Allreduce(HOST(input), HOST(output), count, type, op, comm));
}

int MPI_Iallreduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                   MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_IALLREDUCE, CALLER, ONE(INPUT, count, type),
                                 ONE(output, count, type), op, NO_ROOT, comm);
    const int error = PMPI_Iallreduce(HOST(input), HOST(output), count, type, op, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Scan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
             MPI_Comm comm)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_SCAN, CALLER, ONE(INPUT, count, type), ONE(output, count, type), op, NO_ROOT, comm);
    return log_mpi_collective_end(&call,
                                  PMPI_Scan(HOST(input), HOST(output), count, type, op, comm));
}

int MPI_Iscan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
              MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_ISCAN, CALLER, ONE(INPUT, count, type), ONE(output, count, type), op, NO_ROOT, comm);
    const int error = PMPI_Iscan(HOST(input), HOST(output), count, type, op, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Exscan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
               MPI_Comm comm)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_EXSCAN, CALLER, ONE(INPUT, count, type), ONE(output, count, type), op, NO_ROOT, comm);
    return log_mpi_collective_end(&call,
                                  PMPI_Exscan(HOST(input), HOST(output), count, type, op, comm));
}

int MPI_Iexscan(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call = log_mpi_collective_begin(
        LOG_IEXSCAN, CALLER, ONE(INPUT, count, type), ONE(output, count, type), op, NO_ROOT, comm);
    const int error = PMPI_Iexscan(HOST(input), HOST(output), count, type, op, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Reduce_scatter_block(const void *input, void *output, int count, MPI_Datatype type,
                             MPI_Op op, MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_REDUCE_SCATTER_BLOCK, CALLER, ONE(INPUT, count, type),
                                 ONE(output, count, type), op, NO_ROOT, comm);
    return log_mpi_collective_end(
        &call, PMPI_Reduce_scatter_block(HOST(input), HOST(output), count, type, op, comm));
}

int MPI_Ireduce_scatter_block(const void *input, void *output, int count, MPI_Datatype type,
                              MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_IREDUCE_SCATTER_BLOCK, CALLER, ONE(INPUT, count, type),
                                 ONE(output, count, type), op, NO_ROOT, comm);
    const int error =
        PMPI_Ireduce_scatter_block(HOST(input), HOST(output), count, type, op, comm, request);
    return log_mpi_collective_started(&call, error, request);
}

int MPI_Reduce_scatter(const void *input, void *output, const int counts[], MPI_Datatype type,
                       MPI_Op op, MPI_Comm comm)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_REDUCE_SCATTER, CALLER, EACH(INPUT, counts, NULL, type),
                                 ONE(output, 0, type), op, NO_ROOT, comm);
    return log_mpi_collective_end(
        &call, PMPI_Reduce_scatter(HOST(input), HOST(output), counts, type, op, comm));
}

int MPI_Ireduce_scatter(const void *input, void *output, const int counts[], MPI_Datatype type,
                        MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct log_mpi_collective call =
        log_mpi_collective_begin(LOG_IREDUCE_SCATTER, CALLER, EACH(INPUT, counts, NULL, type),
                                 ONE(output, 0, type), op, NO_ROOT, comm);
    const int error =
        PMPI_Ireduce_scatter(HOST(input), HOST(output), counts, type, op, comm, request);
    return log_mpi_collective_started(&call, error, request);
}
