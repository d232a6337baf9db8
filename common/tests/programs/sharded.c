/*
 * Trains on any number of ranks, each with its share of the micro-batches, and tells
 * its evidence in parts: --holding NAME
 *
 *     copies       every rank has everything
 *     state        gradients and optimizer state are sharded: flat ranges of the arena
 *     all          parameters, too: a rank has only its own between two steps
 *     rounded      as copies, and the gradients of each micro-batch are rounded, so that their sum is
 *                  the same in any order: on any number of ranks
 *     not-reduced  wrong: the last rank's gradients are its own share only
 *     short        wrong: as state, but the last element belongs to nobody
 *     overlapping  wrong: as state, but all ranges begin one element early
 *     elsewhere    as state, but nobody says what is to be done with the state when it is restored
 *     unfinished   wrong: a step ends without its backwards
 *
 * What a rank does not hold is NaN, so that nobody can take it for anything.
 */
#include "common/base/mpi_check.h"
#include "common/driver/driver.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is(const struct run *run, const char *holding)
{
    return strcmp(run->step->name, holding) == 0;
}

static bool is_sharded(const struct run *run)
{
    return is(run, "state") || is(run, "all") || is(run, "short") || is(run, "overlapping") ||
           is(run, "elsewhere");
}

static size_t shard_begin(const struct run *run, int rank)
{
    size_t elements = stage_parameters(run->trained[0].stage)->elements;
    return elements * (size_t)rank / (size_t)run->ranks;
}

/* What lies outside of this rank's range. */
static void forget_others(const struct run *run, struct tensor *flat)
{
    size_t begin = shard_begin(run, run->rank), end = shard_begin(run, run->rank + 1);
    struct tensor *numbers = tensor_on_host(flat, "be forgotten");
    for (size_t i = 0; i < flat->elements; i++)
        if (i < begin || i >= end)
            tensor_floats(numbers)[i] = NAN;
    tensor_bring(flat, numbers);
}

static void gather(const struct run *run, struct tensor *flat)
{
    for (int rank = 0; rank < run->ranks; rank++) {
        size_t begin = shard_begin(run, rank), end = shard_begin(run, rank + 1);
        mpi_check(
            MPI_Bcast(tensor_floats(flat) + begin, (int)(end - begin), MPI_FLOAT, rank, run->comm));
    }
}

static void add_gradients(const struct run *run, struct tensor *gradients)
{
    struct tensor *own = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, gradients->shape);
    tensor_copy(own, gradients);
    mpi_check(MPI_Allreduce(tensor_floats(own), tensor_floats(gradients), gradients->count,
                            MPI_FLOAT, MPI_SUM, run->comm));
    if (is(run, "not-reduced") && run->rank == run->ranks - 1)
        tensor_copy(gradients, own);
    tensor_free(own);
}

static void forward_backward(const struct run *run, int micro_batch)
{
    struct stage *stage = run->trained[0].stage;
    struct batch *batch = run->batch;
    float scale = 1.0f / (float)run->micro_batches;
    batch_loss(batch, micro_batch,
               stage_forward(stage, micro_batch, batch_inputs(batch, micro_batch)));
    tensor_free(stage_backward(stage, micro_batch, batch_loss_backward(batch, micro_batch, scale)));
}

/* Adds this rank's to the sum, as multiples of 2^-20. */
static void add_rounded(struct tensor *gradients, struct tensor *sum)
{
    struct tensor *numbers = tensor_on_host(gradients, "be added");
    for (size_t i = 0; i < sum->elements; i++)
        tensor_floats(sum)[i] += 0x1p-20f * roundf(0x1p20f * tensor_floats(numbers)[i]);
    tensor_free(numbers);
    tensor_zero(gradients);
}

static void take_rounded(struct run *run)
{
    struct tensor *gradients = stage_gradients(run->trained[0].stage);
    struct tensor *sum = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, gradients->shape);
    int share = run->micro_batches / run->ranks;
    tensor_zero(sum);
    tensor_zero(gradients);
    for (int i = share * run->rank; i < share * (run->rank + 1); i++) {
        forward_backward(run, i);
        add_rounded(gradients, sum);
    }
    tensor_copy(gradients, sum);
    add_gradients(run, gradients);
    tensor_free(sum);
    optimizer_step(run->trained[0].optimizer);
}

static void take_half(struct run *run)
{
    batch_loss(run->batch, 0, stage_forward(run->trained[0].stage, 0, batch_inputs(run->batch, 0)));
}

static void take(struct run *run)
{
    struct stage *stage = run->trained[0].stage;
    int share = run->micro_batches / run->ranks;
    if (is(run, "all"))
        gather(run, stage_parameters(stage));
    stage_zero_gradients(stage);
    for (int i = share * run->rank; i < share * (run->rank + 1); i++)
        forward_backward(run, i);
    add_gradients(run, stage_gradients(stage));
    if (is_sharded(run))
        forget_others(run, stage_gradients(stage));
    optimizer_step(run->trained[0].optimizer);
    if (is_sharded(run) && !is(run, "all"))
        gather(run, stage_parameters(stage));
}

/* The optimizer's state as a program would tell it that keeps it elsewhere, padded. */
static void store(const struct run *run, const struct trained_stage *one, bool after,
                  struct tensor_file *file)
{
    size_t begin = shard_begin(run, run->rank), end = shard_begin(run, run->rank + 1);
    if (after)
        return;
    struct tensor *state = optimizer_state(one->optimizer, 0);
    struct tensor *shard = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU,
                                      shape_flat(end - begin + (run->rank == run->ranks - 1)));
    tensor_zero(shard);
    tensor_get(state, begin, end - begin, shard->data);
    tensor_file_add_range(file, "own state", shard, DRIVER_ARENA, ".momentum_buffer", begin);
    tensor_free(shard);
}

/* The optimizer's state is where the driver put it. */
static void restored(struct run *run, struct trained_stage *one)
{
    (void)run;
    (void)one;
}

static bool check(struct run *run, char *reason, size_t reason_size)
{
    snprintf(reason, reason_size, "%d micro-batches are no equal shares for %d ranks",
             run->micro_batches, run->ranks);
    return run->micro_batches % run->ranks == 0;
}

static void build(struct run *run)
{
    driver_add_stage(run, (struct stage_options){.stages = 1, .layers = run->model->layers});
}

static void begin(struct run *run)
{
    struct trained_stage *one = &run->trained[0];
    int share = run->options->batch_size / run->ranks;
    batch_open_inputs(run->batch);
    batch_open_labels(run->batch);
    run->samples = (struct samples){run->rank * share, share};
    if (!is_sharded(run))
        return;
    struct arena_held held = {HOLDS_RANGE, shard_begin(run, run->rank),
                              shard_begin(run, run->rank + 1)};
    held.end -= is(run, "short") && run->rank == run->ranks - 1;
    held.begin -= is(run, "overlapping") && run->rank > 0;
    one->gradients = held;
    one->state.extent = HOLDS_NOTHING;
    one->store = store;
    one->restored = is(run, "elsewhere") ? NULL : restored;
    if (is(run, "all"))
        one->parameters = held;
}

int main(int argc, char **argv)
{
    static const struct own_options own = {.step_word = "holding"};
    static const struct step steps[] = {
        {"copies", "everything on every rank", take},
        {"state", "gradients and optimizer state sharded", take},
        {"all", "parameters sharded, too", take},
        {"rounded", "everything on every rank, summed in any order", take_rounded},
        {"not-reduced", "wrong: one rank's gradients are its own", take},
        {"short", "wrong: one element is on no rank", take},
        {"overlapping", "wrong: the ranges overlap", take},
        {"elsewhere", "as state, without a word about restoring", take},
        {"unfinished", "wrong: no backward", take_half},
        {NULL, NULL, NULL},
    };
    return driver_main(argc, argv,
                       &(struct program){.name = "sharded",
                                         .options = &own,
                                         .steps = steps,
                                         .check = check,
                                         .build = build,
                                         .begin = begin});
}
