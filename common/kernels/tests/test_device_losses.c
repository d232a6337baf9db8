/*
 * The GPU's cross-entropy, optimizers and dropout, on the emulated GPU: against the formulas in double precision, and
 * Philox's numbers.
 */
#include "common/base/random.h"
#include "tests/support/device_arrays.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array)  (int)(sizeof(array) / sizeof *(array))
#define FLOATS(count) ((size_t)(count) * sizeof(float))

/* ---- cross-entropy ----------------------------------------------------------------------------------------------- */

struct loss {
    int rows, classes;
    size_t count;
    float *x;
    int32_t *labels;
    double sum, *dx; /* the truth */
    int right;
};

static void row_loss(struct loss *l, int i, double scale)
{
    const float *x = l->x + (size_t)i * (size_t)l->classes;
    double largest = (double)x[0], sum = 0;
    int first = 0;
    for (int k = 1; k < l->classes; k++)
        if ((double)x[k] > largest)
            largest = (double)x[first = k];
    for (int k = 0; k < l->classes; k++)
        sum += exp((double)x[k] - largest);
    l->sum += log(sum) + largest - (double)x[l->labels[i]];
    l->right += first == l->labels[i];
    for (int k = 0; k < l->classes; k++)
        l->dx[i * l->classes + k] =
            scale * (exp((double)x[k] - largest) / sum - (k == l->labels[i] ? 1 : 0));
}

/* Rows in which the largest stands twice, at the label and before it or behind it, too. */
static struct loss loss_new(int rows, int classes, double scale)
{
    const size_t count = (size_t)rows * (size_t)classes;
    struct loss l = {.rows = rows, .classes = classes, .count = count};
    l.x = numbers_between(-5, 5, count, 1);
    l.labels = malloc(((size_t)rows + 1) * sizeof *l.labels);
    l.dx = calloc(count + 1, sizeof *l.dx);
    for (int i = 0; i < rows; i++) {
        float *row = l.x + (size_t)i * (size_t)classes;
        l.labels[i] = (i * 37 + 5) % classes;
        if (i % 3 > 0)
            row[l.labels[i]] = 1000 + (float)i;
        if (i % 3 == 1)
            row[(i * 11) % classes] = 1000 + (float)i;
    }
    for (int i = 0; i < rows; i++)
        row_loss(&l, i, scale);
    return l;
}

static void check_loss(const struct kernels *gpu, int rows, int classes)
{
    const float scale = 0.125f;
    struct loss l = loss_new(rows, classes, (double)scale);
    const size_t label_bytes = (size_t)rows * sizeof *l.labels;
    float *x = device_array(l.x, FLOATS(l.count)), *dx = device_array(l.x, FLOATS(l.count));
    int32_t *labels = device_array(l.labels, label_bytes);
    float *got = malloc(FLOATS(l.count + 1));
    int right = -1;
    const double sum = gpu->cross_entropy(rows, classes, x, labels, &right);
    device_results(&sum, sizeof sum);
    ck_assert_msg(right == l.right, "(%d, %d): %d are right, not %d", rows, classes, right,
                  l.right);
    ck_assert_msg(fabs(sum - l.sum) <= 1e-6 * (fabs(l.sum) + 1e-3), "(%d, %d): %.12g and not %.12g",
                  rows, classes, sum, l.sum);
    gpu->cross_entropy_backward(rows, classes, x, labels, scale, dx);
    device_array_take(dx, got, FLOATS(l.count));
    expect_near(got, l.dx, NULL, l.count, 1e-7, "gradient of (%d, %d)", rows, classes);
    gpu->cross_entropy_backward(rows, classes, x, labels, scale, x); /* in place */
    device_array_take(x, got, FLOATS(l.count));
    expect_near(got, l.dx, NULL, l.count, 1e-7, "gradient of (%d, %d) in place", rows, classes);
    device_array_free(labels, label_bytes);
    free(got);
    free(l.x);
    free(l.labels);
    free(l.dx);
}

static void losses(const struct kernels *gpu)
{
    static const int rows[] = {0, 1, 3, 70, 300}, classes[] = {1, 3, 31, 33, 257, 1000};
    for (int i = 0; i < COUNT(rows); i++)
        for (int j = 0; j < COUNT(classes); j++)
            check_loss(gpu, rows[i], classes[j]);
}

static void losses_of_none(const struct kernels *gpu)
{
    enum { CLASSES = 40 };
    static const int at[] = {0, 33, 39};
    const int32_t label = 33;
    for (int i = 0; i < COUNT(at); i++) {
        float numbers[CLASSES] = {0};
        int right = 0;
        numbers[at[i]] = NAN;
        float *x = device_array(numbers, sizeof numbers);
        int32_t *labels = device_array(&label, sizeof label);
        ck_assert_double_nan(gpu->cross_entropy(1, CLASSES, x, labels, &right));
        gpu->cross_entropy_backward(1, CLASSES, x, labels, 1, x);
        device_array_take(x, numbers, sizeof numbers);
        device_array_free(labels, sizeof label);
        for (int k = 0; k < CLASSES; k++)
            ck_assert_float_nan(numbers[k]);
    }
}

/* ---- optimizers --------------------------------------------------------------------------------------------------- */

static void check_sgd(const struct kernels *gpu, size_t count)
{
    float *parameter = numbers_between(-1, 1, count, 1), *buffer = numbers_between(-1, 1, count, 2);
    float *gradient = numbers_between(-1, 1, count, 3);
    double *parameters = calloc(count + 1, sizeof *parameters),
           *buffers = calloc(count + 1, sizeof *buffers);
    for (size_t i = 0; i < count; i++) {
        buffers[i] = (double)0.9f * (double)buffer[i] + (double)gradient[i];
        parameters[i] = (double)parameter[i] - (double)0.1f * buffers[i];
    }
    float *p = device_array(parameter, FLOATS(count)), *b = device_array(buffer, FLOATS(count));
    float *g = device_array(gradient, FLOATS(count));
    gpu->sgd_step(count, p, b, g, 0.1f, 0.9f);
    device_array_take(p, parameter, FLOATS(count));
    device_array_take(b, buffer, FLOATS(count));
    device_array_free(g, FLOATS(count));
    expect_near(parameter, parameters, NULL, count, 2e-7, "parameters of %zu", count);
    expect_near(buffer, buffers, NULL, count, 2e-7, "buffers of %zu", count);
    free(parameter);
    free(buffer);
    free(gradient);
    free(parameters);
    free(buffers);
}

static const struct adamw_factors factors = {.keep = 0.999f,
                                             .average_gain = 0.1f,
                                             .square_keep = 0.99f,
                                             .square_gain = 0.01f,
                                             .step_size = 0.02f,
                                             .correction = 0.5f,
                                             .epsilon = 1e-3f};

/* parameter, average and square of one element */
static void adamw_truth(double element[3], double g)
{
    element[1] += (double)factors.average_gain * (g - element[1]);
    element[2] = (double)factors.square_keep * element[2] + (double)factors.square_gain * g * g;
    element[0] = (double)factors.keep * element[0] -
                 (double)factors.step_size * element[1] /
                     (sqrt(element[2]) / (double)factors.correction + (double)factors.epsilon);
}

static void check_adamw(const struct kernels *gpu, size_t count)
{
    float *state[3], *on_device[3], *gradient = numbers_between(-1, 1, count, 4);
    double *truth[3];
    for (uint32_t k = 0; k < 3; k++) {
        state[k] = numbers_between(k == 2 ? 0 : -1, 1, count, k);
        on_device[k] = device_array(state[k], FLOATS(count));
        truth[k] = calloc(count + 1, sizeof *truth[k]);
    }
    for (size_t i = 0; i < count; i++) {
        double element[3] = {(double)state[0][i], (double)state[1][i], (double)state[2][i]};
        adamw_truth(element, (double)gradient[i]);
        for (int k = 0; k < 3; k++)
            truth[k][i] = element[k];
    }
    float *g = device_array(gradient, FLOATS(count));
    gpu->adamw_step(count, on_device[0], on_device[1], on_device[2], g, factors);
    device_array_free(g, FLOATS(count));
    for (int k = 0; k < 3; k++) {
        device_array_take(on_device[k], state[k], FLOATS(count));
        expect_near(state[k], truth[k], NULL, count, 3e-7, "part %d of %zu", k, count);
        free(state[k]);
        free(truth[k]);
    }
    free(gradient);
}

static void optimizers(const struct kernels *gpu)
{
    static const size_t counts[] = {0, 1, 3, 255, 256, 257, 1000};
    for (int i = 0; i < COUNT(counts); i++) {
        check_sgd(gpu, counts[i]);
        check_adamw(gpu, counts[i]);
    }
}

/* ---- dropout ------------------------------------------------------------------------------------------------------ */

static void check_dropout(const struct kernels *gpu, struct dropout_draw draw, uint64_t first,
                          size_t count)
{
    float *x = numbers_between(1, 2, count, 1), *drawn = malloc(FLOATS(count + 1));
    float *got = malloc(FLOATS(count + 1));
    random_uniform(drawn, count, draw.seed, draw.stream, first, 0, 1);
    float *y = device_array(x, FLOATS(count));
    gpu->dropout(&draw, first, count, y, y); /* in place */
    device_array_take(y, got, FLOATS(count));
    for (size_t i = 0; i < count; i++) {
        const float expected = drawn[i] < draw.rate ? 0 : x[i] * (1 / (1 - draw.rate));
        ck_assert_msg(memcmp(&got[i], &expected, sizeof expected) == 0,
                      "element %zu from %llu: %g and not %g", i, (unsigned long long)first,
                      (double)got[i], (double)expected);
    }
    free(x);
    free(drawn);
    free(got);
}

static void dropouts(const struct kernels *gpu)
{
    static const uint64_t firsts[] = {0, 1, 2, 3, 4, 1001, (1ull << 34) - 3};
    static const size_t counts[] = {0, 1, 2, 5, 1023, 4 * 256 + 1};
    static const float rates[] = {0, 0.1f, 0.5f};
    for (int i = 0; i < COUNT(firsts); i++)
        for (int j = 0; j < COUNT(counts); j++)
            for (int k = 0; k < COUNT(rates); k++)
                check_dropout(gpu,
                              (struct dropout_draw){.seed = 0x123456789abcdefull,
                                                    .stream = random_stream(RANDOM_DROPOUT, 77, 3),
                                                    .rate = rates[k]},
                              firsts[i], counts[j]);
}

DEVICE_TEST(test_cross_entropy, losses)
DEVICE_TEST(test_nan_makes_the_loss_nan, losses_of_none)
DEVICE_TEST(test_optimizers, optimizers)
DEVICE_TEST(test_dropout_drops_the_same_elements, dropouts)

Suite *test_suite(void)
{
    Suite *suite = suite_create("the GPU's losses and optimizers");
    TCase *cases = tcase_create("emulated, in all orders");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, test_cross_entropy);
    tcase_add_test(cases, test_nan_makes_the_loss_nan);
    tcase_add_test(cases, test_optimizers);
    tcase_add_test(cases, test_dropout_drops_the_same_elements);
    suite_add_tcase(suite, cases);
    return suite;
}
