/*
 * Profiling wrappers: gathering and scattering.
 */
#include "common/log_mpi.h"

int MPI_Gather(const void *input, int input_count, MPI_Datatype input_type, void *output, int count,
               MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_GATHER, CALLER, PAYLOAD(input, input_count, input_type), root, comm);
    int error = PMPI_Gather(input, input_count, input_type, output, count, type, root, comm);
    log_mpi_end_collective(record, log_mpi_is_root(root, comm)
                                       ? log_payload_of_all(PAYLOAD(output, count, type), comm)
                                       : NO_PAYLOAD);
    return error;
}

int MPI_Gatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                const int counts[], const int places[], MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_GATHERV, CALLER, PAYLOAD(input, input_count, input_type), root, comm);
    int error =
        PMPI_Gatherv(input, input_count, input_type, output, counts, places, type, root, comm);
    log_mpi_end_collective(record, NO_PAYLOAD);
    return error;
}

int MPI_Scatter(const void *input, int input_count, MPI_Datatype input_type, void *output,
                int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_SCATTER, CALLER,
        log_mpi_is_root(root, comm)
            ? log_payload_of_all(PAYLOAD(input, input_count, input_type), comm)
            : NO_PAYLOAD,
        root, comm);
    int error = PMPI_Scatter(input, input_count, input_type, output, count, type, root, comm);
    log_mpi_end_collective(record, PAYLOAD(output, count, type));
    return error;
}

int MPI_Scatterv(const void *input, const int counts[], const int places[], MPI_Datatype input_type,
                 void *output, int count, MPI_Datatype type, int root, MPI_Comm comm)
{
    struct log_record record =
        log_mpi_begin_collective(LOG_SCATTERV, CALLER, NO_PAYLOAD, root, comm);
    int error = PMPI_Scatterv(input, counts, places, input_type, output, count, type, root, comm);
    log_mpi_end_collective(record, PAYLOAD(output, count, type));
    return error;
}

int MPI_Allgather(const void *input, int input_count, MPI_Datatype input_type, void *output,
                  int count, MPI_Datatype type, MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_ALLGATHER, CALLER, PAYLOAD(input, input_count, input_type), -1, comm);
    int error = PMPI_Allgather(input, input_count, input_type, output, count, type, comm);
    log_mpi_end_collective(record, log_payload_of_all(PAYLOAD(output, count, type), comm));
    return error;
}

int MPI_Allgatherv(const void *input, int input_count, MPI_Datatype input_type, void *output,
                   const int counts[], const int places[], MPI_Datatype type, MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_ALLGATHERV, CALLER, PAYLOAD(input, input_count, input_type), -1, comm);
    int error = PMPI_Allgatherv(input, input_count, input_type, output, counts, places, type, comm);
    log_mpi_end_collective(record, NO_PAYLOAD);
    return error;
}

int MPI_Alltoall(const void *input, int input_count, MPI_Datatype input_type, void *output,
                 int count, MPI_Datatype type, MPI_Comm comm)
{
    struct log_record record = log_mpi_begin_collective(
        LOG_ALLTOALL, CALLER, log_payload_of_all(PAYLOAD(input, input_count, input_type), comm), -1,
        comm);
    int error = PMPI_Alltoall(input, input_count, input_type, output, count, type, comm);
    log_mpi_end_collective(record, log_payload_of_all(PAYLOAD(output, count, type), comm));
    return error;
}

int MPI_Alltoallv(const void *input, const int input_counts[], const int input_places[],
                  MPI_Datatype input_type, void *output, const int counts[], const int places[],
                  MPI_Datatype type, MPI_Comm comm)
{
    struct log_record record =
        log_mpi_begin_collective(LOG_ALLTOALLV, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Alltoallv(input, input_counts, input_places, input_type, output, counts,
                               places, type, comm);
    log_mpi_end_collective(record, NO_PAYLOAD);
    return error;
}
