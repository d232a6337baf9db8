/*
 * Training steps of all models, as whole and as half a model (one of two stages), with
 * micro-batches of many sizes.
 */
#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/base/mpi_check.h"
#include "common/platforms/calibrate/calibrate.h"
#include "common/training/batch.h"
#include "common/training/optimizer.h"
#include "common/training/stage.h"

#include <mpi.h>
#include <stdio.h>
#include <time.h>

/* Every kind of work must be in one of them. */
static const struct trained {
    const char *model, *data;
    enum optimizer_kind optimizer;
} trained[] = {
    {"mlp", "fashion-mnist", OPTIMIZER_SGD},
    {"mlp:depth=3,width=256", "synthetic", OPTIMIZER_SGD},
    {"cnn", "synthetic:channels=3,height=32,width=32", OPTIMIZER_SGD},
    {"cnn", "synthetic", OPTIMIZER_SGD},
    {"vit", "fashion-mnist", OPTIMIZER_SGD},
    {"vit:width=128", "synthetic", OPTIMIZER_ADAMW},
    {"transformer", "fashion-mnist", OPTIMIZER_ADAMW},
    {"gpt:dropout=0.1", "text", OPTIMIZER_ADAMW},
};
enum { TRAINED = sizeof trained / sizeof *trained };

static const int sizes[] = {1, 2, 4, 8, 16, 32, 64, 128};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* As many forwards are made before the first backward. */
enum { MICRO_BATCHES = 4 };

/* WHOLE_BEHIND_ANOTHER: all layers, and the gradient of the input is wanted as well. */
enum part { WHOLE, FIRST_HALF, SECOND_HALF, WHOLE_BEHIND_ANOTHER, PARTS };

struct training {
    struct model *model;
    struct stage *stage;
    struct batch *batch;
    struct optimizer *optimizer;
    bool first, last; /* is the stage? */
    int step;
};

/* ---- one configuration -------------------------------------------------------------------------- */

static struct training training_new(const struct trained *what, enum part part, int size)
{
    char error[MODEL_ERROR_SIZE > DATASET_ERROR_SIZE ? MODEL_ERROR_SIZE : DATASET_ERROR_SIZE];
    struct data_shape data;
    if (!dataset_describe(what->data, &data, error))
        fatal("%s", error);
    struct training training = {.model = model_new(what->model, data.input, data.classes, error)};
    if (training.model == NULL)
        fatal("%s", error);
    const int layers = training.model->layers, half = layers / 2;
    const int first = part == SECOND_HALF ? half : 0, next = part == FIRST_HALF ? half : layers;
    training.first = first == 0;
    training.last = next == layers;
    training.stage = stage_new(training.model, &(struct stage_options){
                                                   .index = part >= SECOND_HALF,
                                                   .stages = part == WHOLE ? 1 : 2,
                                                   .first_layer = first,
                                                   .layers = next - first,
                                                   .micro_batch_size = size,
                                                   .micro_batches = MICRO_BATCHES,
                                                   .sums_tied_gradients = true,
                                                   .seed = 1,
                                                   .device = DEVICE_CPU,
                                               });
    struct optimizer_options options = optimizer_defaults(what->optimizer);
    options.learning_rate = 1e-4; /* numbers stay ordinary, whatever comes into the stage */
    training.optimizer = optimizer_new(&options, training.stage);
    training.batch = batch_new(&(struct batch_options){.dataset = what->data,
                                                       .batch_size = size * MICRO_BATCHES,
                                                       .micro_batches = MICRO_BATCHES,
                                                       .loss = LOSS_CROSS_ENTROPY,
                                                       .seed = 1,
                                                       .data = model_data(training.model),
                                                       .device = DEVICE_CPU});
    batch_open_inputs(training.batch);
    batch_open_labels(training.batch);
    return training;
}

static void training_free(struct training *training)
{
    optimizer_free(training->optimizer);
    stage_free(training->stage);
    batch_free(training->batch);
    model_free(training->model);
}

/* What another stage would have sent. */
static struct tensor *received(struct tensor *tensor)
{
    for (int i = 0; i < tensor->count; i++)
        tensor_floats(tensor)[i] = 0.01f * (float)(i % 17 - 8);
    return tensor;
}

static void take_step(struct training *training)
{
    struct stage *stage = training->stage;
    batch_load(training->batch, training->step++);
    stage_zero_gradients(stage);
    for (int i = 0; i < MICRO_BATCHES; i++) {
        struct tensor *y = stage_forward(stage, i,
                                         training->first ? batch_inputs(training->batch, i)
                                                         : received(stage_input_new(stage)));
        if (training->last)
            batch_loss(training->batch, i, y);
        else
            tensor_free(y);
    }
    for (int i = 0; i < MICRO_BATCHES; i++)
        tensor_free(stage_backward(stage, i,
                                   training->last ? batch_loss_backward(training->batch, i, 0.25f)
                                                  : received(stage_output_new(stage))));
    optimizer_step(training->optimizer);
}

/* ---- alone and together ------------------------------------------------------------------------- */

/* The others sleep until rank 0 has said something: a barrier would keep their cores busy. */
static void sleep_until_told(int rank, int ranks)
{
    int told = 0;
    if (rank == 0) {
        for (int other = 1; other < ranks; other++)
            mpi_check(PMPI_Send(&told, 1, MPI_INT, other, 0, MPI_COMM_WORLD));
        return;
    }
    while (!told) {
        mpi_check(PMPI_Iprobe(0, 0, MPI_COMM_WORLD, &told, MPI_STATUS_IGNORE));
        if (!told)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    mpi_check(PMPI_Recv(&told, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
}

static double now(void)
{
    return 1e-9 * (double)machine_clock();
}

/* The same number of steps alone and, in all processes, together. */
static void measure(struct training *training, int rank, int ranks, double seconds,
                    struct calibrate_training *sum)
{
    int steps = 0;
    take_step(training); /* memory and caches warm up */
    if (rank == 0) {
        const double began = now();
        const uint64_t flops = flops_charged();
        work_measure(WORK_ALONE);
        do {
            take_step(training);
            steps++;
        } while (now() - began < seconds || steps < 2);
        work_measure(WORK_NOT_MEASURED);
        sum->seconds += now() - began;
        sum->flops += (double)(flops_charged() - flops);
    }
    sleep_until_told(rank, ranks);
    mpi_check(PMPI_Bcast(&steps, 1, MPI_INT, 0, MPI_COMM_WORLD));
    work_measure(WORK_TOGETHER);
    for (int i = 0; i < steps; i++)
        take_step(training);
    work_measure(WORK_NOT_MEASURED);
    mpi_check(PMPI_Barrier(MPI_COMM_WORLD));
}

struct calibrate_training calibrate_train(int rank, double seconds)
{
    enum { ROUNDS = 2 };
    struct calibrate_training sum = {0};
    int ranks;
    mpi_check(PMPI_Comm_size(MPI_COMM_WORLD, &ranks));
    const double share = seconds / (2 * ROUNDS * TRAINED * SIZES * PARTS);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < TRAINED; i++)
            for (int j = 0; j < SIZES; j++)
                for (enum part part = 0; part < PARTS; part++) {
                    struct training training = training_new(&trained[i], part, sizes[j]);
                    measure(&training, rank, ranks, share, &sum);
                    training_free(&training);
                }
    return sum;
}
