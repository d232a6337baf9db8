/*
 * What the four programs have in common: a block of two linear layers with a ReLU between them, of
 * which each member of a tensor-parallel group holds a slice,
 *
 *     H = relu(X Aᵀ + a),  A (hidden, inputs) split by rows, a likewise
 *     Y = H Bᵀ + b,        B (outputs, hidden) split by columns, b whole
 *
 * and around it: the start and end of a program, with its log, its numbers and its evidence. The first
 * argument is the folder for log and evidence, the second the form: "right", or which mistake to make.
 */
#ifndef TESTS_PARALLEL_PROGRAMS_BLOCK_H
#define TESTS_PARALLEL_PROGRAMS_BLOCK_H

#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/base/last_words.h"
#include "common/base/mpi_check.h"
#include "common/base/random.h"
#include "common/files/tensor_parts.h"
#include "common/kernels/kernels.h"
#include "common/log/log_fields.h"
#include "common/mpi/ranks.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS_SEED = 11, MODEL_LAYERS = 4 };

static int rank, ranks; /* in MPI_COMM_WORLD */
static const char *folder, *form;
static struct tensor_file *evidence;

/* ---- begin and end ------------------------------------------------------------------------------ */

static inline bool is_form(const char *name)
{
    return strcmp(form, name) == 0;
}

/* Number i of tensor `tensor` of block (or batch) `of`: what a rank needs of a tensor, it makes. */
static inline float number_of(int of, int tensor, int i)
{
    float value;
    random_uniform(&value, 1, NUMBERS_SEED,
                   random_stream(RANDOM_TEST, (uint32_t)of, (uint32_t)tensor), (uint64_t)i, -1, 1);
    return value;
}

static inline float *floats(int count)
{
    float *values = calloc((size_t)count + 1, sizeof *values);
    if (values == NULL)
        fatal("no memory for %d numbers", count);
    return values;
}

/* The part of a member of a group: n things among `size`, the remainder to the first. */
static inline int first_of(int n, int size, int member)
{
    return n / size * member + (member < n % size ? member : n % size);
}

static inline void begin(int argc, char **argv, int wanted)
{
    mpi_check(MPI_Init(&argc, &argv));
    mpi_check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    mpi_check(MPI_Comm_size(MPI_COMM_WORLD, &ranks));
    fatal_set_rank(rank);
    if (argc < 3 || (wanted > 0 && ranks != wanted))
        fatal("arguments: folder form; ranks: %d", wanted);
    folder = argv[1];
    form = argv[2];
    mpi_check_install(MPI_COMM_WORLD);
    log_open(folder, rank, ranks, NUMBERS_SEED);
    log_mpi_sees_all_communicators();
    last_words_open(folder, rank);
    evidence = tensor_file_new();
    log_append(log_record_of_stage((struct log_stage){.layers = MODEL_LAYERS}));
    log_append(log_record_of_step(LOG_STEP_BEGIN, 0));
}

static inline void set_number(const char *key, int value)
{
    char text[16];
    snprintf(text, sizeof text, "%d", value);
    tensor_file_set_metadata(evidence, key, text);
}

/* Ends the step, stores the evidence, ends MPI and the log. */
static inline int end(void)
{
    char path[4096], error[TENSOR_FILE_ERROR_SIZE];
    log_append(log_record_of_step_end(0, 0));
    set_number("rank", rank);
    set_number("first_layer", 0);
    set_number("layers", MODEL_LAYERS);
    snprintf(path, sizeof path, "%s/rank-%d.stage-0.after-0.safetensors", folder, rank);
    if (!tensor_file_write(evidence, path, error))
        fatal("%s", error);
    tensor_file_free(evidence);
    mpi_check(MPI_Finalize());
    log_append(log_record_of_end(0));
    log_close();
    last_words_close();
    return 0;
}

/* ---- evidence ------------------------------------------------------------------------------------ */

static inline struct tensor *tensor_of(const float *values, struct shape shape)
{
    struct tensor *tensor = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    memcpy(tensor_floats(tensor), values, sizeof *values * tensor->elements);
    return tensor;
}

/* Stores values as a slice of a whole. */
static inline void keep_slice(const char *whole, const float *values, struct slice slice)
{
    struct tensor *tensor = tensor_of(values, slice_shape(&slice));
    tensor_file_add_slice(evidence, whole, tensor, whole, &slice);
    tensor_free(tensor);
}

static inline void keep_matrix(const char *name, const float *values, int rows, int columns)
{
    keep_slice(name, values, slice_all(SHAPE(rows, columns)));
}

/* A flat range of a whole of `count` numbers. */
static inline void keep_range(const char *name, const float *values, int first, int own, int count)
{
    keep_slice(name, values, slice_along(SHAPE(count), 0, first, first + own));
}

/* ---- the block --------------------------------------------------------------------------------- */

enum { INPUTS = 6, HIDDEN = 10, OUTPUTS = 4 };

struct block {
    int number;     /* in the model */
    int first, own; /* hidden units of this rank */
    MPI_Comm group; /* among whom it is split */
    float *A, *a;   /* (own, INPUTS), (own) */
    float *B, *b;   /* (OUTPUTS, own), (OUTPUTS) */
    float *dA, *da, *dB, *db;
};

/* C (rows, columns) = X Yᵀ or the like, as kernels->matrix_product has it, recorded as a computation
 * of this layer. */
static inline void product(enum log_operation operation, int layer, bool transpose_a,
                           bool transpose_b, int rows, int columns, int depth, const float *x,
                           const float *y, float *c)
{
    log_compute(operation, LOG_BEGIN, layer, 0);
    kernels_for(DEVICE_CPU)
        ->matrix_product(transpose_a, transpose_b, rows, columns, depth, x, y, 0, c);
    flops_charge(2.0 * rows * columns * depth);
    log_compute(operation, LOG_END, layer, 0);
}

/* The slice that this rank has of block `number`, split among a group as member `member` of it. */
static inline struct block block_new(int number, MPI_Comm group, int member)
{
    int size;
    mpi_check(MPI_Comm_size(group, &size));
    struct block block = {.number = number,
                          .first = first_of(HIDDEN, size, member),
                          .own =
                              first_of(HIDDEN, size, member + 1) - first_of(HIDDEN, size, member),
                          .group = group};
    block.A = floats(block.own * INPUTS), block.dA = floats(block.own * INPUTS);
    block.a = floats(block.own), block.da = floats(block.own);
    block.B = floats(OUTPUTS * block.own), block.dB = floats(OUTPUTS * block.own);
    block.b = floats(OUTPUTS), block.db = floats(OUTPUTS);
    for (int i = 0; i < block.own; i++) {
        for (int j = 0; j < INPUTS; j++)
            block.A[i * INPUTS + j] = number_of(number, 0, (block.first + i) * INPUTS + j);
        block.a[i] = number_of(number, 1, block.first + i);
        for (int o = 0; o < OUTPUTS; o++)
            block.B[o * block.own + i] = number_of(number, 2, o * HIDDEN + block.first + i);
    }
    for (int o = 0; o < OUTPUTS; o++)
        block.b[o] = number_of(number, 3, o);
    return block;
}

static inline void block_free(struct block *block)
{
    float *const all[] = {block->A,  block->a,  block->B,  block->b,
                          block->dA, block->da, block->dB, block->db};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

/* y (samples, OUTPUTS) of x (samples, INPUTS); h (samples, own) is kept for the backward. */
static inline void block_forward(struct block *block, int samples, const float *x, float *h,
                                 float *y)
{
    const struct kernels *kernels = kernels_for(DEVICE_CPU);
    product(LOG_FORWARD, 2 * block->number, false, true, samples, block->own, INPUTS, x, block->A,
            h);
    for (int s = 0; s < samples; s++)
        kernels->add((size_t)block->own, block->a, h + s * block->own);
    kernels->relu((size_t)(samples * block->own), h, h);
    product(LOG_FORWARD, 2 * block->number + 1, false, true, samples, OUTPUTS, block->own, h,
            block->B, y);
    if (is_form("bias-on-every-rank"))
        for (int s = 0; s < samples; s++)
            kernels->add(OUTPUTS, block->b, y + s * OUTPUTS);
    if (is_form("sums-half"))
        mpi_check(MPI_Allreduce(MPI_IN_PLACE, y, samples / 2 * OUTPUTS, MPI_FLOAT, MPI_SUM,
                                block->group));
    else if (is_form("one-buffer"))
        mpi_check(MPI_Allreduce(y, y, samples * OUTPUTS, MPI_FLOAT, MPI_SUM, block->group));
    else if (is_form("takes-the-maximum"))
        mpi_check(
            MPI_Allreduce(MPI_IN_PLACE, y, samples * OUTPUTS, MPI_FLOAT, MPI_MAX, block->group));
    else if (!is_form("keeps-partial-outputs"))
        mpi_check(
            MPI_Allreduce(MPI_IN_PLACE, y, samples * OUTPUTS, MPI_FLOAT, MPI_SUM, block->group));
    if (!is_form("bias-on-every-rank"))
        for (int s = 0; s < samples; s++)
            kernels->add(OUTPUTS, block->b, y + s * OUTPUTS);
}

/* dx (samples, INPUTS) of dy (samples, OUTPUTS); adds up the gradients. The sum of dx is under way while
 * the gradients of A are computed. */
static inline void block_backward(struct block *block, int samples, const float *x, const float *h,
                                  const float *dy, float *dx)
{
    const struct kernels *kernels = kernels_for(DEVICE_CPU);
    float *dh = floats(samples * block->own);
    MPI_Request request = MPI_REQUEST_NULL;
    product(LOG_BACKWARD_INPUT, 2 * block->number + 1, false, false, samples, block->own, OUTPUTS,
            dy, block->B, dh);
    product(LOG_BACKWARD_WEIGHT, 2 * block->number + 1, true, false, OUTPUTS, block->own, samples,
            dy, h, block->dB);
    kernels->add_column_sums(samples, OUTPUTS, dy, block->db);
    kernels->relu_backward((size_t)(samples * block->own), h, dh, dh);
    product(LOG_BACKWARD_INPUT, 2 * block->number, false, false, samples, INPUTS, block->own, dh,
            block->A, dx);
    if (!is_form("keeps-partial-gradients"))
        mpi_check(MPI_Iallreduce(MPI_IN_PLACE, dx, samples * INPUTS, MPI_FLOAT, MPI_SUM,
                                 block->group, &request));
    product(LOG_BACKWARD_WEIGHT, 2 * block->number, true, false, block->own, INPUTS, samples, dh, x,
            block->dA);
    kernels->add_column_sums(samples, block->own, dh, block->da);
    mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
    free(dh);
}

static inline void keep_block_gradients(const struct block *block)
{
    const int first = block->first, last = block->first + block->own;
    char name[4][48];
    for (int i = 0; i < 4; i++)
        snprintf(name[i], sizeof name[i], "blocks.%d.%c.gradient", block->number, "AaBb"[i]);
    keep_slice(name[0], block->dA, slice_along(SHAPE(HIDDEN, INPUTS), 0, first, last));
    keep_slice(name[1], block->da, slice_along(SHAPE(HIDDEN), 0, first, last));
    keep_slice(name[2], block->dB, slice_along(SHAPE(OUTPUTS, HIDDEN), 1, first, last));
    keep_slice(name[3], block->db, slice_all(SHAPE(OUTPUTS)));
}

#endif
