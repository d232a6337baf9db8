#include "assignments/pipeline/pipeline.h"

#include <stdlib.h>

/* Everything that is received has its room from the beginning. */
void train_step_afab(struct pipeline *pp)
{
    int m = pp->micro_batches, i;
    MPI_Request *r = malloc(4 * (size_t)m * sizeof *r);
    struct tensor **t = calloc(4 * (size_t)m, sizeof *t);

    for (i = 0; i < 4 * m; i++)
        r[i] = MPI_REQUEST_NULL;
    for (i = 0; i < m; i++) {
        if (pp->rank != 0) {
            t[i] = stage_input_new(pp->stage);
            pipeline_communicate(pp, RECV_FORWARD, i, t[i], &r[i]);
        }
        if (pp->rank != pp->ranks - 1) {
            t[m + i] = stage_output_new(pp->stage);
            pipeline_communicate(pp, RECV_BACKWARD, i, t[m + i], &r[m + i]);
        }
    }
    stage_zero_gradients(pp->stage);
    i = 0;
    while (i < m) {
        mpi_check(MPI_Wait(&r[i], MPI_STATUS_IGNORE));
        t[2 * m + i] =
            stage_forward(pp->stage, i, pp->rank != 0 ? t[i] : batch_inputs(pp->batch, i));
        if (pp->rank != pp->ranks - 1)
            pipeline_communicate(pp, SEND_FORWARD, i, t[2 * m + i], &r[2 * m + i]);
        else {
            batch_loss(pp->batch, i, t[2 * m + i]);
            t[2 * m + i] = NULL;
        }
        i++;
    }
    i = 0;
    while (i < m) {
        mpi_check(MPI_Wait(&r[m + i], MPI_STATUS_IGNORE));
        if (pp->rank == pp->ranks - 1)
            t[m + i] = batch_loss_backward(pp->batch, i, 1.0f / (float)m);
        t[3 * m + i] = stage_backward(pp->stage, i, t[m + i]);
        if (pp->rank != 0)
            pipeline_communicate(pp, SEND_BACKWARD, i, t[3 * m + i], &r[3 * m + i]);
        i++;
    }
    mpi_check(MPI_Waitall(2 * m, r + 2 * m, MPI_STATUSES_IGNORE));
    for (i = 2 * m; i < 4 * m; i++)
        tensor_free(t[i]);
    free(t);
    free(r);
    optimizer_step(pp->optimizer);
}
