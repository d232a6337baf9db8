/* Tests of what --corrupt everywhere moves, and by how much. */
#include "assignments/pipeline/corruption.h"
#include "tests/support/test.h"

static struct model *model;

static void set_up(void)
{
    char error[MODEL_ERROR_SIZE];
    /* flatten, linear, ReLU, linear */
    model = model_new("mlp:depth=2,width=4", SHAPE(1, 4, 4), 3, error);
    ck_assert_ptr_nonnull(model);
}

static void tear_down(void)
{
    model_free(model);
}

START_TEST(each_tensor_at_both_ends)
{
    int moved[4][3][3] = {0}; /* tensor, place, size; the outputs are tensor 0 */
    ck_assert_int_eq(corruption_count(model), 3 * 7 + 2); /* outputs have no norm */
    for (int k = 0; k < corruption_count(model); k++) {
        const struct corruption c = corruption_number(model, k);
        ck_assert(c.layer == -1 || c.layer == 1 || c.layer == 3);
        ck_assert_int_eq(c.size == CORRUPT_BEYOND_NORM, k >= 3 * 7);
        if (c.size == CORRUPT_BEYOND_NORM)
            continue;
        moved[c.layer < 0 ? 0 : c.layer][c.place][c.size]++;
    }
    for (int t = 0; t < 4; t++)
        for (int place = 0; place < 3 && t != 2; place++) {
            ck_assert_int_eq(moved[t][place][CORRUPT_CLEARLY], place == CORRUPT_MIDDLE);
            ck_assert_int_eq(moved[t][place][CORRUPT_BEYOND_TOLERANCE], 1);
            ck_assert_int_eq(moved[t][place][CORRUPT_WITHIN_TOLERANCE], 1);
        }
}
END_TEST

/* assert_close itself must notice the one and accept the other. */
START_TEST(as_assert_close_has_it)
{
    struct tensor *expected = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(5));
    struct tensor *actual = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(5));
    for (int k = 0; k < corruption_count(model); k++) {
        const struct corruption c = corruption_number(model, k);
        const struct tolerance allowed =
            c.layer < 0 ? tolerance_default(DTYPE_FLOAT32) : tolerance_gradient();
        for (int i = 0; i < 5; i++)
            tensor_floats(actual)[i] = tensor_floats(expected)[i] = 0.1f * (float)(i - 2);
        for (int i = 0; i < corruption_length(c, 5); i++)
            tensor_floats(actual)[corruption_index(c, 5) + i] += corruption_of(c, expected);
        ck_assert_int_eq(closeness_of(actual, expected, allowed).close,
                         c.size == CORRUPT_WITHIN_TOLERANCE);
    }
    tensor_free(expected);
    tensor_free(actual);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("corruption");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_tensor_at_both_ends);
    tcase_add_test(tests, as_assert_close_has_it);
    suite_add_tcase(suite, tests);
    return suite;
}
