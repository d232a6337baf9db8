/*
 * One training step of a GPT on data × pipeline × tensor ranks, of charges and messages without numbers:
 * what the simulated cluster takes of a machine with a thousand GPUs, and how long such a step would be.
 *
 *     scale_step [data=N] [pipeline=N] [tensor=N] [layers=N] [width=N] … (see `settings` below)
 *
 * Rank order: tensor fastest, then data, then pipeline. The schedule is 1F1B; a layer makes two
 * all-reduces forward and two backward over its tensor group, and where activations are recomputed two
 * more. With chunks the schedule is interleaved 1F1B. Gradients are reduced over the data group in buckets, each started as soon as its last layer's
 * backward has ended (reduce=kit) or behind the last one (reduce=after), or by a ring of messages of the program's own behind the last one
 * (reduce=ring). Charges are those of Narayanan et al. 2021: a forward of a layer 24·b·s·h²·(1 + s/(6h)).
 */
#include "bench/programs/scale_gradients.h"
#include "bench/programs/scale_order.h"
#include "bench/programs/scale_settings.h"
#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/base/machine.h"
#include "common/base/mpi_check.h"
#include "common/base/tensor.h"
#include "common/log/log_fields.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int stage;
static int place,
    places; /* of the chunk of layers that runs, in the model: with one chunk the stage */
static MPI_Comm pipeline_group, tensor_group;
static double busy; /* simulated seconds of this rank: computing */

static double now(void)
{
    return 1e-9 * (double)machine_clock();
}

/* ---- messages ------------------------------------------------------------------------------- */

/* A block of the width of the model for all tokens of a micro-batch. */
static int activation_bytes(void)
{
    return whole((double)samples * (double)sequence * (double)width * (double)value_bytes);
}

static void reduce_activations(void)
{
    if (tensor > 1)
        mpi_check(MPI_Allreduce(MPI_IN_PLACE, memory->data, activation_bytes() / FLOAT_BYTES,
                                MPI_FLOAT, MPI_SUM, tensor_group));
}

/* To or from a neighbour; each of the tensor group's ranks its share. MPI_PROC_NULL: nothing. */
static void exchange(int to, int from)
{
    const int bytes = activation_bytes() / (int)tensor;
    if (to != MPI_PROC_NULL || from != MPI_PROC_NULL)
        mpi_check(MPI_Sendrecv(memory->data, bytes, MPI_BYTE, to, 0, memory->data, bytes, MPI_BYTE,
                               from, 0, pipeline_group, MPI_STATUS_IGNORE));
    if (from != MPI_PROC_NULL && tensor > 1)
        mpi_check(MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, memory->data, bytes, MPI_BYTE,
                                tensor_group));
}

/* ---- computations --------------------------------------------------------------------------- */

/* Of one layer and micro-batch, forward, on all of its tensor group's ranks. */
static double layer_flops(void)
{
    const double b = (double)samples, s = (double)sequence, h = (double)width;
    return 24 * b * s * h * h * (1 + s / (6 * h));
}

static double head_flops(void)
{
    return 2 * (double)samples * (double)sequence * (double)width * (double)vocabulary;
}

static void compute(double flops)
{
    flops_charge(flops / (double)tensor);
    flops_spend();
    busy += flops / (double)tensor / machine_speed();
}

/* Of this chunk: the first ones have one more where they do not divide. */
static int own_layers(void)
{
    return (int)(layers / places + (place < layers % places));
}

static double layer_gradient_bytes(void)
{
    return 12.0 * (double)width * (double)width / (double)tensor * (double)gradient_bytes;
}

static void forward(int micro_batch)
{
    log_compute(LOG_FORWARD, LOG_BEGIN, stage, micro_batch);
    for (int i = 0; i < own_layers(); i++)
        for (int half = 0; half < 2; half++) {
            compute(layer_flops() / 2);
            reduce_activations();
        }
    if (place == places - 1)
        compute(head_flops());
    log_compute(LOG_FORWARD, LOG_END, stage, micro_batch);
}

static void backward(int micro_batch)
{
    const bool is_last = micro_batch == micro_batches - 1;
    log_compute(LOG_BACKWARD, LOG_BEGIN, stage, micro_batch);
    if (place == places - 1)
        compute(2 * head_flops());
    for (int i = 0; i < own_layers(); i++) {
        for (int half = 0; half < (recompute == 1 ? 2 : 0); half++) {
            compute(layer_flops() / 2);
            reduce_activations();
        }
        if (recompute == 2)
            compute(4 * (double)samples * (double)sequence * (double)sequence * (double)width);
        for (int half = 0; half < 2; half++) {
            compute(layer_flops());
            reduce_activations();
        }
        if (is_last)
            add_gradients(layer_gradient_bytes());
    }
    if (is_last && (place == 0 || place == places - 1))
        add_gradients((double)vocabulary * (double)width / (double)tensor * (double)gradient_bytes);
    log_compute(LOG_BACKWARD, LOG_END, stage, micro_batch);
}

/* ---- the step ------------------------------------------------------------------------------- */

/* 1F1B. */
static void step(void)
{
    const int before = stage > 0 ? stage - 1 : MPI_PROC_NULL,
              after = stage < pipeline - 1 ? stage + 1 : MPI_PROC_NULL;
    const int all = (int)micro_batches, most = (int)pipeline - 1 - stage,
              warm_up = most < all ? most : all;
    for (int i = 0; i < warm_up; i++) {
        exchange(MPI_PROC_NULL, before);
        forward(i);
        exchange(after, MPI_PROC_NULL);
    }
    if (warm_up < all)
        exchange(MPI_PROC_NULL, before);
    for (int i = warm_up; i < all; i++) {
        forward(i);
        exchange(after, after);
        backward(i - warm_up);
        exchange(before, i < all - 1 ? before : MPI_PROC_NULL);
    }
    for (int i = all - warm_up; i < all; i++) {
        exchange(MPI_PROC_NULL, after);
        backward(i);
        exchange(before, MPI_PROC_NULL);
    }
    finish_gradients();
}

/* ---- the same, interleaved ------------------------------------------------------------------ */

/* What goes on to a chunk, forward, or comes back to it. */
static int tag_of(bool is_backward, int to, int micro_batch)
{
    return 2 + 2 * (to * (int)micro_batches + micro_batch) + is_backward;
}

static void receive(bool is_backward, int from, int micro_batch)
{
    const int bytes = activation_bytes() / (int)tensor;
    mpi_check(MPI_Recv(memory->data, bytes, MPI_BYTE, from % (int)pipeline,
                       tag_of(is_backward, place, micro_batch), pipeline_group, MPI_STATUS_IGNORE));
    if (tensor > 1)
        mpi_check(MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, memory->data, bytes, MPI_BYTE,
                                tensor_group));
}

static void run(struct turn turn, MPI_Request *sent)
{
    place = turn.chunk * (int)pipeline + stage;
    const int step = turn.backward ? -1 : 1, from = place - step, to = place + step;
    if (from >= 0 && from < places)
        receive(turn.backward, from, turn.micro_batch);
    if (turn.backward)
        backward(turn.micro_batch);
    else
        forward(turn.micro_batch);
    *sent = MPI_REQUEST_NULL;
    if (to >= 0 && to < places)
        mpi_check(MPI_Isend(memory->data, activation_bytes() / (int)tensor, MPI_BYTE,
                            to % (int)pipeline, tag_of(turn.backward, to, turn.micro_batch),
                            pipeline_group, sent));
}

static void step_in_chunks(void)
{
    const int all = (int)micro_batches, turns = 2 * all * (int)chunks;
    MPI_Request *sent = malloc((size_t)turns * sizeof *sent);
    if (sent == NULL)
        fatal("no memory for %d requests", turns);
    for (int k = 0; k < turns; k++)
        run(turn_at(k, stage, (int)pipeline, (int)chunks, all), &sent[k]);
    mpi_check(MPI_Waitall(turns, sent, MPI_STATUSES_IGNORE));
    free(sent);
    finish_gradients();
}

static void make_groups(void)
{
    const int t = (int)tensor, d = (int)data;
    stage = rank / (t * d);
    place = stage;
    places = (int)(pipeline * chunks);
    mpi_check(MPI_Comm_split(MPI_COMM_WORLD, rank / t, rank, &tensor_group));
    mpi_check(MPI_Comm_split(MPI_COMM_WORLD, stage * t + rank % t, rank, &data_group));
    mpi_check(MPI_Comm_split(MPI_COMM_WORLD, rank % (t * d), rank, &pipeline_group));
}

int main(int argc, char **argv)
{
    int ranks;
    mpi_check(MPI_Init(&argc, &argv));
    mpi_check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    mpi_check(MPI_Comm_size(MPI_COMM_WORLD, &ranks));
    for (int i = 1; i < argc; i++)
        set(argv[i]);
    if (data * pipeline * tensor != ranks)
        fatal("data × pipeline × tensor must be the %d ranks", ranks);
    if (chunks > 1 && (micro_batches % pipeline != 0 || pipeline < 2))
        fatal("with chunks micro-batches must be a multiple of the stages, two or more");
    if (log_folder != NULL)
        log_open(log_folder, rank, ranks, 1);
    memory = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_META,
                        shape_flat(TENSOR_META_MESSAGE_BYTES / FLOAT_BYTES));
    make_groups();
    mpi_check(MPI_Barrier(MPI_COMM_WORLD));
    const double begin = now();
    if (chunks > 1)
        step_in_chunks();
    else
        step();
    const double own = now() - begin;
    const double times[] = {own, busy};
    double most[2];
    mpi_check(MPI_Reduce(times, most, 2, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD));
    double all = 0;
    mpi_check(MPI_Reduce(&busy, &all, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD));
    if (rank == 0)
        printf("step %.9f computing %.9f mean %.9f\n", most[0], most[1], all / ranks);
    mpi_check(MPI_Finalize());
    log_close();
    return 0;
}
