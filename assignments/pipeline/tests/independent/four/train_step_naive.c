#include "assignments/pipeline/pipeline.h"

static struct tensor *fetch(struct pipeline *pl, enum pipeline_operation from, struct tensor *room)
{
    MPI_Request request;
    pipeline_communicate(pl, from, 0, room, &request);
    mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
    return room;
}

static void deliver(struct pipeline *pl, enum pipeline_operation to, struct tensor *parcel)
{
    MPI_Request request;
    if (!pipeline_communicate(pl, to, 0, parcel, &request))
        return;
    mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
    tensor_free(parcel);
}

void train_step_naive(struct pipeline *pl)
{
    const int top = pl->stages - 1;
    struct tensor *parcel;
    stage_zero_gradients(pl->stage);
    parcel =
        pl->rank ? fetch(pl, RECV_FORWARD, stage_input_new(pl->stage)) : batch_inputs(pl->batch, 0);
    parcel = stage_forward(pl->stage, 0, parcel);
    if (pl->rank < top) {
        deliver(pl, SEND_FORWARD, parcel);
        parcel = fetch(pl, RECV_BACKWARD, stage_output_new(pl->stage));
    } else {
        batch_loss(pl->batch, 0, parcel);
        parcel = batch_loss_backward(pl->batch, 0, 1.0f);
    }
    deliver(pl, SEND_BACKWARD, stage_backward(pl->stage, 0, parcel));
    optimizer_step(pl->optimizer);
}
