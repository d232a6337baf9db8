#include "assignments/pipeline/pipeline.h"

static bool start_receive(struct pipeline *pl, int stage, int tag, struct tensor *tensor,
                          MPI_Request *request)
{
    if (stage < 0 || stage >= pl->stages)
        return false;
    mpi_check(MPI_Irecv(tensor->data, tensor->count, MPI_FLOAT, stage % pl->ranks, tag, pl->comm,
                        request));
    return true;
}

static bool start_send(struct pipeline *pl, int stage, int tag, struct tensor *tensor,
                       MPI_Request *request)
{
    if (stage < 0 || stage >= pl->stages)
        return false;
    mpi_check(MPI_Isend(tensor->data, tensor->count, MPI_FLOAT, stage % pl->ranks, tag, pl->comm,
                        request));
    return true;
}

bool pipeline_communicate(struct pipeline *pl, enum pipeline_operation operation, int micro_batch,
                          struct tensor *tensor, MPI_Request *request)
{
    const int me = pl->stage_index, below = me - 1, above = me + 1;
    /* one tag for each edge between stages and direction */
    const int upwards = micro_batch * 2 * pl->stages, downwards = upwards + pl->stages;
    *request = MPI_REQUEST_NULL;
    if (operation == RECV_FORWARD)
        return start_receive(pl, below, upwards + me, tensor, request);
    if (operation == SEND_FORWARD)
        return start_send(pl, above, upwards + above, tensor, request);
    if (operation == RECV_BACKWARD)
        return start_receive(pl, above, downwards + above, tensor, request);
    return start_send(pl, below, downwards + me, tensor, request);
}
