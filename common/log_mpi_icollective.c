/*
 * Profiling wrappers: the non-blocking collectives.
 */
#include "common/log_mpi.h"

/* The begin of a collective that completes later. */
static struct log_record begin(enum log_operation operation, uint64_t caller,
                               struct log_payload input, int root, MPI_Comm comm)
{
    struct log_record record = {.operation = LOG_NONE};
    if (!log_mpi_enter())
        return record;
    record = log_mpi_collective(operation, LOG_BEGIN, input, root, comm);
    record.caller = caller;
    record.request = log_request_number();
    log_append(record);
    return record;
}

static void end(struct log_record record, int error, const MPI_Request *request,
                struct log_payload output, MPI_Comm comm)
{
    if (error == MPI_SUCCESS)
        log_request_add(REQUEST_COLLECTIVE, request, record, output, comm);
    log_mpi_end(record);
}

int MPI_Ibarrier(MPI_Comm comm, MPI_Request *request)
{
    struct log_record record = begin(LOG_IBARRIER, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Ibarrier(comm, request);
    end(record, error, request, NO_PAYLOAD, comm);
    return error;
}

int MPI_Ibcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm,
               MPI_Request *request)
{
    struct log_record record = begin(LOG_IBCAST, CALLER, PAYLOAD(NULL, count, type), root, comm);
    int error = PMPI_Ibcast(buffer, count, type, root, comm, request);
    end(record, error, request, PAYLOAD(buffer, count, type), comm);
    return error;
}

int MPI_Ireduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op, int root,
                MPI_Comm comm, MPI_Request *request)
{
    struct log_record record =
        begin(LOG_IREDUCE, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type),
              root, comm);
    int error = PMPI_Ireduce(input, output, count, type, op, root, comm, request);
    end(record, error, request, NO_PAYLOAD, comm);
    return error;
}

int MPI_Iallreduce(const void *input, void *output, int count, MPI_Datatype type, MPI_Op op,
                   MPI_Comm comm, MPI_Request *request)
{
    struct log_record record =
        begin(LOG_IALLREDUCE, CALLER, PAYLOAD(input == MPI_IN_PLACE ? output : input, count, type),
              -1, comm);
    int error = PMPI_Iallreduce(input, output, count, type, op, comm, request);
    end(record, error, request, PAYLOAD(output, count, type), comm);
    return error;
}

int MPI_Iallgather(const void *input, int input_count, MPI_Datatype input_type, void *output,
                   int count, MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    struct log_record record =
        begin(LOG_IALLGATHER, CALLER, PAYLOAD(input, input_count, input_type), -1, comm);
    int error = PMPI_Iallgather(input, input_count, input_type, output, count, type, comm, request);
    end(record, error, request, NO_PAYLOAD, comm);
    return error;
}

int MPI_Ireduce_scatter(const void *input, void *output, const int counts[], MPI_Datatype type,
                        MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct log_record record = begin(LOG_IREDUCE_SCATTER, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Ireduce_scatter(input, output, counts, type, op, comm, request);
    end(record, error, request, NO_PAYLOAD, comm);
    return error;
}

int MPI_Ireduce_scatter_block(const void *input, void *output, int count, MPI_Datatype type,
                              MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct log_record record = begin(LOG_IREDUCE_SCATTER_BLOCK, CALLER, NO_PAYLOAD, -1, comm);
    int error = PMPI_Ireduce_scatter_block(input, output, count, type, op, comm, request);
    end(record, error, request, PAYLOAD(output, count, type), comm);
    return error;
}
