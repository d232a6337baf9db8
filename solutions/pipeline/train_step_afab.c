/*
 * The all-forward-all-backward training step: every rank runs all its forwards,
 * then all its backwards. (Q8)
 */
#include "assignments/pipeline/pipeline.h"

/* BEGIN SOLUTION */
/* Receives x or dy of one micro-batch into a tensor that has room for it, and returns it. */
static struct tensor *receive(struct pipeline *pipeline, enum pipeline_operation operation,
                              int micro_batch, struct tensor *tensor)
{
    MPI_Request request;
    pipeline_communicate(pipeline, operation, micro_batch, tensor, &request);
    mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
    return tensor;
}

/* Sends run beside the computation: a tensor on its way belongs to MPI until its request is
 * done, and only then may it be freed. */
static void finish_sends(int count, MPI_Request *request, struct tensor **sent)
{
    mpi_check(MPI_Waitall(count, request, MPI_STATUSES_IGNORE));
    for (int i = 0; i < count; i++)
        tensor_free(sent[i]);
}

static void all_forwards(struct pipeline *pipeline)
{
    struct stage *stage = pipeline->stage;
    const bool first = pipeline->rank == 0, last = pipeline->rank == pipeline->stages - 1;
    MPI_Request request[pipeline->micro_batches];
    struct tensor *sent[pipeline->micro_batches];

    for (int i = 0; i < pipeline->micro_batches; i++) {
        struct tensor *x = first ? batch_inputs(pipeline->batch, i)
                                 : receive(pipeline, RECV_FORWARD, i, stage_input_new(stage));
        sent[i] = stage_forward(stage, i, x);
        if (last) {
            batch_loss(pipeline->batch, i, sent[i]); /* takes it over: nothing to send or free */
            sent[i] = NULL;
        }
        pipeline_communicate(pipeline, SEND_FORWARD, i, sent[i], &request[i]);
    }
    finish_sends(pipeline->micro_batches, request, sent);
}

static void all_backwards(struct pipeline *pipeline)
{
    struct stage *stage = pipeline->stage;
    const bool last = pipeline->rank == pipeline->stages - 1;
    /* The batch's loss is the mean of the micro-batches' losses, so each counts 1/m. */
    const float scale = 1.0f / (float)pipeline->micro_batches;
    MPI_Request request[pipeline->micro_batches];
    struct tensor *sent[pipeline->micro_batches];

    for (int i = 0; i < pipeline->micro_batches; i++) {
        struct tensor *dy = last ? batch_loss_backward(pipeline->batch, i, scale)
                                 : receive(pipeline, RECV_BACKWARD, i, stage_output_new(stage));
        sent[i] = stage_backward(stage, i, dy); /* adds to the gradients; NULL on stage 0 */
        pipeline_communicate(pipeline, SEND_BACKWARD, i, sent[i], &request[i]);
    }
    finish_sends(pipeline->micro_batches, request, sent);
}

/* END SOLUTION */
void train_step_afab(struct pipeline *pipeline)
{
    /* BEGIN SOLUTION */
    stage_zero_gradients(pipeline->stage);
    all_forwards(pipeline);
    all_backwards(pipeline);
    optimizer_step(pipeline->optimizer);
    /* END SOLUTION */
    //| /* TODO (Q8): one training step: all forwards, then all backwards.
    //|  *
    //|  * Gradients to zero. Then for each micro-batch i: get x, run the forward, hand y on.
    //|  * Then for each micro-batch i: get dy, run the backward, hand dx on. Then one
    //|  * optimizer step. Afterwards the gradients must be those of the mean loss over the
    //|  * whole batch, as the baseline computes them.
    //|  *
    //|  * Given: pipeline->micro_batches = m, and what train_step_naive calls, for micro-batch i in
    //|  * place of 0; stage_input_new and stage_output_new are (samples / m, input…) and (samples / m,
    //|  * output…) now. The stage holds what each forward saved until the backward of the same
    //|  * micro-batch number. Don't wait for a send before going on: a neighbour that is still
    //|  * busy would keep this rank waiting, too. Keep the requests and the tensors, and free
    //|  * those after MPI_Waitall.
    //|  * Hint: backward adds up gradients over the micro-batches, so what must the scale in
    //|  * batch_loss_backward be? (common/training/batch.h; on the last stage, and nowhere else.)
    //|  * Check: make grade CHECK=train_step_afab, then afab_combinations, afab_order,
    //|  * afab_parallel, no_luck, own_stage and loss_goes_down; at last convergence_fashion_mnist and
    //|  * convergence_cifar10
    //|  */
    //| todo("take one all-forward-all-backward step", pipeline);
}
