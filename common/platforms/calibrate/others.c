/*
 * Kernels that no model of training.c calls: layers that a student writes may.
 */
#include "common/base/tensor.h"
#include "common/platforms/calibrate/calibrate.h"

enum { MOST = 1 << 20 };

struct arrays {
    int rows, columns;
    struct tensor *x, *y;
    struct tensor *index; /* zeros */
};

static void call_all(void *user)
{
    const struct arrays *arrays = user;
    const struct kernels *kernels = kernels_for(DEVICE_CPU);
    const int rows = arrays->rows, columns = arrays->columns;
    const size_t count = (size_t)rows * (size_t)columns;
    float *x = tensor_floats(arrays->x), *y = tensor_floats(arrays->y);
    kernels->add_to_columns(rows, columns, x, y);
    kernels->multiply_columns(rows, columns, x, y);
    kernels->add_to_rows(rows, columns, x, y);
    kernels->multiply_rows(rows, columns, x, y);
    kernels->row_sums(rows, columns, y, x);
    kernels->row_maxima(rows, columns, y, x);
    kernels->pick(rows, columns, 0, tensor_integers(arrays->index), y, x);
    kernels->add_to_picked(rows, columns, 0, tensor_integers(arrays->index), 1.0f, y);
    kernels->sum(count, y);
    kernels->exponential(count, x, y);
    kernels->logarithm(count, y, x);
    kernels->scale(count, 0.5f, y);
    kernels->inverse_square_root(count, 1.0f, y);
    kernels->copy_blocks((size_t)rows, (size_t)columns, x, (size_t)columns, y, (size_t)columns);
    /* Planes of 8 × 8 numbers. */
    const struct pooling_sizes sizes = {
        .planes = (int)(count / 64), .height = 8, .width = 8, .kernel = 2, .stride = 2};
    kernels->average_pool(&sizes, x, y);
    kernels->average_pool_backward(&sizes, y, x);
    kernels->plane_means(sizes.planes, 64, x, y);
    kernels->plane_means_backward(sizes.planes, 64, y, x);
    const struct batch_norm_sizes norm = {
        .samples = rows, .channels = columns, .plane = 1, .together = rows};
    kernels->batch_norm_with(&norm, y, x, x, x, y);
    /* So that numbers stay ordinary. */
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] = 1;
}

void calibrate_others(double seconds, struct calibrate_speed *speed)
{
    static const int sizes[][2] = {{1, 256},   {8, 64},    {8, 512},    {64, 64},
                                   {64, 1024}, {1024, 64}, {1024, 256}, {2048, 512}};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    struct arrays arrays = {
        .x = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(MOST)),
        .y = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(MOST)),
        .index = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(2048))};
    tensor_zero(arrays.index);
    tensor_zero(arrays.x);
    tensor_zero(arrays.y);
    for (int i = 0; i < SIZES; i++) {
        arrays.rows = sizes[i][0];
        arrays.columns = sizes[i][1];
        calibrate_measure(seconds / SIZES, call_all, &arrays, speed);
    }
    tensor_free(arrays.x);
    tensor_free(arrays.y);
    tensor_free(arrays.index);
}
