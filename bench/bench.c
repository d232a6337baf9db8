/*
 * How long does one training step take? Here and in PyTorch.
 *
 * training.h says what a step is. The table shows the median of all steps, the share of the kit's step that is spent in matrix products, and the floating-point operations
 * that the kit charges for a step by the time it takes.
 *
 *     bench [OPTION …]      cells.h has them
 */
#include "bench/cells.h"
#include "bench/training.h"
#include "common/base/flops.h"
#include "common/base/processor.h"

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

/* ---- the table ---- */

static void measure(const struct network *network, int batch, int threads, int rounds,
                    struct pytorch *pytorch)
{
    cells_use_threads(threads);
    struct training training = training_new(network, batch, DEVICE_CPU);
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
    static const struct network networks[] = {
        {"mlp", "mlp:depth=3", {3, {1, 28, 28}}, 10, DTYPE_FLOAT32},
        {"cnn", "cnn", {3, {3, 32, 32}}, 10, DTYPE_FLOAT32},
        {"vit", "vit", {3, {1, 28, 28}}, 10, DTYPE_FLOAT32},
        {"resnet", "resnet", {3, {3, 32, 32}}, 10, DTYPE_FLOAT32},
        {"gpt", "gpt", {1, {64}}, 65, DTYPE_FLOAT32}};
    const char *names[sizeof networks / sizeof *networks + 1] = {NULL};
    for (size_t n = 0; n < sizeof networks / sizeof *networks; n++)
        names[n] = networks[n].name;
    const struct cells defaults = {
        .batches = {3, {8, 64, 256}}, .threads = {2, {1, 2}}, .rounds = 7};
    const struct cells cells = cells_read(count, argument, defaults, names);
    struct pytorch pytorch = pytorch_start("bench/bench_pytorch.py", NULL);
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
