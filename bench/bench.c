/*
 * How long does one training step take? Here and in PyTorch.
 *
 * A step is what a training loop does with a batch that is already in memory: zero the gradients,
 * forward, cross-entropy, backward, one step of SGD with momentum. The table shows the median of all
 * steps, the share of the kit's step that is spent in matrix products, and the floating-point operations
 * that the kit charges for a step by the time it takes.
 *
 *     bench [OPTION …]      cells.h has them
 */
#include "bench/cells.h"
#include "common/base/flops.h"
#include "common/base/processor.h"
#include "common/base/random.h"
#include "common/training/loss.h"
#include "common/training/optimizer.h"
#include "common/training/stage.h"

#include <stdlib.h>

/* ---- time in matrix products (the linker puts this function before the library's), and FLOPs ---- */

void __wrap_cpu_matrix_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                               const float *a, const float *b, float beta, float *c);
void __real_cpu_matrix_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                               const float *a, const float *b, float beta, float *c);

static double product_seconds, flops;
static bool products_count;

void __wrap_cpu_matrix_product(bool transpose_a, bool transpose_b, int rows, int columns, int depth,
                               const float *a, const float *b, float beta, float *c)
{
    double begin = seconds_now();
    __real_cpu_matrix_product(transpose_a, transpose_b, rows, columns, depth, a, b, beta, c);
    if (products_count)
        product_seconds += seconds_now() - begin;
}

static void turn_begins(void)
{
    products_count = true;
    flops -= (double)flops_charged();
}

static void turn_ends(void)
{
    products_count = false;
    flops += (double)flops_charged();
}

/* ---- a training step ---- */

struct network {
    const char *name; /* as PyTorch's side calls it, too */
    const char *model;
    struct shape sample;
    int classes;
};

struct training {
    struct model *model;
    struct stage *stage;
    struct optimizer *optimizer;
    struct tensor *inputs, *labels;
};

static void fill_integers(struct tensor *tensor, int below, uint32_t stream)
{
    for (int i = 0; i < tensor->count; i++)
        tensor_integers(tensor)[i] = (int32_t)random_below(1, random_stream(RANDOM_TEST, stream, 0),
                                                           (uint64_t)i, (uint64_t)below);
}

static void make_batch(struct training *training, int batch, int classes)
{
    const struct data_shape data = model_data(training->model);
    training->inputs = stage_input_new(training->stage);
    if (data.dtype == DTYPE_INT32)
        fill_integers(training->inputs, classes, 0);
    else
        random_normal(tensor_floats(training->inputs), (size_t)training->inputs->count, 1,
                      random_stream(RANDOM_TEST, 0, 0), 0, 0, 1);
    training->labels = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU,
                                  data.labels > 1 ? SHAPE(batch, data.labels) : SHAPE(batch));
    fill_integers(training->labels, classes, 1);
}

static struct training training_new(const struct network *network, int batch)
{
    char error[MODEL_ERROR_SIZE];
    struct training training = {
        .model = model_new(network->model, network->sample, network->classes, error)};
    if (training.model == NULL) {
        fprintf(stderr, "%s\n", error);
        exit(EXIT_FAILURE);
    }
    struct stage_options options = {.stages = 1,
                                    .layers = training.model->layers,
                                    .micro_batch_size = batch,
                                    .micro_batches = 1,
                                    .seed = 1,
                                    .device = DEVICE_CPU};
    training.stage = stage_new(training.model, &options);
    struct optimizer_options sgd = optimizer_defaults(OPTIMIZER_SGD);
    sgd.learning_rate = 0.01;
    training.optimizer = optimizer_new(&sgd, training.stage);
    make_batch(&training, batch, network->classes);
    return training;
}

static void training_free(struct training *training)
{
    tensor_free(training->inputs);
    tensor_free(training->labels);
    optimizer_free(training->optimizer);
    stage_free(training->stage);
    model_free(training->model);
}

static void training_step(void *what)
{
    struct training *training = what;
    int correct;
    stage_zero_gradients(training->stage);
    struct tensor *y = stage_forward(training->stage, 0, tensor_retain(training->inputs));
    loss_forward(LOSS_CROSS_ENTROPY, y, training->labels, &correct);
    struct tensor *dy = loss_backward(LOSS_CROSS_ENTROPY, y, training->labels, 1.0f);
    tensor_free(y);
    tensor_free(stage_backward(training->stage, 0, dy));
    optimizer_step(training->optimizer);
}

/* ---- the table ---- */

static void measure(const struct network *network, int batch, int threads, int rounds,
                    struct pytorch *pytorch)
{
    cells_use_threads(threads);
    struct training training = training_new(network, batch);
    const struct work work = {network->name, batch, threads, training_step, &training};
    product_seconds = flops = 0;
    struct medians medians = cells_take_turns(&work, rounds, pytorch, turn_begins, turn_ends);
    printf("| %s | %d | %d | ", network->name, batch, threads);
    cells_print(&medians);
    printf(" | %.0f%% | %.0f |\n", 100 * product_seconds / medians.own_seconds,
           1e-6 * flops / medians.own_steps / medians.own);
    fflush(stdout);
    training_free(&training);
}

int main(int count, char **argument)
{
    processor_must_fit();
    static const struct network networks[] = {{"mlp", "mlp:depth=3", {3, {1, 28, 28}}, 10},
                                              {"cnn", "cnn", {3, {3, 32, 32}}, 10},
                                              {"vit", "vit", {3, {1, 28, 28}}, 10},
                                              {"resnet", "resnet", {3, {3, 32, 32}}, 10},
                                              {"gpt", "gpt", {1, {64}}, 65}};
    const char *names[sizeof networks / sizeof *networks + 1] = {NULL};
    for (size_t n = 0; n < sizeof networks / sizeof *networks; n++)
        names[n] = networks[n].name;
    const struct cells cells =
        cells_read(count, argument, (struct cells){NULL, {3, {8, 64, 256}}, {2, {1, 2}}, 7}, names);
    struct pytorch pytorch = pytorch_start();
    cells_print_heading("One training step", &pytorch);
    printf(
        "| model | batch | threads | ms | PyTorch ms | times faster | matrix products | GFLOP/s |\n"
        "|---|---|---|---|---|---|---|---|\n");
    for (int t = 0; t < cells.threads.count; t++)
        for (size_t n = 0; n < sizeof networks / sizeof *networks; n++)
            for (int b = 0; cells_have(&cells, names[n]) && b < cells.batches.count; b++)
                measure(&networks[n], cells.batches.number[b], cells.threads.number[t],
                        cells.rounds, &pytorch);
    pytorch_end(&pytorch);
    return EXIT_SUCCESS;
}
