/*
 * A model whose head is tied to its embedding, cut into stages: all micro-batches forwards, then
 * all backwards, and the first and the last stage add up the two gradients of the weight that they
 * both work with. --tied NAME
 *
 *     summed      as it has to be
 *     forgotten   wrong: each goes its own way
 */
#include "common/base/mpi_check.h"
#include "common/driver/driver.h"

#include <stdio.h>
#include <string.h>

/* The first stage and the last, where they are two; else MPI_COMM_NULL. */
static MPI_Comm ends = MPI_COMM_NULL;

static bool is_first(const struct run *run)
{
    return run->rank == 0;
}

static bool is_last(const struct run *run)
{
    return run->rank == run->ranks - 1;
}

static void forward(const struct run *run, int micro_batch)
{
    struct stage *stage = run->trained[0].stage;
    struct tensor *x;
    if (is_first(run)) {
        x = batch_inputs(run->batch, micro_batch);
    } else {
        x = stage_input_new(stage);
        mpi_check(MPI_Recv(x->data, x->count, MPI_FLOAT, run->rank - 1, micro_batch, run->comm,
                           MPI_STATUS_IGNORE));
    }
    struct tensor *y = stage_forward(stage, micro_batch, x);
    if (is_last(run)) {
        batch_loss(run->batch, micro_batch, y);
        return;
    }
    mpi_check(MPI_Send(y->data, y->count, MPI_FLOAT, run->rank + 1, micro_batch, run->comm));
    tensor_free(y);
}

static void backward(const struct run *run, int micro_batch)
{
    struct stage *stage = run->trained[0].stage;
    struct tensor *dy;
    if (is_last(run)) {
        dy = batch_loss_backward(run->batch, micro_batch, 1.0f / (float)run->micro_batches);
    } else {
        dy = stage_output_new(stage);
        mpi_check(MPI_Recv(dy->data, dy->count, MPI_FLOAT, run->rank + 1, micro_batch, run->comm,
                           MPI_STATUS_IGNORE));
    }
    struct tensor *dx = stage_backward(stage, micro_batch, dy);
    if (dx != NULL)
        mpi_check(MPI_Send(dx->data, dx->count, MPI_FLOAT, run->rank - 1, micro_batch, run->comm));
    tensor_free(dx);
}

static void sum_tied_gradients(const struct run *run)
{
    struct tensor *gradients = stage_tied_gradients(run->trained[0].stage);
    if (ends != MPI_COMM_NULL && gradients != NULL)
        mpi_check(MPI_Allreduce(MPI_IN_PLACE, gradients->data, gradients->count, MPI_FLOAT, MPI_SUM,
                                ends));
    tensor_free(gradients);
}

static void take(struct run *run)
{
    stage_zero_gradients(run->trained[0].stage);
    for (int i = 0; i < run->micro_batches; i++)
        forward(run, i);
    for (int i = 0; i < run->micro_batches; i++)
        backward(run, i);
    if (strcmp(run->step->name, "summed") == 0)
        sum_tied_gradients(run);
    optimizer_step(run->trained[0].optimizer);
}

static bool check(struct run *run, char *reason, size_t reason_size)
{
    snprintf(reason, reason_size, "%d layers are no equal shares for %d ranks", run->model->layers,
             run->ranks);
    return run->model->layers % run->ranks == 0;
}

static void build(struct run *run)
{
    const int layers = run->model->layers / run->ranks;
    driver_add_stage(run, (struct stage_options){.index = run->rank,
                                                 .stages = run->ranks,
                                                 .first_layer = run->rank * layers,
                                                 .layers = layers});
}

static void begin(struct run *run)
{
    if (is_first(run))
        batch_open_inputs(run->batch);
    if (is_last(run))
        batch_open_labels(run->batch);
    const bool end = run->ranks > 1 && (is_first(run) || is_last(run));
    mpi_check(MPI_Comm_split(run->comm, end ? 0 : MPI_UNDEFINED, run->rank, &ends));
}

static void end(struct run *run)
{
    (void)run;
    if (ends != MPI_COMM_NULL)
        mpi_check(MPI_Comm_free(&ends));
}

int main(int argc, char **argv)
{
    static const struct own_options own = {.step_word = "tied"};
    static const struct step steps[] = {
        {"summed", "the two gradients are added up", take},
        {"forgotten", "wrong: they are not", take},
        {NULL, NULL, NULL},
    };
    return driver_main(argc, argv,
                       &(struct program){.name = "tied",
                                         .options = &own,
                                         .sums_tied_gradients = true,
                                         .steps = steps,
                                         .check = check,
                                         .build = build,
                                         .begin = begin,
                                         .end = end});
}
