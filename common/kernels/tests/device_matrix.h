/*
 * Matrices of many sizes, for the tests of the GPU's kernels of rows and columns.
 */
#ifndef COMMON_KERNELS_TESTS_DEVICE_MATRIX_H
#define COMMON_KERNELS_TESTS_DEVICE_MATRIX_H

#include "tests/support/device_arrays.h"

#include <stdlib.h>

static const int rows_tried[] = {0, 1, 3, 65, 130};
static const int columns_tried[] = {1, 3, 31, 33, 257, 1000};

#define COUNT(array)  (int)(sizeof(array) / sizeof *(array))
#define FLOATS(count) ((size_t)(count) * sizeof(float))

/* A matrix x, a vector with a number for each row and one with one for each column. */
struct matrix {
    int rows, columns;
    size_t count;
    float *x, *of_rows, *of_columns;
    double *truth, *magnitude;
};

static inline struct matrix matrix_new(int rows, int columns)
{
    const size_t count = (size_t)rows * (size_t)columns;
    const size_t most = count + (size_t)rows + (size_t)columns;
    return (struct matrix){.rows = rows,
                           .columns = columns,
                           .count = count,
                           .x = numbers_between(-1, 1, count, 1),
                           .of_rows = numbers_between(-1, 1, (size_t)rows, 2),
                           .of_columns = numbers_between(-1, 1, (size_t)columns, 3),
                           .truth = calloc(most, sizeof(double)),
                           .magnitude = calloc(most, sizeof(double))};
}

static inline void matrix_free(struct matrix *m)
{
    free(m->x);
    free(m->of_rows);
    free(m->of_columns);
    free(m->truth);
    free(m->magnitude);
}

static inline double at(const struct matrix *m, int i, int j)
{
    return (double)m->x[(size_t)i * (size_t)m->columns + (size_t)j];
}

static inline void for_all_sizes(const struct kernels *gpu,
                                 void (*check)(const struct kernels *gpu, struct matrix *m))
{
    for (int i = 0; i < COUNT(rows_tried); i++)
        for (int j = 0; j < COUNT(columns_tried); j++) {
            struct matrix m = matrix_new(rows_tried[i], columns_tried[j]);
            check(gpu, &m);
            matrix_free(&m);
        }
}

#endif
