/*
 * --probe batch-norm: the student's synchronised batch norm alone, in the trials of norm_cases.h.
 */
#include "assignments/data/norm_cases.h"
#include "assignments/data/program/parts.h"
#include "common/base/fatal.h"
#include "common/files/tensor_file.h"
#include "common/layers/custom.h"
#include "common/log/log_fields.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A trial on this rank. */
struct trial {
    struct norm_case one;
    struct layer layer;
    float parameters[2 * NORM_MOST_CHANNELS], gradients[2 * NORM_MOST_CHANNELS],
        buffers[2 * NORM_MOST_CHANNELS];
    struct tensor_file *file;
};

/* Puts a copy of a tensor into the file; frees the tensor. */
__attribute__((format(printf, 3, 4))) static void store(struct trial *trial, struct tensor *tensor,
                                                        const char *format, ...)
{
    char name[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    struct tensor *copy = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, tensor->shape);
    tensor_copy(copy, tensor);
    tensor_file_add(trial->file, name, copy);
    tensor_free(copy);
    tensor_free(tensor);
}

static void store_numbers(struct trial *trial, float *numbers, const char *what)
{
    struct tensor *all =
        tensor_borrow(MEMORY_WORKSPACE, DEVICE_CPU, SHAPE(2 * trial->one.channels), numbers);
    store(trial, all, "%d.%s", trial->one.trial, what);
}

static struct layer_memory memory_of(struct trial *trial, const struct pass *pass)
{
    return (struct layer_memory){.parameters = trial->parameters,
                                 .gradients = trial->gradients,
                                 .buffers = trial->buffers,
                                 .pass = pass};
}

static void train(struct trial *trial)
{
    const struct norm_case *one = &trial->one;
    const struct pass pass = {.seed = one->seed};
    struct saved *saved[NORM_MICRO_BATCHES];
    for (int i = 0; i < NORM_MICRO_BATCHES; i++) {
        saved[i] = saved_new(&trial->layer);
        store(trial,
              layer_forward(&trial->layer, memory_of(trial, &pass), saved[i],
                            norm_x(one, one->group.rank, i)),
              "%d.y.%d", one->trial, i);
    }
    for (int i = 0; i < NORM_MICRO_BATCHES; i++) {
        store(trial,
              layer_backward_input(&trial->layer, memory_of(trial, &pass), saved[i],
                                   norm_dy(one, one->group.rank, i), true),
              "%d.dx.%d", one->trial, i);
        layer_backward_weight(&trial->layer, memory_of(trial, &pass), saved[i]);
        saved_free(saved[i]);
    }
    store_numbers(trial, trial->gradients, "gradients");
    store_numbers(trial, trial->buffers, "buffers");
}

static struct tensor *forward_of_first(struct trial *trial, struct pass pass)
{
    const struct norm_case *one = &trial->one;
    struct saved *saved = saved_new(&trial->layer);
    struct tensor *y = layer_forward(&trial->layer, memory_of(trial, &pass), saved,
                                     norm_x(one, one->group.rank, 0));
    saved_free(saved);
    return y;
}

static void phase(struct trial *trial, int phase)
{
    const struct norm_case *one = &trial->one;
    const int step = NORM_PHASES * one->trial + phase;
    log_append(log_record_of_step(LOG_STEP_BEGIN, step));
    if (phase == NORM_TRAINS) {
        train(trial);
    } else if (phase == NORM_AGAIN) {
        store(trial, forward_of_first(trial, (struct pass){.seed = one->seed, .again = true}),
              "%d.again.y", one->trial);
        store_numbers(trial, trial->buffers, "again.buffers");
    } else if (one->group.rank == 0) {
        store(trial, forward_of_first(trial, (struct pass){.seed = one->seed, .evaluating = true}),
              "%d.evaluated", one->trial);
    }
    log_append(log_record_of_step_end(step, 0));
}

/* In place of the kit's, as it would stand in a model. */
static struct layer layer_of(const struct norm_case *one, MPI_Comm comm)
{
    struct layer kit = layer_batch_norm(one->sample);
    const struct layer_place place = {.kit = &kit, .whole = &kit};
    struct layer own = custom_put_in_place(synchronised_batch_norm(&kit, comm), &place);
    if (own.buffers != kit.buffers)
        fatal_at("synchronised_batch_norm",
                 "the layer has %d buffers, and the kit's has %d: the running averages",
                 own.buffers, kit.buffers);
    return own;
}

static void try(const struct run *run, int number, MPI_Comm comm, struct tensor_file *file)
{
    struct trial trial = {.one = norm_case_of(run->options->seed, run->ranks, run->rank, number),
                          .file = file};
    norm_parameters(&trial.one, trial.parameters);
    norm_buffers(&trial.one, trial.buffers);
    trial.layer = layer_of(&trial.one, comm);
    for (int i = 0; i < NORM_PHASES; i++)
        phase(&trial, i);
    layer_destroy(&trial.layer);
}

void data_probe_batch_norm(struct run *run)
{
    char path[PATH_MAX + 64], error[TENSOR_FILE_ERROR_SIZE];
    struct tensor_file *file = tensor_file_new();
    const struct sum_group group = sum_group_of(run->ranks, run->rank, 1);
    MPI_Comm half;
    mpi_check(MPI_Comm_split(run->comm, run->rank % 2, group.rank, &half));
    for (int trial = 0; trial < NORM_TRIALS; trial++)
        try(run, trial, trial < NORM_SHAPES ? run->comm : half, file);
    mpi_check(MPI_Comm_free(&half));
    snprintf(path, sizeof path, "%s/probe-batch-norm-%d.safetensors", run->options->evidence,
             run->rank);
    if (!tensor_file_write(file, path, error))
        fatal("%s", error);
    tensor_file_free(file);
}
