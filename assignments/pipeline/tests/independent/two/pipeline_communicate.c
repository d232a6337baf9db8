#include "assignments/pipeline/pipeline.h"

enum { DOWN = 1, UP = 2 };

static const struct {
    int step; /* to the neighbour */
    bool sends;
    int way;
} table[] = {
    [RECV_FORWARD] = {-1, false, DOWN},
    [SEND_FORWARD] = {+1, true, DOWN},
    [RECV_BACKWARD] = {+1, false, UP},
    [SEND_BACKWARD] = {-1, true, UP},
};

bool pipeline_communicate(struct pipeline *pipeline, enum pipeline_operation operation,
                          int micro_batch, struct tensor *tensor, MPI_Request *request)
{
    const int other = pipeline->stage_index + table[operation].step;
    const int target = table[operation].sends ? other : pipeline->stage_index;
    *request = MPI_REQUEST_NULL;
    if (other == -1 || other == pipeline->stages)
        return false;
    const int tag = (target * pipeline->micro_batches + micro_batch) * 3 + table[operation].way;
    if (table[operation].sends)
        mpi_check(MPI_Isend(tensor->data, tensor->count, MPI_FLOAT, other % pipeline->ranks, tag,
                            pipeline->comm, request));
    else
        mpi_check(MPI_Irecv(tensor->data, tensor->count, MPI_FLOAT, other % pipeline->ranks, tag,
                            pipeline->comm, request));
    return true;
}
