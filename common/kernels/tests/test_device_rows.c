/*
 * The GPU's kernels of rows and columns, on the emulated GPU: against formulas in double precision, for many sizes,
 * and with the same bits in whichever order threads run.
 */
#include "common/kernels/tests/device_matrix.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- element by element ------------------------------------------------------------------------------------------ */

enum change { FILL, ADD_TO_COLUMNS, MULTIPLY_COLUMNS, ADD_TO_ROWS, MULTIPLY_ROWS, CHANGES };

static double changed(const struct matrix *m, enum change change, int i, int j)
{
    const double x = at(m, i, j), of_row = (double)m->of_rows[i],
                 of_column = (double)m->of_columns[j];
    const double results[CHANGES] = {of_column, x + of_column, x * of_column, x + of_row,
                                     x * of_row};
    return results[change];
}

static void check_change(const struct kernels *gpu, struct matrix *m, enum change change)
{
    void (*const kernels[CHANGES])(int, int, const float *, float *) = {
        gpu->fill_rows, gpu->add_to_columns, gpu->multiply_columns, gpu->add_to_rows,
        gpu->multiply_rows};
    const bool by_row = change == ADD_TO_ROWS || change == MULTIPLY_ROWS;
    const size_t bytes = FLOATS(by_row ? m->rows : m->columns);
    float *y = device_array(m->x, FLOATS(m->count));
    float *values = device_array(by_row ? m->of_rows : m->of_columns, bytes);
    kernels[change](m->rows, m->columns, values, y);
    float *got = malloc(FLOATS(m->count + 1));
    device_array_take(y, got, FLOATS(m->count));
    device_array_free(values, bytes);
    for (int i = 0; i < m->rows; i++)
        for (int j = 0; j < m->columns; j++)
            m->truth[i * m->columns + j] = changed(m, change, i, j);
    expect_near(got, m->truth, NULL, m->count, 1e-7, "change %d of (%d, %d)", (int)change, m->rows,
                m->columns);
    free(got);
}

static void check_changes(const struct kernels *gpu, struct matrix *m)
{
    for (enum change change = FILL; change < CHANGES; change++)
        check_change(gpu, m, change);
}

static void changes(const struct kernels *gpu)
{
    for_all_sizes(gpu, check_changes);
}

static void one_by_one(const struct kernels *gpu)
{
    enum { MOST = 1000 };
    for (size_t count = 0; count <= MOST; count += count < 3 ? 1 : 253) {
        float *x = numbers_between(0, 2, count, 4), got[MOST];
        double truth[MOST];
        float *y = device_array(x, FLOATS(count));
        gpu->scale(count, -1.25f, y);
        device_array_take(y, got, FLOATS(count));
        for (size_t i = 0; i < count; i++)
            truth[i] = -1.25 * (double)x[i];
        expect_near(got, truth, NULL, count, 1e-7, "scale of %zu", count);
        y = device_array(x, FLOATS(count));
        gpu->inverse_square_root(count, 1e-3f, y);
        device_array_take(y, got, FLOATS(count));
        for (size_t i = 0; i < count; i++)
            truth[i] = 1 / sqrt((double)x[i] + (double)1e-3f);
        expect_near(got, truth, NULL, count, 3e-7, "inverse square root of %zu", count);
        free(x);
    }
}

static void check_copy(const struct kernels *gpu, size_t blocks, size_t length, size_t from_step,
                       size_t to_step)
{
    enum { MOST = 4000 };
    int32_t from[MOST], to[MOST], expected[MOST];
    ck_assert(blocks * from_step + length <= MOST && blocks * to_step + length <= MOST);
    for (int i = 0; i < MOST; i++) { /* bits of NaN, of subnormal numbers, of anything */
        from[i] = (int32_t)(0x7f800001u + (uint32_t)i * 2654435761u);
        expected[i] = -i;
    }
    int32_t *on_device = device_array(from, sizeof from);
    int32_t *copied = device_array(expected, sizeof expected);
    gpu->copy_blocks(blocks, length, (const float *)(const void *)on_device, from_step,
                     (float *)(void *)copied, to_step);
    device_array_free(on_device, sizeof from);
    device_array_take(copied, to, sizeof to);
    for (size_t block = 0; block < blocks; block++)
        for (size_t i = 0; i < length; i++)
            expected[block * to_step + i] = from[block * from_step + i];
    ck_assert_msg(memcmp(to, expected, sizeof to) == 0, "%zu blocks of %zu from every %zu to %zu",
                  blocks, length, from_step, to_step);
}

static void copies(const struct kernels *gpu)
{
    check_copy(gpu, 0, 5, 5, 5);
    check_copy(gpu, 5, 0, 5, 5);
    check_copy(gpu, 1, 1000, 0, 0);
    check_copy(gpu, 7, 33, 40, 35);
    check_copy(gpu, 31, 1, 3, 100);
    check_copy(gpu, 3, 700, 700, 701);
}

/* ---- one of each row ------------------------------------------------------------------------------------------- */

static void check_pick(const struct kernels *gpu, struct matrix *m)
{
    const int first = 5;
    int32_t *index = malloc((size_t)(m->rows + 1) * sizeof *index);
    for (int i = 0; i < m->rows; i++) /* before, in and behind the columns */
        index[i] = first - 2 + (i * 7) % (m->columns + 4);
    const size_t index_bytes = (size_t)m->rows * sizeof *index;
    int32_t *on_device = device_array(index, index_bytes);
    float *x = device_array(m->x, FLOATS(m->count));
    float *values = device_array(m->of_rows, FLOATS(m->rows));
    float *got = malloc(FLOATS(m->count + (size_t)m->rows + 1));
    gpu->pick(m->rows, m->columns, first, on_device, x, values);
    device_array_take(values, got, FLOATS(m->rows));
    for (int i = 0; i < m->rows; i++) {
        const int column = index[i] - first;
        m->truth[i] = column >= 0 && column < m->columns ? at(m, i, column) : 0;
    }
    expect_near(got, m->truth, NULL, (size_t)m->rows, 0, "pick of (%d, %d)", m->rows, m->columns);
    gpu->add_to_picked(m->rows, m->columns, first, on_device, 0.5f, x);
    device_array_take(x, got, FLOATS(m->count));
    device_array_free(on_device, index_bytes);
    for (int i = 0; i < m->rows; i++)
        for (int j = 0; j < m->columns; j++)
            m->truth[i * m->columns + j] = at(m, i, j) + (index[i] - first == j ? 0.5 : 0);
    expect_near(got, m->truth, NULL, m->count, 1e-7, "add to picked of (%d, %d)", m->rows,
                m->columns);
    free(got);
    free(index);
}

static void picks(const struct kernels *gpu)
{
    for_all_sizes(gpu, check_pick);
}

DEVICE_TEST(test_changes_of_rows_and_columns, changes)
DEVICE_TEST(test_scale_and_inverse_square_root, one_by_one)
DEVICE_TEST(test_blocks_are_copied_bit_by_bit, copies)
DEVICE_TEST(test_one_of_each_row, picks)

Suite *test_suite(void)
{
    Suite *suite = suite_create("the GPU's rows and columns");
    TCase *cases = tcase_create("emulated, in all orders");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, test_changes_of_rows_and_columns);
    tcase_add_test(cases, test_scale_and_inverse_square_root);
    tcase_add_test(cases, test_blocks_are_copied_bit_by_bit);
    tcase_add_test(cases, test_one_of_each_row);
    suite_add_tcase(suite, cases);
    return suite;
}
