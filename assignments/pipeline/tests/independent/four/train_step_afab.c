#include "assignments/pipeline/pipeline.h"

struct flight {
    struct tensor *tensor;
    MPI_Request request;
    struct flight *older;
};

static struct flight *take_off(struct pipeline *pl, enum pipeline_operation to, int i,
                               struct tensor *tensor, struct flight *room, struct flight *older)
{
    room->tensor = tensor;
    room->older = older;
    return pipeline_communicate(pl, to, i, tensor, &room->request) ? room : older;
}

static void land(struct flight *flight)
{
    for (; flight; flight = flight->older) {
        mpi_check(MPI_Wait(&flight->request, MPI_STATUS_IGNORE));
        tensor_free(flight->tensor);
    }
}

static void wait_for(struct pipeline *pl, enum pipeline_operation from, int i, struct tensor *room)
{
    MPI_Request request;
    pipeline_communicate(pl, from, i, room, &request);
    mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
}

void train_step_afab(struct pipeline *pl)
{
    const int count = pl->micro_batches, top = pl->stages - 1;
    struct flight rooms[2][count], *flights = NULL;
    stage_zero_gradients(pl->stage);
    for (int i = 0; i < count; i++) {
        struct tensor *t = pl->rank ? stage_input_new(pl->stage) : batch_inputs(pl->batch, i);
        if (pl->rank)
            wait_for(pl, RECV_FORWARD, i, t);
        t = stage_forward(pl->stage, i, t);
        if (pl->rank == top)
            batch_loss(pl->batch, i, t);
        else
            flights = take_off(pl, SEND_FORWARD, i, t, &rooms[0][i], flights);
    }
    for (int i = 0; i < count; i++) {
        struct tensor *t = pl->rank < top ? stage_output_new(pl->stage)
                                          : batch_loss_backward(pl->batch, i, 1.0f / (float)count);
        if (pl->rank < top)
            wait_for(pl, RECV_BACKWARD, i, t);
        t = stage_backward(pl->stage, i, t);
        flights = take_off(pl, SEND_BACKWARD, i, t, &rooms[1][i], flights);
    }
    land(flights);
    optimizer_step(pl->optimizer);
}
