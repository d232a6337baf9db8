/*
 * How long does one training step take on a GPU? Here and in PyTorch, eager and compiled.
 *
 * training.h says what a step is. Steps are taken in rows of about a tenth of a second, between two waits for
 * the GPU, and the table shows the median row, by steps; 10 steps that nobody counts come first. The kit reads
 * the loss in each step; PyTorch leaves its own on the GPU, which is what is fastest there.
 *
 * On the emulated GPU the same is done with few steps, so that all of it has run: its times mean nothing.
 *
 *     bench_gpu [OPTION …]      cells.h has them
 */
#include "bench/gpu_table.h"
#include "bench/training.h"
#include "common/base/device.h"
#include "common/base/processor.h"

#include <stdlib.h>
#include <string.h>

#define ROW_SECONDS 0.1
#define LEAST_STEPS 3 /* in a row */
#define MOST_STEPS  200
#define WARM_UP     10

#define GPT(name, options, precision)                                                              \
    {                                                                                              \
        name, "gpt:" options, {1, {64}}, 65, precision                                             \
    }
static const struct network networks[] = {
    {"mlp", "mlp:depth=3", {3, {1, 28, 28}}, 10, DTYPE_FLOAT32},
    {"cnn", "cnn", {3, {3, 32, 32}}, 10, DTYPE_FLOAT32},
    {"vit", "vit", {3, {1, 28, 28}}, 10, DTYPE_FLOAT32},
    {"resnet", "resnet", {3, {3, 32, 32}}, 10, DTYPE_FLOAT32},
    {"gpt", "gpt", {1, {64}}, 65, DTYPE_FLOAT32},
    GPT("gpt-10m", "depth=6,width=384,heads=6", DTYPE_FLOAT32),
    GPT("gpt-100m", "depth=14,width=768,heads=12", DTYPE_FLOAT32),
    GPT("gpt-100m-bfloat16", "depth=14,width=768,heads=12", DTYPE_BFLOAT16)};
enum { NETWORKS = sizeof networks / sizeof *networks };

static bool emulated;
static bool few; /* steps: it is not the times that are wanted */

/* Milliseconds of one step, of so many in a row. */
static double row(struct training *training, int steps)
{
    device_wait();
    const double begin = seconds_now();
    for (int i = 0; i < steps; i++)
        training_step(training);
    device_wait();
    return 1e3 * (seconds_now() - begin) / steps;
}

static int steps_of(double milliseconds)
{
    const double steps = 1e3 * ROW_SECONDS / milliseconds;
    return few                   ? 1
           : steps < LEAST_STEPS ? LEAST_STEPS
           : steps > MOST_STEPS  ? MOST_STEPS
                                 : (int)steps;
}

static struct times own_times, pytorch_times; /* too large for the stack */

/* The kit and PyTorch, eager, take turns. */
static void measure(struct gpu_cell *cell, const struct network *network, const struct cells *cells,
                    struct pytorch *pytorch)
{
    struct training training = training_new(network, cell->batch, DEVICE_CUDA);
    bool answers = pytorch->ask != NULL;
    cell->parameters = (double)stage_parameters(training.stage)->elements;
    if (cells->once) {
        cell->own = row(&training, 1);
        training_free(&training);
        return;
    }
    row(&training, few ? 1 : WARM_UP);
    if (answers)
        answers = pytorch_row(pytorch, cell->name, cell->batch, few ? 1 : WARM_UP) > 0;
    const int steps = steps_of(row(&training, few ? 1 : 2));
    own_times.count = pytorch_times.count = 0;
    for (int round = 0; round < cells->rounds; round++) {
        times_add(&own_times, row(&training, steps));
        if (answers)
            times_add(&pytorch_times, pytorch_row(pytorch, cell->name, cell->batch, steps));
    }
    cell->own = times_median(&own_times);
    cell->eager = times_median(&pytorch_times);
    training_free(&training);
    memory_return_to_system(); /* PyTorch needs it, too */
}

/* Compiled, by itself: it takes long to begin. */
static void measure_compiled(struct gpu_cell *cell, int rounds, struct pytorch *pytorch)
{
    char name[64];
    snprintf(name, sizeof name, "%s+compiled", cell->name);
    if (pytorch_row(pytorch, name, cell->batch, few ? 1 : WARM_UP) == 0)
        return;
    const int steps = steps_of(pytorch_row(pytorch, name, cell->batch, few ? 1 : 2));
    pytorch_times.count = 0;
    for (int round = 0; round < rounds; round++)
        times_add(&pytorch_times, pytorch_row(pytorch, name, cell->batch, steps));
    cell->compiled = times_median(&pytorch_times);
}

static void measure_all(struct gpu_table *table, const struct cells *cells, struct pytorch *pytorch)
{
    for (int n = 0; n < NETWORKS; n++)
        for (int b = 0; cells_have(cells, networks[n].name) && b < cells->batches.count; b++) {
            struct gpu_cell *cell =
                gpu_table_add(table, networks[n].name, cells->batches.number[b]);
            fprintf(stderr, "%s, batch %d …\n", cell->name, cell->batch);
            measure(cell, &networks[n], cells, pytorch);
        }
    const double end = seconds_now() + cells->compile_seconds;
    for (int i = 0; i < table->cells && pytorch->ask != NULL && seconds_now() < end; i++) {
        fprintf(stderr, "%s, batch %d, compiled by PyTorch …\n", table->cell[i].name,
                table->cell[i].batch);
        measure_compiled(&table->cell[i], cells->rounds, pytorch);
    }
}

int main(int count, char **argument)
{
    processor_must_fit();
    const char *names[NETWORKS + 1] = {NULL};
    for (int n = 0; n < NETWORKS; n++)
        names[n] = networks[n].name;
    struct cells cells = cells_read(
        count, argument, (struct cells){.device = "cuda", .compile_seconds = 600}, names);
    emulated = strcmp(cells.device, "emulated") == 0;
    few = emulated || cells.once;
    if (cells.batches.count == 0)
        cells.batches = few ? (struct numbers){1, {2}} : (struct numbers){3, {8, 64, 256}};
    if (cells.rounds == 0)
        cells.rounds = few ? 1 : 7;
    if (cells.only == NULL && emulated)
        cells.only = "mlp,cnn,vit,resnet,gpt";
    /* Before the GPU is opened: a process that has it open can't be doubled. */
    struct pytorch pytorch = {0};
    if (!cells.once)
        pytorch = pytorch_start("bench/bench_pytorch_gpu.py", emulated ? "cpu" : "cuda");
    device_open(cells.device, 0);
    struct gpu_table table = {
        .device = device_name(), .emulated = emulated, .pytorch = pytorch.version};
    measure_all(&table, &cells, &pytorch);
    pytorch_end(&pytorch);
    for (int i = 0; i < table.cells && !emulated && !cells.once; i++)
        if (strcmp(table.cell[i].name, "gpt-100m-bfloat16") == 0)
            table.cell[i].products =
                gpu_products_of_gpt(argument[0], 14, 768, 65, 64 * table.cell[i].batch);
    gpu_table_print(&table);
    if (cells.json != NULL)
        gpu_table_write(&table, cells.json);
    return EXIT_SUCCESS;
}
