/*
 * The GPU's sums and maxima, on the emulated GPU: against sums in double precision.
 */
#include "common/kernels/tests/device_matrix.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

static void check_row_sums(const struct kernels *gpu, struct matrix *m)
{
    float *x = device_array(m->x, FLOATS(m->count));
    float *sums = device_array(m->of_rows, FLOATS(m->rows));
    float *maxima = device_array(m->of_rows, FLOATS(m->rows));
    float *got = malloc(FLOATS(m->rows + 1));
    gpu->row_sums(m->rows, m->columns, x, sums);
    gpu->row_maxima(m->rows, m->columns, x, maxima);
    device_array_free(x, FLOATS(m->count));
    device_array_take(sums, got, FLOATS(m->rows));
    for (int i = 0; i < m->rows; i++)
        for (int j = 0; j < m->columns; j++) {
            m->truth[i] += at(m, i, j);
            m->magnitude[i] += fabs(at(m, i, j));
        }
    expect_near(got, m->truth, m->magnitude, (size_t)m->rows, 3e-7, "row sums of (%d, %d)", m->rows,
                m->columns);
    device_array_take(maxima, got, FLOATS(m->rows));
    for (int i = 0; i < m->rows; i++) {
        m->truth[i] = at(m, i, 0);
        for (int j = 1; j < m->columns; j++)
            m->truth[i] = fmax(m->truth[i], at(m, i, j));
    }
    expect_near(got, m->truth, NULL, (size_t)m->rows, 0, "row maxima of (%d, %d)", m->rows,
                m->columns);
    free(got);
}

static void check_column_sums(const struct kernels *gpu, struct matrix *m)
{
    float *x = device_array(m->x, FLOATS(m->count));
    float *sums = device_array(m->of_columns, FLOATS(m->columns));
    float *got = malloc(FLOATS(m->columns));
    gpu->add_column_sums(m->rows, m->columns, x, sums);
    device_array_free(x, FLOATS(m->count));
    device_array_take(sums, got, FLOATS(m->columns));
    for (int j = 0; j < m->columns; j++) {
        m->truth[j] = (double)m->of_columns[j];
        for (int i = 0; i < m->rows; i++) {
            m->truth[j] += at(m, i, j);
            m->magnitude[j] += fabs(at(m, i, j));
        }
    }
    expect_near(got, m->truth, m->magnitude, (size_t)m->columns, 3e-7, "column sums of (%d, %d)",
                m->rows, m->columns);
    free(got);
}

static void sums(const struct kernels *gpu)
{
    for_all_sizes(gpu, check_row_sums);
    for_all_sizes(gpu, check_column_sums);
    struct matrix tall = matrix_new(64 * 64 + 70, 5); /* bands of bands */
    check_column_sums(gpu, &tall);
    matrix_free(&tall);
}

static void check_sum(const struct kernels *gpu, size_t count)
{
    float *x = numbers_between(-1, 1, count, 5);
    if (count > 1) /* what float32 would lose */
        x[0] = 0x1p24f, x[count - 1] = -0x1p24f;
    double truth = 0, magnitude = 0;
    for (size_t i = 0; i < count; i++) {
        truth += (double)x[i];
        magnitude += fabs((double)x[i]);
    }
    float *on_device = device_array(x, FLOATS(count));
    const double sum = gpu->sum(count, on_device);
    device_results(&sum, sizeof sum);
    device_array_free(on_device, FLOATS(count));
    ck_assert_double_le(fabs(sum - truth), 1e-14 * magnitude);
    free(x);
}

static void sums_of_all(const struct kernels *gpu)
{
    static const size_t counts[] = {0, 1, 63, 64, 65, 1000, 64 * 257 + 1, 64 * 65536 + 4321};
    for (int i = 0; i < COUNT(counts); i++)
        check_sum(gpu, counts[i]);
}

/* ---- numbers that are none -------------------------------------------------------------------------------------- */

static void not_numbers(const struct kernels *gpu)
{
    enum { ROWS = 4, COLUMNS = 70 };
    float x[ROWS][COLUMNS] = {{0}}, sums[ROWS], maxima[ROWS];
    for (int j = 0; j < COLUMNS; j++)
        x[2][j] = -INFINITY;
    x[0][69] = NAN;
    x[1][33] = INFINITY;
    x[3][0] = NAN; /* and larger ones behind it */
    x[3][1] = 1;
    float *on_device = device_array(x, sizeof x), *sum = device_array(sums, sizeof sums);
    float *maximum = device_array(maxima, sizeof maxima);
    gpu->row_sums(ROWS, COLUMNS, on_device, sum);
    gpu->row_maxima(ROWS, COLUMNS, on_device, maximum);
    ck_assert_double_nan(gpu->sum(COLUMNS, on_device));
    ck_assert_double_eq(gpu->sum(COLUMNS, on_device + COLUMNS), INFINITY);
    device_array_free(on_device, sizeof x);
    device_array_take(sum, sums, sizeof sums);
    device_array_take(maximum, maxima, sizeof maxima);
    const double truth[ROWS] = {NAN, INFINITY, -INFINITY, NAN};
    expect_near(sums, truth, NULL, ROWS, 0, "sums of rows with none");
    expect_near(maxima, truth, NULL, ROWS, 0, "largest of rows with none");
}

DEVICE_TEST(test_sums_and_maxima, sums)
DEVICE_TEST(test_sum_of_all_in_double, sums_of_all)
DEVICE_TEST(test_nan_and_infinity_stay, not_numbers)

Suite *test_suite(void)
{
    Suite *suite = suite_create("the GPU's sums");
    TCase *cases = tcase_create("emulated, in all orders");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, test_sums_and_maxima);
    tcase_add_test(cases, test_sum_of_all_in_double);
    tcase_add_test(cases, test_nan_and_infinity_stay);
    suite_add_tcase(suite, cases);
    return suite;
}
