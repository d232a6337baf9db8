/*
 * The coefficient matrix: recovered from gradients that were added up by hand,
 * product by product, with known coefficients.
 */
#include "common/base/random.h"
#include "grader/truth/coefficients.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define MOST 8

static struct tensor *x[MOST], *dy[MOST], *gradient;

static struct tensor *random_tensor(int rows, int width, uint32_t number)
{
    struct tensor *tensor =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(rows, width));
    random_normal(tensor_floats(tensor), (size_t)tensor->count, 42,
                  random_stream(RANDOM_TEST, number, 0), 0, 0.1f, 1);
    return tensor;
}

/* Random inputs and output gradients of m micro-batches, and a gradient of zeros. */
static void make(int m, int rows, int inputs, int outputs)
{
    for (int i = 0; i < m; i++) {
        x[i] = random_tensor(rows, inputs, (uint32_t)i);
        dy[i] = random_tensor(rows, outputs, (uint32_t)(100 + i));
    }
    gradient = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(outputs, inputs));
    tensor_zero(gradient);
}

static void destroy(int m)
{
    for (int i = 0; i < m; i++) {
        tensor_free(x[i]);
        tensor_free(dy[i]);
    }
    tensor_free(gradient);
}

/* gradient += share · dy_jᵀ x_i, by the definition. */
static void add_product(int i, int j, double share)
{
    int outputs = gradient->shape.size[0], inputs = gradient->shape.size[1];
    int rows = x[i]->shape.size[0];
    for (int o = 0; o < outputs; o++)
        for (int k = 0; k < inputs; k++) {
            double sum = 0;
            for (int row = 0; row < rows; row++)
                sum += (double)tensor_floats(dy[j])[row * outputs + o] *
                       (double)tensor_floats(x[i])[row * inputs + k];
            tensor_floats(gradient)[o * inputs + k] += (float)(share * sum);
        }
}

static double reversed(int i, int j, int m)
{
    return i + j == m - 1;
}

static double identity(int i, int j, int m)
{
    (void)m;
    return i == j;
}

static double odd_one(int i, int j, int m)
{
    return 0.25 * i - 0.5 * j + 0.125 * m;
}

static double times_m(int i, int j, int m)
{
    return i == j ? m : 0;
}

/* Is every element within `tolerance` of expected(i, j, m), and nothing else in the gradient? */
typedef double pattern(int i, int j, int micro_batches);
static bool matches(const struct coefficients *coefficients, pattern *expected, double tolerance)
{
    int m = coefficients->micro_batches;
    if (!coefficients->unique || !(coefficients->left <= tolerance))
        return false;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++) {
            double right = expected(i, j, m);
            double scale = fabs(right) > 1 ? fabs(right) : 1;
            if (!(fabs(coefficients->value[i * m + j] - right) <= tolerance * scale))
                return false;
        }
    return true;
}

static pattern *const patterns[] = {identity, reversed, odd_one, times_m};
static const int sizes[][4] = {
    /* micro-batches, rows, inputs, outputs */
    {1, 4, 9, 5},
    {2, 1, 9, 5},
    {3, 8, 30, 10},
    {6, 4, 64, 10},
    {8, 3, 20, 40}};

START_TEST(known_coefficients_come_back)
{
    const int *size = sizes[_i];
    int m = size[0];
    for (size_t p = 0; p < G_N_ELEMENTS(patterns); p++) {
        make(m, size[1], size[2], size[3]);
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++)
                add_product(i, j, patterns[p](i, j, m));
        struct coefficients *c = coefficients_fit(7, m, x, dy, gradient);
        ck_assert_ptr_nonnull(c);
        ck_assert_int_eq(c->layer, 7);
        ck_assert(c->unique && !c->diagonal);
        ck_assert_double_lt(c->left, 1e-3);
        ck_assert(matches(c, patterns[p], 1e-3));
        for (size_t other = 0; m > 1 && other < G_N_ELEMENTS(patterns); other++)
            ck_assert(other == p || !matches(c, patterns[other], 1e-2));
        coefficients_free(c);
        destroy(m);
    }
}
END_TEST

START_TEST(what_is_no_sum_is_left_over)
{
    make(3, 2, 20, 10);
    for (int i = 0; i < 3; i++)
        add_product(i, i, 1);
    struct tensor *noise = random_tensor(10, 20, 999);
    for (int i = 0; i < noise->count; i++)
        tensor_floats(gradient)[i] += tensor_floats(noise)[i];
    struct coefficients *c = coefficients_fit(0, 3, x, dy, gradient);
    ck_assert_double_gt(c->left, 0.2);
    ck_assert(!matches(c, identity, 1e-2));
    coefficients_free(c);
    tensor_free(noise);
    destroy(3);
}
END_TEST

/* A mean-of-outputs loss gives every micro-batch the same dy: whose it was can't be known. */
START_TEST(equal_output_gradients_are_not_unique)
{
    make(3, 2, 20, 10);
    tensor_copy(dy[1], dy[0]);
    tensor_copy(dy[2], dy[0]);
    for (int i = 0; i < 3; i++)
        add_product(i, i, 1);
    struct coefficients *c = coefficients_fit(0, 3, x, dy, gradient);
    ck_assert(!c->unique);
    ck_assert_double_lt(c->left, 1e-3);
    ck_assert(!matches(c, identity, 1e-2));
    coefficients_free(c);
    destroy(3);
}
END_TEST

START_TEST(zeros_have_zero_coefficients)
{
    make(2, 2, 6, 5);
    struct coefficients *c = coefficients_fit(0, 2, x, dy, gradient);
    for (int k = 0; k < 4; k++)
        ck_assert_double_eq_tol(c->value[k], 0, 1e-9);
    ck_assert_double_eq(c->left, 0);
    coefficients_free(c);
    destroy(2);
}
END_TEST

START_TEST(shapes_that_do_not_fit_are_refused)
{
    make(2, 2, 6, 5);
    struct tensor *flat = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(30));
    struct tensor *wide = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(5, 7));
    ck_assert_ptr_null(coefficients_fit(0, 2, x, dy, flat));
    ck_assert_ptr_null(coefficients_fit(0, 2, x, dy, wide));
    tensor_free(flat);
    tensor_free(wide);
    destroy(2);
}
END_TEST

START_TEST(parts_of_any_layer)
{
    const float a[] = {1, 2, 0, 0, 1}, b[] = {0, 1, 1, 0, -1}, c[] = {3, 0, 0, 1, 0};
    const float *const parts[] = {a, b, c};
    const double share[] = {1, 0, 2.5};
    float sum[5];
    for (int i = 0; i < 5; i++)
        sum[i] = (float)(share[0] * a[i] + share[1] * b[i] + share[2] * c[i]);
    struct coefficients *fit = coefficients_fit_parts(3, 3, parts, 5, sum);
    ck_assert(fit->diagonal && fit->unique);
    ck_assert_double_lt(fit->left, 1e-6);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            ck_assert_double_eq_tol(fit->value[i * 3 + j], i == j ? share[i] : 0, 1e-6);
    coefficients_free(fit);
}
END_TEST

START_TEST(the_picture_shows_the_numbers)
{
    char folder[] = "/tmp/coefficients-XXXXXX";
    ck_assert_ptr_nonnull(g_mkdtemp(folder));
    make(3, 2, 20, 10);
    for (int i = 0; i < 3; i++)
        add_product(i, 2 - i, 0.625);
    struct coefficients *c = coefficients_fit(0, 3, x, dy, gradient);
    g_autofree char *picture = g_build_filename(folder, "cm", NULL);
    ck_assert(coefficients_picture(c, "Layer 3: \"what\" was_added up", picture));
    g_autofree char *path = g_strconcat(picture, ".svg", NULL);
    g_autofree char *svg = NULL;
    ck_assert(g_file_get_contents(path, &svg, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(svg, "0.625"));
    ck_assert_ptr_nonnull(strstr(svg, "was_added up"));
    g_autofree char *script = g_build_filename(folder, "cm.gnuplot", NULL);
    g_unlink(path);
    g_unlink(script);
    g_rmdir(folder);
    coefficients_free(c);
    destroy(3);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("coefficient matrix");
    TCase *cases = tcase_create("fit");
    tcase_set_timeout(cases, 30);
    tcase_add_loop_test(cases, known_coefficients_come_back, 0, G_N_ELEMENTS(sizes));
    tcase_add_test(cases, what_is_no_sum_is_left_over);
    tcase_add_test(cases, equal_output_gradients_are_not_unique);
    tcase_add_test(cases, zeros_have_zero_coefficients);
    tcase_add_test(cases, shapes_that_do_not_fit_are_refused);
    tcase_add_test(cases, parts_of_any_layer);
    tcase_add_test(cases, the_picture_shows_the_numbers);
    suite_add_tcase(suite, cases);
    return suite;
}
