/* Tests of what is kept of a run's output. */
#include "grader/run/outcome.h"
#include "tests/support/test.h"

#include <string.h>

START_TEST(mpiruns_boxes_are_left_out)
{
    static const char rule[] =
        "--------------------------------------------------------------------------\n";
    g_autofree char *said =
        g_strconcat("before\n", rule, "MPI_ABORT was invoked on rank 0\n", rule, "between\n", rule,
                    "mpirun noticed that rank 1 died\n", rule, "after\n", NULL);
    g_autofree char *expected = g_strconcat(
        "before\nbetween\n", rule, "mpirun noticed that rank 1 died\n", rule, "after\n", NULL);
    g_autofree char *quiet = outcome_quieten(said);
    ck_assert_str_eq(quiet, expected);
    g_autofree char *open = outcome_quieten("a\n-------------------------------------------------"
                                            "--------------------------\nMPI_ABORT was\n");
    ck_assert_ptr_nonnull(strstr(open, "MPI_ABORT was")); /* not closed: kept */
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("outcome");
    TCase *tests = tcase_create("outcome");
    tcase_add_test(tests, mpiruns_boxes_are_left_out);
    suite_add_tcase(suite, tests);
    return suite;
}
