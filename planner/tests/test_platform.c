/* Tests of what the planner knows about machines. */
#include "planner/planner.h"
#include "tests/support/test.h"

START_TEST(platforms_are_read)
{
    GString *error = g_string_new(NULL);
    struct platform *platform = plan_platform_read(".", "free", error);
    ck_assert_ptr_nonnull(platform);
    ck_assert(platform->speed == 1e9); /* one operation takes a nanosecond */
    ck_assert_int_ge(platform->hosts, 512);
    g_free(platform);
    g_string_free(error, TRUE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("platform");
    TCase *tests = tcase_create("platform");
    tcase_add_test(tests, platforms_are_read);
    suite_add_tcase(suite, tests);
    return suite;
}
