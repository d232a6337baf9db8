#include "assignments/pipeline/pipeline.h"

void train_step_naive(struct pipeline *pp)
{
    MPI_Request r[4] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL, MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    struct tensor *room_x = NULL, *room_dy = NULL, *y, *dx;

    if (pp->rank != 0) {
        room_x = stage_input_new(pp->stage);
        pipeline_communicate(pp, RECV_FORWARD, 0, room_x, &r[0]);
    }
    if (pp->rank != pp->ranks - 1) {
        room_dy = stage_output_new(pp->stage);
        pipeline_communicate(pp, RECV_BACKWARD, 0, room_dy, &r[1]);
    }
    stage_zero_gradients(pp->stage);
    mpi_check(MPI_Wait(&r[0], MPI_STATUS_IGNORE));
    y = stage_forward(pp->stage, 0, room_x ? room_x : batch_inputs(pp->batch, 0));
    if (room_dy) {
        pipeline_communicate(pp, SEND_FORWARD, 0, y, &r[2]);
    } else {
        batch_loss(pp->batch, 0, y);
        room_dy = batch_loss_backward(pp->batch, 0, 1.0f);
        y = NULL;
    }
    mpi_check(MPI_Waitall(2, r + 1, MPI_STATUSES_IGNORE));
    dx = stage_backward(pp->stage, 0, room_dy);
    if (dx)
        pipeline_communicate(pp, SEND_BACKWARD, 0, dx, &r[3]);
    optimizer_step(pp->optimizer);
    mpi_check(MPI_Wait(&r[3], MPI_STATUS_IGNORE));
    tensor_free(y);
    tensor_free(dx);
}
