/* Sizes in the planner's command line, against what their units mean. */
#include "planner/planner.h"
#include "tests/support/test.h"

#include <string.h>

static const struct {
    const char *text;
    double bytes;
} good[] = {
    {"1024", 1024},         {"1B", 1},
    {"80GiB", 85899345920}, {"80 GiB", 85899345920},
    {"40GB", 40000000000},  {"1.5KiB", 1536},
    {"512MiB", 536870912},  {"2TB", 2000000000000},
    {"3kB", 3000},          {"1TiB", 1099511627776},
};

START_TEST(sizes_are_read)
{
    GString *error = g_string_new(NULL);
    double bytes = 0;
    ck_assert_msg(plan_read_bytes("MEMORY", good[_i].text, &bytes, error), "%s", error->str);
    ck_assert_double_eq_tol(bytes, good[_i].bytes, 0.5);
    g_string_free(error, TRUE);
}
END_TEST

static const char *const wrong[] = {"",     "abc",  "GiB",       "-1GiB", "0",   "0GiB",
                                    "80Gi", "80gb", "80GiB80",   "1e999", "nan", "0x10",
                                    "inf",  "8O",   "80GiBytes", ".5GiB"};

START_TEST(other_words_are_refused)
{
    GString *error = g_string_new(NULL);
    double bytes = -1;
    ck_assert_msg(!plan_read_bytes("MEMORY", wrong[_i], &bytes, error), "'%s' is %g", wrong[_i],
                  bytes);
    ck_assert_ptr_nonnull(strstr(error->str, "must be a size, as 80GiB"));
    ck_assert_double_eq_tol(bytes, -1, 1e-9);
    g_string_free(error, TRUE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sizes");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, sizes_are_read, 0, (int)G_N_ELEMENTS(good));
    tcase_add_loop_test(tests, other_words_are_refused, 0, (int)G_N_ELEMENTS(wrong));
    suite_add_tcase(suite, tests);
    return suite;
}
