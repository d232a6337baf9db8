#include "assignments/pipeline/pipeline.h"

/* Waits for it, too. Where nothing is due, nothing happens. */
static void exchange(struct pipeline *pipeline, enum pipeline_operation what, struct tensor *tensor)
{
    MPI_Request request;
    if (pipeline_communicate(pipeline, what, 0, tensor, &request))
        mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
}

void train_step_naive(struct pipeline *pipeline)
{
    struct stage *const stage = pipeline->stage;
    const bool begins = pipeline->stage_index == 0,
               ends = pipeline->stage_index + 1 == pipeline->stages;
    struct tensor *in = begins ? batch_inputs(pipeline->batch, 0) : stage_input_new(stage);
    exchange(pipeline, RECV_FORWARD, begins ? NULL : in);
    stage_zero_gradients(stage);
    struct tensor *out = stage_forward(stage, 0, in), *gradient;
    exchange(pipeline, SEND_FORWARD, out);
    if (ends) {
        batch_loss(pipeline->batch, 0, out);
        gradient = batch_loss_backward(pipeline->batch, 0, 1);
    } else {
        tensor_free(out);
        gradient = stage_output_new(stage);
    }
    exchange(pipeline, RECV_BACKWARD, gradient);
    gradient = stage_backward(stage, 0, gradient);
    exchange(pipeline, SEND_BACKWARD, gradient);
    if (!begins)
        tensor_free(gradient);
    optimizer_step(pipeline->optimizer);
}
