#include "assignments/pipeline/pipeline.h"

void train_step_naive(struct pipeline *p)
{
    MPI_Request req;
    struct tensor *x, *y, *dy, *dx;
    int last = p->stages - 1;

    stage_zero_gradients(p->stage);

    if (p->rank == 0)
        x = batch_inputs(p->batch, 0);
    else {
        x = stage_input_new(p->stage);
        pipeline_communicate(p, RECV_FORWARD, 0, x, &req);
        mpi_check(MPI_Wait(&req, MPI_STATUS_IGNORE));
    }
    y = stage_forward(p->stage, 0, x);
    if (p->rank == last) {
        batch_loss(p->batch, 0, y);
        dy = batch_loss_backward(p->batch, 0, 1.0f);
    } else {
        pipeline_communicate(p, SEND_FORWARD, 0, y, &req);
        mpi_check(MPI_Wait(&req, MPI_STATUS_IGNORE));
        tensor_free(y);
        dy = stage_output_new(p->stage);
        pipeline_communicate(p, RECV_BACKWARD, 0, dy, &req);
        mpi_check(MPI_Wait(&req, MPI_STATUS_IGNORE));
    }
    dx = stage_backward(p->stage, 0, dy);
    if (p->rank > 0) {
        pipeline_communicate(p, SEND_BACKWARD, 0, dx, &req);
        mpi_check(MPI_Wait(&req, MPI_STATUS_IGNORE));
        tensor_free(dx);
    }
    optimizer_step(p->optimizer);
}
