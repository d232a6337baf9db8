/*
 * Products of the linear layers of an mlp and of a transformer block in bfloat16: by the processor's dot
 * products of pairs, and by conversion to float32, one thread unless OMP_NUM_THREADS says otherwise.
 *
 *     products_bfloat16 [ROUNDS]
 *
 * All take turns in each round; the table has the fastest of all turns, in GFLOP/s.
 */
#include "common/base/random.h"
#include "common/kernels/products/bfloat16.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DEFAULT_ROUNDS 15
#define TURN_SECONDS   0.002

/* Of a layer with so many inputs and outputs, and rows of a micro-batch. */
static const struct {
    const char *what;
    int rows, inputs, outputs;
} layers[] = {
    {"mlp", 8, 512, 512},
    {"mlp", 64, 512, 512},
    {"mlp", 256, 512, 512},
    {"mlp, first", 64, 784, 512},
    {"mlp, last", 64, 512, 10},
    {"attention, qkv", 272, 128, 384},
    {"attention, out", 272, 128, 128},
    {"block, wide", 272, 128, 512},
    {"block, narrow", 272, 512, 128},
};

enum form { NT, NN, TN, FORMS };
static const char *const form_names[FORMS] = {"forward", "for the input", "for the weight"};

/* bfloat16 as it is stored, and where it is widened to. */
struct factors {
    struct bfloat16_product product;
    size_t a_count, b_count, c_count;
    uint16_t *a, *b, *c;
    float *wide_a, *wide_b;
};

/* ---- the ways ---- */

static void by_pairs(const struct factors *f)
{
    if (!cpu_bfloat16_product_by_pairs(&f->product)) {
        fputs("this processor has no dot products of bfloat16\n", stderr);
        exit(EXIT_FAILURE);
    }
}

static void in_float32(const struct factors *f)
{
    const struct bfloat16_product *p = &f->product;
    cpu_matrix_product(p->transpose_a, p->transpose_b, p->rows, p->columns, p->depth, p->a, p->b,
                       p->add, p->c);
}

static void converted(const struct factors *f)
{
    cpu_widen(DTYPE_BFLOAT16, f->a_count, f->a, f->wide_a);
    cpu_widen(DTYPE_BFLOAT16, f->b_count, f->b, f->wide_b);
    in_float32(f);
    if (!f->product.add) /* a gradient stays float32 */
        cpu_narrow(DTYPE_BFLOAT16, f->c_count, f->product.c, f->c);
}

enum { WAYS = 3 };
static void (*const ways[WAYS])(const struct factors *) = {by_pairs, in_float32, converted};

/* ---- measuring ---- */

static double seconds_now(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        perror("clock_gettime");
        exit(EXIT_FAILURE);
    }
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *new (size_t bytes)
{
    return memory_allocate(MEMORY_WORKSPACE, bytes);
}

static float *numbers_new(size_t count, uint32_t stream, uint16_t **narrow)
{
    float *wide = new (count * sizeof *wide);
    *narrow = new (count * sizeof **narrow);
    random_uniform(wide, count, 1, random_stream(RANDOM_TEST, stream, 0), 0, -1, 1);
    cpu_narrow(DTYPE_BFLOAT16, count, wide, *narrow);
    cpu_widen(DTYPE_BFLOAT16, count, *narrow, wide);
    return wide;
}

static double seconds_of(void (*way)(const struct factors *), const struct factors *factors)
{
    const double began = seconds_now();
    double seconds = 0;
    int times = 0;
    for (; seconds < TURN_SECONDS; seconds = seconds_now() - began, times++)
        way(factors);
    return seconds / times;
}

static void measure(int layer, enum form form, int rounds)
{
    const int batch = layers[layer].rows, in = layers[layer].inputs, out = layers[layer].outputs;
    const int rows = form == TN ? out : batch, columns = form == NT ? out : in;
    const int depth = form == NT ? in : form == NN ? out : batch;
    struct factors f = {.a_count = (size_t)rows * (size_t)depth,
                        .b_count = (size_t)columns * (size_t)depth,
                        .c_count = (size_t)rows * (size_t)columns};
    double best[WAYS] = {1e9, 1e9, 1e9};
    f.wide_a = numbers_new(f.a_count, 1, &f.a);
    f.wide_b = numbers_new(f.b_count, 2, &f.b);
    float *c = numbers_new(f.c_count, 3, &f.c);
    f.product = (struct bfloat16_product){form == TN, form == NT, rows, columns,   depth,
                                          f.wide_a,   f.wide_b,   c,    form == TN};
    for (int round = 0; round < rounds; round++)
        for (int way = 0; way < WAYS; way++) {
            const double seconds = seconds_of(ways[way], &f);
            best[way] = seconds < best[way] ? seconds : best[way];
        }
    const double operations = 2e-9 * rows * columns * depth;
    printf("| %s | %d × %d → %d | %s | %.0f | %.0f | %.0f |\n", layers[layer].what, batch, in, out,
           form_names[form], operations / best[0], operations / best[1], operations / best[2]);
}

int main(int count, char **argument)
{
    const int rounds = count > 1 ? atoi(argument[1]) : DEFAULT_ROUNDS;
    if (getenv("OMP_NUM_THREADS") == NULL)
        omp_set_num_threads(1);
    kernels_for(DEVICE_CPU);
    puts("| layer | rows × inputs → outputs | product | pairs | float32 | float32, with "
         "conversions |\n"
         "|---|---|---|---|---|---|");
    for (int layer = 0; layer < (int)(sizeof layers / sizeof *layers); layer++)
        for (enum form form = NT; form < FORMS; form++)
            measure(layer, form, rounds);
    return EXIT_SUCCESS;
}
