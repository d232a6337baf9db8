/*
 * Work: what a program does between its messages, in pieces whose time can be
 * measured on one computer and charged on a simulated one.
 *
 * A piece is a call of a kernel, or something else that takes time and is not made
 * of kernels (a call of a layer, the inputs of a micro-batch, the loss). It stands
 * between work_begin and work_end; pieces inside it are not part of it. A piece has
 * a kind, a size, and a cost: a number of operations that its time is about
 * proportional to. Time is never exactly so: a product of few rows is slower per
 * operation than one of many. So a rate, seconds per operation, is measured at some
 * sizes, and what lies between them is interpolated (rates.h).
 *
 * Without rates, and unless somebody measures, all this does nothing.
 *
 * To add a kernel: a line in WORK_KINDS and its function in timed.c.
 */
#ifndef COMMON_KERNELS_WORK_WORK_H
#define COMMON_KERNELS_WORK_WORK_H

#include "common/base/machine.h"
#include "common/kernels/kernels.h"

/* The name of each kind in files, and by how many numbers its size is given. */
#define WORK_KINDS(KIND)                                                                           \
    KIND(matrix_product_nn, 3)                                                                     \
    KIND(matrix_product_nt, 3)                                                                     \
    KIND(matrix_product_tn, 3)                                                                     \
    KIND(bfloat16_product_nn, 3)                                                                   \
    KIND(bfloat16_product_nt, 3)                                                                   \
    KIND(bfloat16_product_tn, 3)                                                                   \
    KIND(fill_rows, 2)                                                                             \
    KIND(add_column_sums, 2)                                                                       \
    KIND(add, 1)                                                                                   \
    KIND(multiply, 1)                                                                              \
    KIND(relu, 1)                                                                                  \
    KIND(relu_backward, 1)                                                                         \
    KIND(gelu, 1)                                                                                  \
    KIND(exponential, 1)                                                                           \
    KIND(logarithm, 1)                                                                             \
    KIND(dropout, 1)                                                                               \
    KIND(widen, 1)                                                                                 \
    KIND(narrow, 1)                                                                                \
    KIND(add_to_columns, 2)                                                                        \
    KIND(multiply_columns, 2)                                                                      \
    KIND(add_to_rows, 2)                                                                           \
    KIND(multiply_rows, 2)                                                                         \
    KIND(row_sums, 2)                                                                              \
    KIND(row_maxima, 2)                                                                            \
    KIND(pick, 2)                                                                                  \
    KIND(add_to_picked, 2)                                                                         \
    KIND(sum, 1)                                                                                   \
    KIND(scale, 1)                                                                                 \
    KIND(inverse_square_root, 1)                                                                   \
    KIND(copy_blocks, 2)                                                                           \
    KIND(layer_norm, 2)                                                                            \
    KIND(layer_norm_backward_input, 2)                                                             \
    KIND(layer_norm_backward_weight, 2)                                                            \
    KIND(batch_norm, 3)                                                                            \
    KIND(batch_norm_with, 3)                                                                       \
    KIND(batch_norm_backward, 3)                                                                   \
    KIND(convolution, 6)                                                                           \
    KIND(convolution_backward_input, 6)                                                            \
    KIND(convolution_backward_weight, 6)                                                           \
    KIND(max_pool, 4)                                                                              \
    KIND(max_pool_backward, 4)                                                                     \
    KIND(average_pool, 4)                                                                          \
    KIND(average_pool_backward, 4)                                                                 \
    KIND(plane_means, 2)                                                                           \
    KIND(plane_means_backward, 2)                                                                  \
    KIND(attention, 4)                                                                             \
    KIND(attention_backward, 4)                                                                    \
    KIND(embedding, 3)                                                                             \
    KIND(embedding_backward, 3)                                                                    \
    KIND(mean_tokens, 3)                                                                           \
    KIND(mean_tokens_backward, 3)                                                                  \
    KIND(cut_patches, 3)                                                                           \
    KIND(paste_patches, 3)                                                                         \
    KIND(cross_entropy, 2)                                                                         \
    KIND(cross_entropy_backward, 2)                                                                \
    KIND(sgd_step, 1)                                                                              \
    KIND(adamw_step, 1)                                                                            \
    KIND(zero_gradients, 1)                                                                        \
    KIND(batch_inputs, 2)                                                                          \
    KIND(make_inputs, 2)                                                                           \
    KIND(loss_forward, 2)                                                                          \
    KIND(loss_backward, 2)                                                                         \
    KIND(layer_call, 2)                                                                            \
    KIND(stage_call, 1)

enum work_kind {
#define WORK_KIND(name, numbers) WORK_##name,
    WORK_KINDS(WORK_KIND)
#undef WORK_KIND
        WORK_KINDS_COUNT
};

enum { WORK_MOST_NUMBERS = 6 };

struct work {
    enum work_kind kind;
    double operations;
    double size[WORK_MOST_NUMBERS]; /* whole numbers from 1; the rest, which the kind lacks, 0 */
};

const char *work_name(enum work_kind kind);
int work_numbers(enum work_kind kind);

/* A piece begins. On a machine with rates its time is charged. */
void work_begin(struct work work);
void work_end(void);
/* The end of a piece that may not be made of the kit's kernels (a layer that a student has written):
 * if nothing inside it was charged, these floating-point operations take the time that the machine's
 * speed says. */
void work_end_of_flops(double flops);

/* This table, or, where work is charged or measured, one that calls work_begin and this table. */
const struct kernels *work_table(const struct kernels *table);

/* ---- measuring (measured.c) ---------------------------------------------------------------- */

/* While this process computes alone, and while others do as well. */
enum work_series { WORK_ALONE, WORK_TOGETHER, WORK_NOT_MEASURED };

/* From now on the time of each piece is remembered in a series, or no longer. No piece may be open. */
void work_measure(enum work_series series);

/* What is remembered of a size that was met. */
struct work_measured {
    struct work work;
    double resident;         /* bytes (rates.h), to a power of two */
    struct duration seconds; /* means of the shorter three quarters; NaN: none */
    int times;               /* of the series that has fewer */
};

/* How many sizes were met, and each of them. */
int work_sizes(void);
struct work_measured work_size(int number);

#endif
