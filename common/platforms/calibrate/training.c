/*
 * Training steps of all models, as whole and as half a model (one of two stages), with
 * micro-batches of many sizes.
 */
#include "common/base/fatal.h"
#include "common/base/machine.h"
#include "common/base/mpi_check.h"
#include "common/platforms/calibrate/calibrate.h"
#include "common/training/batch.h"
#include "common/training/optimizer.h"
#include "common/training/stage.h"

#include <stdio.h>

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
    {"resnet", "synthetic:channels=3,height=32,width=32", OPTIMIZER_SGD},
};
enum { TRAINED = sizeof trained / sizeof *trained };

static const int sizes[] = {1, 2, 4, 8, 16, 32, 64};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* With micro-batches of more samples than this, what half a model leaves in the caches makes no
 * difference, and one step has enough of everything. */
enum { LARGE = 16 };

enum { MICRO_BATCHES = 4 };

/* What is trained of the model, and how many forwards are made before the first backward: what they
 * have saved is no longer in the nearest cache. BEHIND_ANOTHER: all layers, and the gradient of the
 * input is wanted as well. */
enum part { WHOLE, WHOLE_ALL_FORWARDS_FIRST, FIRST_HALF, SECOND_HALF, BEHIND_ANOTHER, PARTS };
static const int in_flight[] = {1, MICRO_BATCHES, 2, 1, 1};

struct training {
    struct model *model;
    struct stage *stage;
    struct batch *batch;
    struct optimizer *optimizer;
    bool first, last; /* is the stage? */
    int in_flight;
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
    training.in_flight = in_flight[part];
    training.first = first == 0;
    training.last = next == layers;
    training.stage =
        stage_new(training.model, &(struct stage_options){
                                      .index = part == SECOND_HALF || part == BEHIND_ANOTHER,
                                      .stages = part <= WHOLE_ALL_FORWARDS_FIRST ? 1 : 2,
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

static void forward(struct training *training, int i)
{
    struct stage *stage = training->stage;
    struct tensor *x =
        training->first ? batch_inputs(training->batch, i) : received(stage_input_new(stage));
    struct tensor *y = stage_forward(stage, i, x);
    if (training->last)
        batch_loss(training->batch, i, y);
    else
        tensor_free(y);
}

static void backward(struct training *training, int i)
{
    struct stage *stage = training->stage;
    struct tensor *dy = training->last
                            ? batch_loss_backward(training->batch, i, 1.0f / MICRO_BATCHES)
                            : received(stage_output_new(stage));
    tensor_free(stage_backward(stage, i, dy));
}

static void take_step(void *user)
{
    struct training *training = user;
    batch_load(training->batch, training->step++);
    stage_zero_gradients(training->stage);
    const int ahead = training->in_flight - 1;
    for (int i = 0; i < MICRO_BATCHES + ahead; i++) {
        if (i < MICRO_BATCHES)
            forward(training, i);
        if (i >= ahead)
            backward(training, i - ahead);
    }
    optimizer_step(training->optimizer);
}

/* How far it is, on standard error, where somebody waits for a minute or more. */
static void tell(int done, int all, uint64_t began)
{
    int rank;
    mpi_check(PMPI_Comm_rank(MPI_COMM_WORLD, &rank));
    if (rank != 0)
        return;
    const double each = done > 0 ? 1e-9 * (double)(machine_clock() - began) / done : 0;
    fprintf(stderr, "measuring: %d of %d models", done, all);
    if (done > 0)
        fprintf(stderr, ", about %.0f s left", each * (all - done));
    fputc('\n', stderr);
}

struct calibrate_speed calibrate_train(double seconds)
{
    enum { ROUNDS = 2 };
    /* Half of the time is spent alone, half together; and some of it on making models. */
    const double share = seconds / 3 / (ROUNDS * TRAINED * SIZES * PARTS);
    struct calibrate_speed speed = {0};
    const uint64_t began = machine_clock();
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < TRAINED; i++) {
            tell(round * TRAINED + i, ROUNDS * TRAINED, began);
            for (int j = 0; j < SIZES; j++)
                for (enum part part = 0; part < PARTS; part++) {
                    if (sizes[j] > LARGE && (part > WHOLE_ALL_FORWARDS_FIRST || round > 0))
                        continue;
                    memory_reset_peak();
                    struct training training = training_new(&trained[i], part, sizes[j]);
                    calibrate_measure(share, take_step, &training, &speed);
                    training_free(&training);
                }
        }
    return speed;
}
