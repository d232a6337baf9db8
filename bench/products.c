/*
 * How fast are matrix products with few rows? Ours, and those of the libraries.
 *
 *     products [ROUNDS [ROWS COLUMNS]]      one thread
 *
 * The three products of a linear layer whose weight is (outputs, inputs), for micro-batches of
 * some rows: forward (NT: rows · weightᵀ), backward for the input (NN: gradients · weight) and
 * backward for the weight (TN: weight gradient += gradientsᵀ · rows). OpenBLAS is always there;
 * oneDNN and LIBXSMM take part where they are installed, and are loaded only here. In each round
 * all take turns; the table has the fastest of all turns, in GFLOP/s, so that other work on the
 * machine matters little. Weights are as warm as the caches can hold them.
 */
#include "common/base/random.h"
#include "common/kernels/kernels.h"

#include <cblas.h>
#include <dlfcn.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_ROUNDS 7
#define TURN_SECONDS   0.001 /* of one library in one round */

enum form { NT, NN, TN, FORMS };
static const char *const form_names[FORMS] = {"NT, forward", "NN, backward for the input",
                                              "TN, backward for the weight"};

/* A product of a layer: c (rows, columns) = a · b over `depth`, or += in TN. */
struct product {
    enum form form;
    int rows, columns, depth;
    const float *a, *b;
    float *c;
};

static double seconds_now(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        perror("clock_gettime");
        exit(EXIT_FAILURE);
    }
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- who multiplies ---- */

static void ours(const struct product *p)
{
    kernels_for(DEVICE_CPU)
        ->matrix_product(p->form == TN, p->form == NT, p->rows, p->columns, p->depth, p->a, p->b,
                         p->form == TN, p->c);
}

static void openblas(const struct product *p)
{
    bool tn = p->form == TN, nt = p->form == NT;
    cblas_sgemm(CblasRowMajor, tn ? CblasTrans : CblasNoTrans, nt ? CblasTrans : CblasNoTrans,
                p->rows, p->columns, p->depth, 1.0f, p->a, tn ? p->rows : p->depth, p->b,
                nt ? p->depth : p->columns, tn, p->c, p->columns);
}

static int (*dnnl_sgemm)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t,
                         const float *, int64_t, float, float *, int64_t);

static void onednn(const struct product *p)
{
    bool tn = p->form == TN, nt = p->form == NT;
    dnnl_sgemm(tn ? 'T' : 'N', nt ? 'T' : 'N', p->rows, p->columns, p->depth, 1.0f, p->a,
               tn ? p->rows : p->depth, p->b, nt ? p->depth : p->columns, tn, p->c, p->columns);
}

typedef void (*xsmm_function)(const float *a, const float *b, float *c);
static xsmm_function (*xsmm_dispatch)(int, int, int, const int *, const int *, const int *,
                                      const float *, const float *, const int *, const int *);
static xsmm_function xsmm; /* for the product that is measured; NULL: there is none */

/* LIBXSMM's matrices stand column by column, so a and b change places. It makes no NT. */
static void xsmm_make(const struct product *p)
{
    enum { TRANSPOSE_B = 2 };
    int flags = p->form == TN ? TRANSPOSE_B : 0, columns = p->columns, rows = p->rows;
    int b_row = p->form == TN ? rows : p->depth;
    float one = 1, beta = p->form == TN;
    xsmm = xsmm_dispatch == NULL || p->form == NT
               ? NULL
               : xsmm_dispatch(columns, rows, p->depth, &columns, &b_row, &columns, &one, &beta,
                               &flags, NULL);
}

static void libxsmm(const struct product *p)
{
    xsmm(p->b, p->a, p->c);
}

enum { OURS, OPENBLAS, ONEDNN, LIBXSMM, SIDES };
static void (*const multiply[SIDES])(const struct product *) = {ours, openblas, onednn, libxsmm};

static void *load(const char *const *names, const char *function)
{
    for (; *names != NULL; names++) {
        void *library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
        if (library != NULL)
            return dlsym(library, function);
    }
    return NULL;
}

static void load_libraries(void)
{
    static const char *const dnnl[] = {"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so", NULL};
    static const char *const xsmm_names[] = {"libxsmm.so.1", "libxsmm.so",
                                             BENCH_FOLDER "/libxsmm.so", NULL};
    dnnl_sgemm = (__typeof__(dnnl_sgemm))load(dnnl, "dnnl_sgemm");
    xsmm_dispatch = (__typeof__(xsmm_dispatch))load(xsmm_names, "libxsmm_smmdispatch");
}

static bool takes_part(int side)
{
    return side == ONEDNN ? dnnl_sgemm != NULL : side == LIBXSMM ? xsmm != NULL : true;
}

/* ---- measuring ---- */

static float *random_floats(size_t count, uint64_t stream)
{
    float *floats = aligned_alloc(64, (count * sizeof *floats + 63) / 64 * 64);
    if (floats == NULL) {
        perror("aligned_alloc");
        exit(EXIT_FAILURE);
    }
    random_normal(floats, count, 1, random_stream(RANDOM_TEST, (uint32_t)stream, 0), 0, 0, 1);
    return floats;
}

/* GFLOP/s of each side; 0: it does not take part. */
static void measure(const struct product *p, int rounds, double speed[SIDES])
{
    double flops = 2.0 * p->rows * p->columns * p->depth, fastest[SIDES] = {0};
    int repetitions = (int)(TURN_SECONDS * 50e9 / flops) + 1;
    xsmm_make(p);
    for (int round = 0; round < rounds; round++)
        for (int side = 0; side < SIDES; side++) {
            if (!takes_part(side))
                continue;
            multiply[side](p);
            double begin = seconds_now();
            for (int i = 0; i < repetitions; i++)
                multiply[side](p);
            double seconds = (seconds_now() - begin) / repetitions;
            if (round == 0 || seconds < fastest[side])
                fastest[side] = seconds;
        }
    for (int side = 0; side < SIDES; side++)
        speed[side] = takes_part(side) ? flops / fastest[side] * 1e-9 : 0;
}

static void print_speed(double speed)
{
    if (speed > 0)
        printf(" %.0f |", speed);
    else
        printf(" – |");
}

static void measure_row(enum form form, int rows, int inputs, int outputs, int rounds)
{
    float *x = random_floats((size_t)rows * inputs, 0);
    float *dy = random_floats((size_t)rows * outputs, 1);
    float *weight = random_floats((size_t)inputs * outputs, 2);
    struct product product[FORMS] = {{NT, rows, outputs, inputs, x, weight, dy},
                                     {NN, rows, inputs, outputs, dy, weight, x},
                                     {TN, outputs, inputs, rows, dy, x, weight}};
    double speed[SIDES], best = 0;
    measure(&product[form], rounds, speed);
    printf("| %d×%d | %d |", inputs, outputs, rows);
    for (int side = 0; side < SIDES; side++) {
        print_speed(speed[side]);
        if (side != OURS && speed[side] > best)
            best = speed[side];
    }
    printf(" %.0f%% |\n", 100 * speed[OURS] / best);
    fflush(stdout);
    free(x);
    free(dy);
    free(weight);
}

/* Independent multiplications and additions, as many as a core can do at once. */
static double peak(void)
{
    enum { CHAINS = 12, LANES = 16, TIMES = 100000 };
    typedef float vector __attribute__((vector_size(4 * LANES)));
    vector sum[CHAINS] = {{0}}, factor = (vector){0} + 0.999f;
    double fastest = 1;
    for (int round = 0; round < 20; round++) {
        double begin = seconds_now();
        for (int i = 0; i < TIMES; i++)
#pragma GCC unroll 12
            for (int chain = 0; chain < CHAINS; chain++) {
                sum[chain] = sum[chain] * factor + factor;
                __asm__ volatile("" : "+v"(sum[chain]));
            }
        double seconds = seconds_now() - begin;
        fastest = seconds < fastest ? seconds : fastest;
    }
    return 2.0 * CHAINS * LANES * TIMES / fastest * 1e-9;
}

int main(int count, char **argument)
{
    static const int sizes[][2] = {{64, 64},   {128, 128},   {49, 64},     {256, 256}, {192, 64},
                                   {512, 512}, {1024, 1024}, {2048, 2048}, {784, 512}, {512, 10},
                                   {64, 256},  {256, 64},    {64, 192}};
    static const int rows[] = {1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 24, 32, 64, 128, 1024};
    int rounds = count > 1 ? atoi(argument[1]) : DEFAULT_ROUNDS;
    int only_rows = count > 2 ? atoi(argument[2]) : 0,
        only_inputs = count > 3 ? atoi(argument[3]) : 0;
    if (count > 4 || rounds < 1 || rounds > 1000 || only_rows < 0 || only_inputs < 0) {
        fprintf(stderr, "usage: %s [ROUNDS [ROWS [INPUTS]]], 0: all\n", argument[0]);
        return 2;
    }
    omp_set_num_threads(1);
    kernels_for(DEVICE_CPU);
    load_libraries();
    printf(
        "Matrix products of a linear layer with few rows, one thread, GFLOP/s; this core's most is "
        "%.0f.\nOpenBLAS uses its kernels for %s.\n",
        peak(), openblas_get_corename());
    for (enum form form = 0; form < FORMS; form++) {
        printf(
            "\n%s\n\n| inputs×outputs | rows | ours | OpenBLAS | oneDNN | LIBXSMM | ours, of the "
            "best library |\n|---|---|---|---|---|---|---|\n",
            form_names[form]);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
                if ((only_rows == 0 || only_rows == rows[r]) &&
                    (only_inputs == 0 || only_inputs == sizes[s][0]))
                    measure_row(form, rows[r], sizes[s][0], sizes[s][1], rounds);
    }
    return EXIT_SUCCESS;
}
