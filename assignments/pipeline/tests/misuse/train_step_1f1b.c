/*
 * Everything that a schedule can do wrong so that the kit or MPI ends the program:
 * MISUSE=name chooses one. Who tests it knows the line by the comment on it.
 * Takes the place of a student's train_step_1f1b.c; runs with 4 micro-batches.
 */
#include "assignments/pipeline/micro_batch.h"

#include <stdlib.h>
#include <string.h>

static int m; /* micro-batches */

/* ---- a forward and a backward as they should be ------------------------------------------------ */

static struct tensor *enter(struct pipeline *pipeline, int i)
{
    struct tensor *x = micro_batch_input(pipeline, i); /* enter */
    return x;
}

static struct tensor *forward(struct pipeline *pipeline, int i)
{
    return stage_forward(pipeline->stage, i, enter(pipeline, i));
}

static struct tensor *gradient(struct pipeline *pipeline, int i)
{
    return micro_batch_output_gradient(pipeline, i, 1.0f / (float)m);
}

static bool is_last(const struct pipeline *pipeline)
{
    return pipeline->stage_index == pipeline->stages - 1;
}

/* ---- micro_batch.h ------------------------------------------------------------------------------ */

static void input_of_none(struct pipeline *pipeline)
{
    micro_batch_input(pipeline, 6); /* input_of_none */
}

static void input_in_a_helper(struct pipeline *pipeline)
{
    forward(pipeline, -1); /* input_in_a_helper */
}

static void output_of_none(struct pipeline *pipeline)
{
    micro_batch_pass_output(pipeline, m, forward(pipeline, 0)); /* output_of_none */
}

static void gradient_of_none(struct pipeline *pipeline)
{
    micro_batch_output_gradient(pipeline, m, 1); /* gradient_of_none */
}

static void output_twice(struct pipeline *pipeline)
{
    micro_batch_pass_output(pipeline, 0, forward(pipeline, 0));
    if (!is_last(pipeline))
        gradient(pipeline, 0);                                               /* for ever */
    micro_batch_pass_output(pipeline, 0, stage_output_new(pipeline->stage)); /* output_twice */
}

static void output_missing(struct pipeline *pipeline)
{
    forward(pipeline, 0);
    micro_batch_pass_output(pipeline, 0, NULL); /* output_missing */
}

static void backward_first(struct pipeline *pipeline)
{
    stage_backward(pipeline->stage, 0, stage_output_new(pipeline->stage)); /* backward_first */
}

static void gradient_first(struct pipeline *pipeline)
{
    if (is_last(pipeline))
        micro_batch_output_gradient(pipeline, 0, 1); /* gradient_first */
    gradient(pipeline, 0);
}

static void gradient_twice(struct pipeline *pipeline)
{
    micro_batch_pass_output(pipeline, 0, forward(pipeline, 0));
    if (is_last(pipeline))
        gradient(pipeline, 0);
    if (is_last(pipeline))
        micro_batch_output_gradient(pipeline, 0, 1); /* gradient_twice */
    gradient(pipeline, 0);
}

/* ---- the stage ---------------------------------------------------------------------------------- */

static void forward_twice(struct pipeline *pipeline)
{
    struct tensor *x = stage_input_new(pipeline->stage);
    stage_forward(pipeline->stage, 0, stage_input_new(pipeline->stage));
    stage_forward(pipeline->stage, 0, x); /* forward_twice */
}

static void backward_twice(struct pipeline *pipeline)
{
    stage_forward(pipeline->stage, 0, stage_input_new(pipeline->stage));
    stage_backward(pipeline->stage, 0, stage_output_new(pipeline->stage));
    stage_backward(pipeline->stage, 0, stage_output_new(pipeline->stage)); /* backward_twice */
}

static void weight_first(struct pipeline *pipeline)
{
    stage_forward(pipeline->stage, 0, stage_input_new(pipeline->stage));
    stage_backward_weight(pipeline->stage, 0); /* weight_first */
}

static void wrong_shape(struct pipeline *pipeline)
{
    struct tensor *y = stage_forward(pipeline->stage, 0, stage_input_new(pipeline->stage));
    stage_forward(pipeline->stage, 1, tensor_view(y, 0, SHAPE(1))); /* wrong_shape */
}

static void no_input(struct pipeline *pipeline)
{
    stage_forward(pipeline->stage, 0, NULL); /* no_input */
}

static void foreign_layer(struct pipeline *pipeline)
{
    stage_layer_gradients(pipeline->stage, 77); /* foreign_layer */
}

static void copy_of_another_size(struct pipeline *pipeline)
{
    struct tensor *x = stage_input_new(pipeline->stage);
    tensor_copy(stage_gradients(pipeline->stage), x); /* copy_of_another_size */
}

static void foreign_parameters(struct pipeline *pipeline)
{
    struct tensor *x = stage_input_new(pipeline->stage);
    stage_exchange_parameters(pipeline->stage, x); /* foreign_parameters */
}

static void loss_on_the_first(struct pipeline *pipeline)
{
    batch_loss(pipeline->batch, 0, stage_output_new(pipeline->stage)); /* loss_on_the_first */
}

static void inputs_on_the_last(struct pipeline *pipeline)
{
    batch_inputs(pipeline->batch, 0); /* inputs_on_the_last */
}

static void outputs_of_nothing(struct pipeline *pipeline)
{
    batch_outputs(pipeline->batch); /* outputs_of_nothing */
}

/* ---- whose a tensor is ---------------------------------------------------------------------------- */

static void freed_twice(struct pipeline *pipeline)
{
    struct tensor *x = stage_input_new(pipeline->stage);
    tensor_free(x); /* freed_twice first */
    tensor_free(x); /* freed_twice */
}

static void freed_x(struct pipeline *pipeline)
{
    struct tensor *x = stage_input_new(pipeline->stage);
    stage_forward(pipeline->stage, 0, x);                                  /* freed_x taken */
    tensor_free(x);                                                        /* freed_x first */
    stage_backward(pipeline->stage, 0, stage_output_new(pipeline->stage)); /* freed_x */
}

/* The stage has freed it by itself: in its backward. */
static void freed_x_later(struct pipeline *pipeline)
{
    struct tensor *x = stage_input_new(pipeline->stage);
    stage_forward(pipeline->stage, 0, x); /* freed_x_later first */
    stage_backward(pipeline->stage, 0, stage_output_new(pipeline->stage));
    tensor_free(x); /* freed_x_later */
}

static void freed_dy(struct pipeline *pipeline)
{
    stage_forward(pipeline->stage, 0, stage_input_new(pipeline->stage));
    struct tensor *dy = stage_output_new(pipeline->stage);
    stage_backward(pipeline->stage, 0, dy); /* freed_dy first */
    tensor_free(dy);                        /* freed_dy */
}

static void freed_y(struct pipeline *pipeline)
{
    struct tensor *y = forward(pipeline, 0);
    micro_batch_pass_output(pipeline, 0, y); /* freed_y first */
    if (is_last(pipeline))
        tensor_free(y); /* freed_y */
    gradient(pipeline, 0);
}

static void freed_parameters(struct pipeline *pipeline)
{
    struct tensor *copy = stage_parameters_copy(pipeline->stage);
    struct tensor *before = stage_exchange_parameters(pipeline->stage, copy);
    tensor_free(copy);                                /* freed_parameters first */
    stage_exchange_parameters(pipeline->stage, copy); /* freed_parameters */
    tensor_free(before);
}

static void passed_freed(struct pipeline *pipeline)
{
    struct tensor *x = stage_input_new(pipeline->stage);
    tensor_free(x);                       /* passed_freed first */
    stage_forward(pipeline->stage, 0, x); /* passed_freed */
}

/* ---- MPI ------------------------------------------------------------------------------------------- */

static void rank_of_none(struct pipeline *pipeline)
{
    float x = 0;
    MPI_Request request;
    MPI_Isend(&x, 1, MPI_FLOAT, pipeline->ranks, 0, pipeline->comm, &request); /* rank_of_none */
}

static void rank_of_none_checked(struct pipeline *pipeline)
{
    float x = 0;
    mpi_check(MPI_Send(&x, 1, MPI_FLOAT, -1, 0, pipeline->comm)); /* rank_of_none_checked */
}

static void tag_too_small(struct pipeline *pipeline)
{
    float x = 0;
    MPI_Send(&x, 1, MPI_FLOAT, 0, -5, pipeline->comm); /* tag_too_small */
}

static void count_too_small(struct pipeline *pipeline)
{
    float x = 0;
    MPI_Recv(&x, -3, MPI_FLOAT, 0, 0, pipeline->comm, MPI_STATUS_IGNORE); /* count_too_small */
}

static void second_half(struct pipeline *pipeline)
{
    float x = 0;
    MPI_Sendrecv_replace(&x, 1, MPI_FLOAT, 9, 0, 0, 0, pipeline->comm, NULL); /* second_half */
}

static void no_communicator(struct pipeline *pipeline)
{
    (void)pipeline;
    MPI_Barrier(MPI_COMM_NULL); /* no_communicator */
}

static void too_small_a_room(struct pipeline *pipeline)
{
    float x[64] = {0};
    MPI_Request request;
    if (!is_last(pipeline)) {
        MPI_Send(x, 64, MPI_FLOAT, pipeline->rank + 1, 0, pipeline->comm);
        micro_batch_output_gradient(pipeline, 0, 1); /* for ever */
    }
    MPI_Irecv(x, 1, MPI_FLOAT, pipeline->rank - 1, 0, pipeline->comm, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE); /* too_small_a_room */
}

/* What is wrong shows in another file, which is right. */
static void through_another_file(struct pipeline *pipeline)
{
    struct pipeline broken = *pipeline;
    broken.ranks = broken.stages = 9;
    broken.stage_index = 5;
    MPI_Request request;
    struct tensor *x = stage_input_new(pipeline->stage);
    pipeline_communicate(&broken, SEND_FORWARD, 0, x, &request); /* through_another_file */
}

/* Who does it: the others wait, so that there is one message. */
enum who { FIRST, LAST, BOTH };

#define MISUSE(who, name)                                                                          \
    {                                                                                              \
#name, name, who                                                                           \
    }
static const struct {
    const char *name;
    void (*take)(struct pipeline *pipeline);
    enum who who;
} misuses[] = {
    MISUSE(FIRST, input_of_none),
    MISUSE(FIRST, input_in_a_helper),
    MISUSE(FIRST, output_of_none),
    MISUSE(FIRST, gradient_of_none),
    MISUSE(BOTH, output_twice),
    MISUSE(FIRST, output_missing),
    MISUSE(FIRST, backward_first),
    MISUSE(BOTH, gradient_first),
    MISUSE(BOTH, gradient_twice),
    MISUSE(FIRST, forward_twice),
    MISUSE(FIRST, backward_twice),
    MISUSE(FIRST, weight_first),
    MISUSE(FIRST, wrong_shape),
    MISUSE(FIRST, no_input),
    MISUSE(FIRST, foreign_layer),
    MISUSE(FIRST, copy_of_another_size),
    MISUSE(FIRST, foreign_parameters),
    MISUSE(FIRST, loss_on_the_first),
    MISUSE(LAST, inputs_on_the_last),
    MISUSE(FIRST, outputs_of_nothing),
    MISUSE(FIRST, freed_twice),
    MISUSE(FIRST, freed_x),
    MISUSE(FIRST, freed_x_later),
    MISUSE(FIRST, freed_dy),
    MISUSE(BOTH, freed_y),
    MISUSE(FIRST, freed_parameters),
    MISUSE(FIRST, passed_freed),
    MISUSE(LAST, rank_of_none),
    MISUSE(FIRST, rank_of_none_checked),
    MISUSE(FIRST, tag_too_small),
    MISUSE(FIRST, count_too_small),
    MISUSE(FIRST, second_half),
    MISUSE(FIRST, no_communicator),
    MISUSE(BOTH, too_small_a_room),
    MISUSE(FIRST, through_another_file),
};

void train_step_1f1b(struct pipeline *pipeline)
{
    const char *wanted = getenv("MISUSE");
    m = pipeline->micro_batches;
    for (size_t i = 0; i < sizeof misuses / sizeof *misuses; i++) {
        if (wanted == NULL || strcmp(misuses[i].name, wanted) != 0)
            continue;
        if (misuses[i].who != BOTH && is_last(pipeline) != (misuses[i].who == LAST))
            MPI_Barrier(pipeline->comm);
        misuses[i].take(pipeline); /* take */
    }
}
