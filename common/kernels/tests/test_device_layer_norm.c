/*
 * The GPU's layer norm, on the emulated GPU: against its formulas in double precision.
 */
#include "tests/support/device_arrays.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#define COUNT(array)  (int)(sizeof(array) / sizeof *(array))
#define FLOATS(count) ((size_t)(count) * sizeof(float))

static const double epsilon = 1e-5;

static double *doubles(size_t count)
{
    double *numbers = calloc(count + 1, sizeof *numbers);
    ck_assert_ptr_nonnull(numbers);
    return numbers;
}

struct layer {
    int rows, columns;
    size_t count;
    float *x, *weight, *bias, *dy, *before; /* before: what the gradients are added to */
};

static struct layer layer_new(int rows, int columns)
{
    const size_t count = (size_t)rows * (size_t)columns;
    return (struct layer){.rows = rows,
                          .columns = columns,
                          .count = count,
                          .x = numbers_between(2, 4, count, 1),
                          .weight = numbers_between(-1, 1, (size_t)columns, 2),
                          .bias = numbers_between(-1, 1, (size_t)columns, 3),
                          .dy = numbers_between(-1, 1, count, 4),
                          .before = numbers_between(-1, 1, (size_t)columns, 5)};
}

static void layer_free(struct layer *l)
{
    free(l->x);
    free(l->weight);
    free(l->bias);
    free(l->dy);
    free(l->before);
}

struct layer_truth {
    double *y, *dx, *statistics, *weight_gradient, *bias_gradient;
    /* Where a row's numbers are almost the same, 1 / deviation makes errors large: in dx its square. */
    double *size, *weight_size;
};

static void row_truth(const struct layer *l, int i, struct layer_truth *t)
{
    const float *x = l->x + (size_t)i * (size_t)l->columns;
    const float *dy = l->dy + (size_t)i * (size_t)l->columns;
    double mean = 0, variance = 0, mean_g = 0, mean_gn = 0;
    for (int j = 0; j < l->columns; j++)
        mean += (double)x[j] / l->columns;
    for (int j = 0; j < l->columns; j++)
        variance += ((double)x[j] - mean) * ((double)x[j] - mean) / l->columns;
    const double inverse = 1 / sqrt(variance + epsilon);
    for (int j = 0; j < l->columns; j++) {
        const double n = ((double)x[j] - mean) * inverse, g = (double)dy[j] * (double)l->weight[j];
        mean_g += g / l->columns;
        mean_gn += g * n / l->columns;
        t->y[i * l->columns + j] = n * (double)l->weight[j] + (double)l->bias[j];
        t->weight_gradient[j] += (double)dy[j] * n;
        t->bias_gradient[j] += (double)dy[j];
        t->weight_size[j] += fabs((double)dy[j]) * (l->columns == 1 ? 1 : inverse);
    }
    for (int j = 0; j < l->columns; j++) {
        const double n = ((double)x[j] - mean) * inverse, g = (double)dy[j] * (double)l->weight[j];
        t->dx[i * l->columns + j] = (g - mean_g - n * mean_gn) * inverse;
        t->size[i * l->columns + j] = l->columns == 1 ? 0 : inverse * inverse;
    }
    t->statistics[2 * i] = mean;
    t->statistics[2 * i + 1] = inverse;
}

static struct layer_truth layer_truth_of(const struct layer *l)
{
    const size_t columns = (size_t)l->columns;
    struct layer_truth t = {doubles(l->count), doubles(l->count), doubles(2 * (size_t)l->rows),
                            doubles(columns),  doubles(columns),  doubles(l->count),
                            doubles(columns)};
    for (int j = 0; j < l->columns; j++)
        t.weight_gradient[j] = t.bias_gradient[j] = (double)l->before[j];
    for (int i = 0; i < l->rows; i++)
        row_truth(l, i, &t);
    return t;
}

static void layer_truth_free(struct layer_truth *t)
{
    free(t->y);
    free(t->dx);
    free(t->size);
    free(t->weight_size);
    free(t->statistics);
    free(t->weight_gradient);
    free(t->bias_gradient);
}

/* The numbers of `taken`, which is freed, beside the truth. */
static void compare(float *taken, const double *truth, const double *size, size_t count,
                    const struct layer *l, const char *what)
{
    float *got = malloc(FLOATS(count + 1));
    device_array_take(taken, got, FLOATS(count));
    expect_near(got, truth, size, count, 1e-6, "%s of (%d, %d)", what, l->rows, l->columns);
    free(got);
}

static void check_layer(const struct kernels *gpu, int rows, int columns)
{
    struct layer l = layer_new(rows, columns);
    struct layer_truth t = layer_truth_of(&l);
    const size_t bytes = FLOATS(l.count), of_columns = FLOATS(columns);
    float *x = device_array(l.x, bytes), *weight = device_array(l.weight, of_columns);
    float *bias = device_array(l.bias, of_columns), *dy = device_array(l.dy, bytes);
    float *y = device_array(l.x, bytes), *dx = device_array(l.x, bytes);
    float *none = calloc((size_t)rows * 2 + 1, sizeof *none);
    float *statistics = device_array(none, FLOATS(2 * rows));
    float *weight_gradient = device_array(l.before, of_columns);
    float *bias_gradient = device_array(l.before, of_columns);
    gpu->layer_norm(rows, columns, x, weight, bias, y, statistics);
    gpu->layer_norm_backward_input(rows, columns, x, statistics, weight, dy, dx);
    gpu->layer_norm_backward_weight(rows, columns, x, statistics, dy, weight_gradient,
                                    bias_gradient);
    compare(y, t.y, t.size, l.count, &l, "y");
    compare(dx, t.dx, t.size, l.count, &l, "dx");
    compare(statistics, t.statistics, NULL, 2 * (size_t)rows, &l, "statistics");
    compare(weight_gradient, t.weight_gradient, t.weight_size, (size_t)columns, &l,
            "weight gradient");
    compare(bias_gradient, t.bias_gradient, t.weight_size, (size_t)columns, &l, "bias gradient");
    device_array_free(x, bytes);
    device_array_free(dy, bytes);
    device_array_free(weight, of_columns);
    device_array_free(bias, of_columns);
    free(none);
    layer_truth_free(&t);
    layer_free(&l);
}

static void layer_norms(const struct kernels *gpu)
{
    static const int rows[] = {0, 1, 3, 65, 130}, columns[] = {1, 3, 31, 33, 257, 1000};
    for (int i = 0; i < COUNT(rows); i++)
        for (int j = 0; j < COUNT(columns); j++)
            check_layer(gpu, rows[i], columns[j]);
    check_layer(gpu, 64 * 64 + 70, 3);
}

DEVICE_TEST(test_layer_norm, layer_norms)

Suite *test_suite(void)
{
    Suite *suite = suite_create("the GPU's layer norm");
    TCase *cases = tcase_create("emulated, in all orders");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, test_layer_norm);
    suite_add_tcase(suite, cases);
    return suite;
}
