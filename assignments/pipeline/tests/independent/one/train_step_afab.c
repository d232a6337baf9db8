#include "assignments/pipeline/pipeline.h"

void train_step_afab(struct pipeline *p)
{
    int m = p->micro_batches, last = p->stages - 1, n = 0;
    MPI_Request req, sends[2 * m];
    struct tensor *keep[2 * m];

    stage_zero_gradients(p->stage);
    for (int mb = 0; mb < m; mb++) {
        struct tensor *x;
        if (p->rank == 0)
            x = batch_inputs(p->batch, mb);
        else {
            x = stage_input_new(p->stage);
            pipeline_communicate(p, RECV_FORWARD, mb, x, &req);
            mpi_check(MPI_Wait(&req, MPI_STATUS_IGNORE));
        }
        struct tensor *y = stage_forward(p->stage, mb, x);
        if (p->rank == last)
            batch_loss(p->batch, mb, y);
        else {
            pipeline_communicate(p, SEND_FORWARD, mb, y, &sends[n]);
            keep[n++] = y;
        }
    }
    for (int mb = 0; mb < m; mb++) {
        struct tensor *dy;
        if (p->rank == last)
            dy = batch_loss_backward(p->batch, mb, 1.0f / m);
        else {
            dy = stage_output_new(p->stage);
            pipeline_communicate(p, RECV_BACKWARD, mb, dy, &req);
            mpi_check(MPI_Wait(&req, MPI_STATUS_IGNORE));
        }
        struct tensor *dx = stage_backward(p->stage, mb, dy);
        if (p->rank > 0) {
            pipeline_communicate(p, SEND_BACKWARD, mb, dx, &sends[n]);
            keep[n++] = dx;
        }
    }
    mpi_check(MPI_Waitall(n, sends, MPI_STATUSES_IGNORE));
    while (n > 0)
        tensor_free(keep[--n]);
    optimizer_step(p->optimizer);
}
