/*
 * The judges on runs of the solutions in whose logs one field has a value that makes no sense.
 */
#include "tests/support/swept.h"
#include "tests/support/test.h"

START_TEST(odd_values_are_judged)
{
    swept_are_judged("pipeline/naive_own_stage pipeline/afab_order pipeline/no_luck "
                     "pipeline/1f1b_memory pipeline/beats_naive",
                     2000);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judges: odd values");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, odd_values_are_judged);
    suite_add_tcase(suite, tests);
    return suite;
}
