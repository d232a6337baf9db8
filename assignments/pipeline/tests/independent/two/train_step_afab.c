#include "assignments/pipeline/pipeline.h"

struct outbox {
    int count;
    MPI_Request *request;
    struct tensor **tensor;
};

static void post(struct outbox *box, struct pipeline *pipeline, enum pipeline_operation what, int i,
                 struct tensor *tensor)
{
    if (!pipeline_communicate(pipeline, what, i, tensor, &box->request[box->count]))
        return;
    box->tensor[box->count] = tensor;
    box->count++;
}

static void empty(struct outbox *box)
{
    for (int i = 0; i < box->count; i++) {
        mpi_check(MPI_Wait(box->request + i, MPI_STATUS_IGNORE));
        tensor_free(box->tensor[i]);
    }
}

void train_step_afab(struct pipeline *pipeline)
{
    MPI_Request requests[2 * pipeline->micro_batches], arrival;
    struct tensor *tensors[2 * pipeline->micro_batches];
    struct outbox box = {0, requests, tensors};
    stage_zero_gradients(pipeline->stage);
    for (int i = 0; i < pipeline->micro_batches; ++i) {
        struct tensor *in;
        if (pipeline->stage_index > 0) {
            in = stage_input_new(pipeline->stage);
            pipeline_communicate(pipeline, RECV_FORWARD, i, in, &arrival);
            mpi_check(MPI_Wait(&arrival, MPI_STATUS_IGNORE));
        } else
            in = batch_inputs(pipeline->batch, i);
        in = stage_forward(pipeline->stage, i, in);
        post(&box, pipeline, SEND_FORWARD, i, in);
        if (pipeline->stage_index + 1 == pipeline->stages)
            batch_loss(pipeline->batch, i, in);
    }
    for (int i = 0; i < pipeline->micro_batches; ++i) {
        struct tensor *gradient;
        if (pipeline->stage_index + 1 < pipeline->stages) {
            gradient = stage_output_new(pipeline->stage);
            pipeline_communicate(pipeline, RECV_BACKWARD, i, gradient, &arrival);
            mpi_check(MPI_Wait(&arrival, MPI_STATUS_IGNORE));
        } else
            gradient = batch_loss_backward(pipeline->batch, i, 1.f / pipeline->micro_batches);
        post(&box, pipeline, SEND_BACKWARD, i, stage_backward(pipeline->stage, i, gradient));
    }
    empty(&box);
    optimizer_step(pipeline->optimizer);
}
