/*
 * How long does one training step take? Here and in PyTorch.
 *
 * A step is what a training loop does with a batch that is already in memory:
 * zero the gradients, forward, cross-entropy, backward, one step of SGD with
 * momentum. PyTorch runs the same networks in a process of its own
 * (bench_pytorch.py, started with the interpreter that the environment variable
 * PYTHON names); the two take turns in short rounds, so that whatever else the
 * machine does meets both. The table shows medians over all steps. Where
 * PyTorch can't be imported, its columns say so.
 *
 *     bench [ROUNDS]      run in the repository's top folder
 */
#include "common/base/random.h"
#include "common/training/loss.h"
#include "common/training/optimizer.h"
#include "common/training/stage.h"

#include <cblas.h>
#include <dlfcn.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_STEPS     20000
#define TURN_SECONDS   0.1 /* of one side in one round */
#define LEAST_STEPS    3   /* in one turn */
#define DEFAULT_ROUNDS 7

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static double seconds_now(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        give_up("clock_gettime");
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- the time in matrix products: this cblas_sgemm stands before the library's ---- */

static __typeof__(&cblas_sgemm) library_sgemm; /* set by main */
static double product_seconds; /* of the first thread, which takes part in all of them */

void cblas_sgemm(CBLAS_ORDER order, CBLAS_TRANSPOSE transpose_a, CBLAS_TRANSPOSE transpose_b,
                 blasint rows, blasint columns, blasint depth, float alpha, const float *a,
                 blasint a_row, const float *b, blasint b_row, float beta, float *c, blasint c_row)
{
    double begin = seconds_now();
    library_sgemm(order, transpose_a, transpose_b, rows, columns, depth, alpha, a, a_row, b, b_row,
                  beta, c, c_row);
    if (omp_get_thread_num() == 0)
        product_seconds += seconds_now() - begin;
}

/* ---- medians ---- */

struct times {
    int count;
    double step[MOST_STEPS]; /* milliseconds */
};

static void add_time(struct times *times, double milliseconds)
{
    if (times->count < MOST_STEPS)
        times->step[times->count++] = milliseconds;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(struct times *times)
{
    qsort(times->step, (size_t)times->count, sizeof *times->step, compare_doubles);
    return times->count == 0 ? 0 : times->step[times->count / 2];
}

/* ---- this kit's side ---- */

struct training {
    struct model *model;
    struct stage *stage;
    struct optimizer *optimizer;
    struct tensor *images, *labels;
};

static struct training training_new(const char *name, struct shape sample, int batch)
{
    char error[MODEL_ERROR_SIZE];
    struct training training = {.model = model_new(name, sample, 10, error)};
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
    training.images = stage_input_new(training.stage);
    random_normal(tensor_floats(training.images), (size_t)training.images->count, 1,
                  random_stream(RANDOM_TEST, 0, 0), 0, 0, 1);
    training.labels = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(batch));
    for (int i = 0; i < batch; i++)
        tensor_integers(training.labels)[i] =
            (int32_t)random_below(1, random_stream(RANDOM_TEST, 1, 0), (uint64_t)i, 10);
    return training;
}

static void training_free(struct training *training)
{
    tensor_free(training->images);
    tensor_free(training->labels);
    optimizer_free(training->optimizer);
    stage_free(training->stage);
    model_free(training->model);
}

static void training_step(struct training *training)
{
    int correct;
    stage_zero_gradients(training->stage);
    struct tensor *y = stage_forward(training->stage, 0, tensor_retain(training->images));
    loss_forward(LOSS_CROSS_ENTROPY, y, training->labels, &correct);
    struct tensor *dy = loss_backward(LOSS_CROSS_ENTROPY, y, training->labels, 1.0f);
    tensor_free(y);
    tensor_free(stage_backward(training->stage, 0, dy));
    optimizer_step(training->optimizer);
}

/* ---- PyTorch's side ---- */

struct pytorch {
    FILE *ask, *answer; /* NULL: PyTorch is not there */
    pid_t process;
    char version[64];
};

static struct pytorch pytorch_start(void)
{
    struct pytorch pytorch = {0};
    const char *python = getenv("PYTHON");
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0)
        give_up("pipe");
    pytorch.process = fork();
    if (pytorch.process < 0)
        give_up("fork");
    if (pytorch.process == 0) {
        if (dup2(to[0], STDIN_FILENO) < 0 || dup2(from[1], STDOUT_FILENO) < 0 ||
            freopen("/dev/null", "w", stderr) == NULL)
            _exit(127);
        close(to[1]);
        close(from[0]);
        python = python == NULL ? "python3" : python;
        execlp(python, python, "bench/bench_pytorch.py", (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    pytorch.ask = fdopen(to[1], "w");
    pytorch.answer = fdopen(from[0], "r");
    if (pytorch.ask == NULL || pytorch.answer == NULL)
        give_up("fdopen");
    if (fgets(pytorch.version, sizeof pytorch.version, pytorch.answer) == NULL) {
        fclose(pytorch.ask);
        fclose(pytorch.answer);
        waitpid(pytorch.process, NULL, 0);
        return (struct pytorch){0};
    }
    pytorch.version[strcspn(pytorch.version, "\n")] = '\0';
    return pytorch;
}

static void pytorch_end(struct pytorch *pytorch)
{
    if (pytorch->ask == NULL)
        return;
    fclose(pytorch->ask);
    fclose(pytorch->answer);
    waitpid(pytorch->process, NULL, 0);
}

static void pytorch_steps(struct pytorch *pytorch, const char *model, int batch, int threads,
                          int steps, struct times *times)
{
    fprintf(pytorch->ask, "%s %d %d %d\n", model, batch, threads, steps);
    if (fflush(pytorch->ask) != 0)
        give_up("bench_pytorch.py");
    for (int i = 0; i < steps; i++) {
        double milliseconds;
        if (fscanf(pytorch->answer, "%lf", &milliseconds) != 1)
            give_up("bench_pytorch.py ended early");
        add_time(times, milliseconds);
    }
}

/* ---- the table ---- */

struct cell {
    const char *network; /* as bench_pytorch.py calls it */
    const char *model;
    struct shape sample;
};

static struct times own_times, pytorch_times; /* too large for the stack */

/* So many steps of this kit; returns the seconds spent in matrix products. */
static double own_steps(struct training *training, int steps)
{
    for (int i = 0; i < 2; i++)
        training_step(training);
    product_seconds = 0;
    for (int i = 0; i < steps; i++) {
        double begin = seconds_now();
        training_step(training);
        add_time(&own_times, 1e3 * (seconds_now() - begin));
    }
    return product_seconds;
}

static int steps_per_turn(struct training *training)
{
    training_step(training);
    double begin = seconds_now();
    training_step(training);
    double seconds = seconds_now() - begin;
    int steps = (int)(TURN_SECONDS / seconds);
    return steps < LEAST_STEPS ? LEAST_STEPS : steps > 200 ? 200 : steps;
}

static void measure(const struct cell *cell, int batch, int threads, int rounds,
                    struct pytorch *pytorch)
{
    omp_set_num_threads(threads);
    openblas_set_num_threads(threads);
    struct training training = training_new(cell->model, cell->sample, batch);
    int steps = steps_per_turn(&training);
    own_times.count = pytorch_times.count = 0;
    double products = 0, all = 0;
    for (int round = 0; round < rounds; round++) {
        products += own_steps(&training, steps);
        if (pytorch->ask != NULL)
            pytorch_steps(pytorch, cell->network, batch, threads, steps, &pytorch_times);
    }
    for (int i = 0; i < own_times.count; i++)
        all += 1e-3 * own_times.step[i];
    double own = median(&own_times), other = median(&pytorch_times);
    printf("| %s | %d | %d | %.3f | ", cell->network, batch, threads, own);
    if (pytorch->ask != NULL)
        printf("%.3f | %.2f | ", other, other / own);
    else
        printf("not importable | | ");
    printf("%.0f%% |\n", 100 * products / all);
    fflush(stdout);
    training_free(&training);
}

int main(int count, char **argument)
{
    static const struct cell cells[] = {{"mlp", "mlp:depth=3", {3, {1, 28, 28}}},
                                        {"cnn", "cnn", {3, {3, 32, 32}}},
                                        {"vit", "vit", {3, {1, 28, 28}}}};
    static const int batches[] = {8, 64, 256};
    int rounds = count > 1 ? atoi(argument[1]) : DEFAULT_ROUNDS;
    if (count > 2 || rounds < 1 || rounds > 1000) {
        fprintf(stderr, "usage: %s [ROUNDS]\n", argument[0]);
        return 2;
    }
    library_sgemm = (__typeof__(&cblas_sgemm))dlsym(RTLD_NEXT, "cblas_sgemm");
    if (library_sgemm == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return EXIT_FAILURE;
    }
    struct pytorch pytorch = pytorch_start();
    printf("One training step, median; PyTorch %s.\n\n",
           pytorch.ask != NULL ? pytorch.version : "is not importable: set PYTHON");
    printf("| model | batch | threads | ms | PyTorch ms | times faster | matrix products |\n"
           "|---|---|---|---|---|---|---|\n");
    for (int threads = 1; threads <= 2; threads++)
        for (size_t c = 0; c < sizeof cells / sizeof *cells; c++)
            for (size_t b = 0; b < sizeof batches / sizeof *batches; b++)
                measure(&cells[c], batches[b], threads, rounds, &pytorch);
    openblas_set_num_threads(1);
    printf("\nOpenBLAS uses its kernels for %s.\n", openblas_get_corename());
    pytorch_end(&pytorch);
    return EXIT_SUCCESS;
}
