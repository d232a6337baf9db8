#include "assignments/pipeline/pipeline.h"

static int previous(struct pipeline *pp)
{
    return pp->stage_index == 0 ? MPI_PROC_NULL : (pp->stage_index + pp->ranks - 1) % pp->ranks;
}

static int next(struct pipeline *pp)
{
    return pp->stage_index == pp->stages - 1 ? MPI_PROC_NULL : (pp->stage_index + 1) % pp->ranks;
}

bool pipeline_communicate(struct pipeline *pp, enum pipeline_operation operation, int micro_batch,
                          struct tensor *tensor, MPI_Request *request)
{
    int sending = operation == SEND_FORWARD || operation == SEND_BACKWARD;
    int peer = operation == RECV_FORWARD || operation == SEND_BACKWARD ? previous(pp) : next(pp);
    int boundary = operation == RECV_FORWARD || operation == SEND_BACKWARD ? pp->stage_index
                                                                           : pp->stage_index + 1;
    int backward = operation == SEND_BACKWARD || operation == RECV_BACKWARD;
    int tag = 1 + boundary + (pp->stages + 1) * (micro_batch + backward * pp->micro_batches);

    *request = MPI_REQUEST_NULL;
    if (peer == MPI_PROC_NULL)
        return false;
    mpi_check(
        sending ? MPI_Isend(tensor->data, tensor->count, MPI_FLOAT, peer, tag, pp->comm, request)
                : MPI_Irecv(tensor->data, tensor->count, MPI_FLOAT, peer, tag, pp->comm, request));
    return true;
}
