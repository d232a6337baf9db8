/*
 * The messages of one micro-batch: see micro_batch.h. The waits, and what is made here,
 * are logged as made by the line that called: that is where a student will look.
 */
#include "assignments/pipeline/micro_batch.h"

#include "common/base/fatal.h"
#include "common/log/log_caller.h"

#define CALLER __builtin_return_address(0)

/* How many sends a stage lets be on their way in each direction before it waits for the oldest:
 * a neighbour that is so far behind is the one that everybody waits for anyway. */
enum { SENDS_UNDER_WAY = 8 };

/* The message that has to be through before another one starts, or NULL. */
static struct sent_message *oldest(const struct pipeline *pipeline, struct sent_message *sent,
                                   int micro_batch)
{
    const int under_way = pipeline->ranks < SENDS_UNDER_WAY ? pipeline->ranks : SENDS_UNDER_WAY;
    return micro_batch >= under_way ? &sent[micro_batch - under_way] : NULL;
}

static void wait_for(MPI_Request *request, const void *caller)
{
    log_calls_from(caller);
    mpi_check(MPI_Wait(request, MPI_STATUS_IGNORE));
    log_calls_from(NULL);
}

static bool is_first(const struct pipeline *pipeline)
{
    return pipeline->stage_index == 0;
}

static bool is_last(const struct pipeline *pipeline)
{
    return pipeline->stage_index == pipeline->stages - 1;
}

static void check_micro_batch(const struct pipeline *pipeline, int micro_batch)
{
    /* What lies behind the last of chunk[] is no pipeline. */
    if (pipeline->ranks < 1 || pipeline->micro_batches < 1 || pipeline->stage == NULL ||
        pipeline->stage_index < 0 || pipeline->stage_index >= pipeline->stages)
        fatal(
            "the struct pipeline that it was given is none of this rank's: with several stages per "
            "rank they are chunk[0] to chunk[chunks - 1]");
    if (micro_batch < 0 || micro_batch >= pipeline->micro_batches)
        fatal("there is no micro-batch %d: they are numbered 0 to %d", micro_batch,
              pipeline->micro_batches - 1);
}

static struct tensor *receive(struct pipeline *pipeline, enum pipeline_operation operation,
                              int micro_batch, const void *caller)
{
    MPI_Request request;
    log_calls_from(caller);
    struct tensor *tensor = operation == RECV_FORWARD ? stage_input_new(pipeline->stage)
                                                      : stage_output_new(pipeline->stage);
    log_calls_from(NULL);
    pipeline_communicate(pipeline, operation, micro_batch, tensor, &request);
    wait_for(&request, caller);
    return tensor;
}

static void finish(struct sent_message *message, const void *caller)
{
    if (message == NULL || message->tensor == NULL)
        return;
    wait_for(&message->request, caller);
    tensor_free(message->tensor);
    *message = (struct sent_message){NULL, MPI_REQUEST_NULL};
}

static void send(struct pipeline *pipeline, enum pipeline_operation operation, int micro_batch,
                 struct tensor *tensor, struct sent_message *sent)
{
    const bool forward = operation == SEND_FORWARD;
    if (tensor == NULL)
        fatal("%s of micro-batch %d is NULL: %s returns it", forward ? "y" : "dx", micro_batch,
              forward ? "stage_forward" : "stage_backward");
    tensor_taken(tensor, forward ? "y" : "dx", __func__);
    *sent = (struct sent_message){tensor, MPI_REQUEST_NULL};
    pipeline_communicate(pipeline, operation, micro_batch, tensor, &sent->request);
}

struct tensor *micro_batch_input(struct pipeline *pipeline, int micro_batch)
{
    check_micro_batch(pipeline, micro_batch);
    if (!is_first(pipeline))
        return receive(pipeline, RECV_FORWARD, micro_batch, CALLER);
    log_calls_from(CALLER);
    struct tensor *x = batch_inputs(pipeline->batch, micro_batch);
    log_calls_from(NULL);
    return x;
}

void micro_batch_pass_output(struct pipeline *pipeline, int micro_batch, struct tensor *y)
{
    check_micro_batch(pipeline, micro_batch);
    if (is_last(pipeline))
        batch_loss(pipeline->batch, micro_batch, y);
    else
        send(pipeline, SEND_FORWARD, micro_batch, y, &pipeline->outputs_sent[micro_batch]);
    finish(oldest(pipeline, pipeline->outputs_sent, micro_batch), CALLER);
}

struct tensor *micro_batch_output_gradient(struct pipeline *pipeline, int micro_batch, float scale)
{
    check_micro_batch(pipeline, micro_batch);
    struct tensor *dy;
    if (is_last(pipeline)) {
        log_calls_from(CALLER);
        dy = batch_loss_backward(pipeline->batch, micro_batch, scale);
        log_calls_from(NULL);
    } else {
        dy = receive(pipeline, RECV_BACKWARD, micro_batch, CALLER);
        /* Its gradient is here, so y has arrived there: this wait is over at once. */
        finish(&pipeline->outputs_sent[micro_batch], CALLER);
    }
    return dy;
}

void micro_batch_pass_input_gradient(struct pipeline *pipeline, int micro_batch, struct tensor *dx)
{
    check_micro_batch(pipeline, micro_batch);
    if (is_first(pipeline)) {
        tensor_free(dx); /* NULL */
        return;
    }
    send(pipeline, SEND_BACKWARD, micro_batch, dx, &pipeline->gradients_sent[micro_batch]);
    finish(oldest(pipeline, pipeline->gradients_sent, micro_batch), CALLER);
}

void micro_batch_finish(struct pipeline *pipeline)
{
    for (int i = 0; i < pipeline->micro_batches; i++) {
        finish(&pipeline->outputs_sent[i], CALLER);
        finish(&pipeline->gradients_sent[i], CALLER);
    }
}
