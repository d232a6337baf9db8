/*
 * What a run says of how far it is: whose time and whose speed it is, on this computer and on the simulated cluster; and
 * that nobody repeats in other words what the program has said.
 */
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

#define SHARDED "common/tests/programs/sharded"
#define SMALL   "--data synthetic --batch 16 --micro-batches 4 --model mlp:depth=2,width=24 "

/* The number behind some words; fails the test if it is not there. */
static double number_behind(const char *text, const char *words)
{
    const char *found = strstr(text, words);
    ck_assert_msg(found != NULL, "%s: " TEST_LONG, words, text);
    return g_ascii_strtod(found + strlen(words), NULL);
}

static double number_before(const char *text, const char *words)
{
    const char *found = strstr(text, words);
    ck_assert_msg(found != NULL, "%s: " TEST_LONG, words, text);
    while (found > text && strchr("0123456789.", found[-1]))
        found--;
    return g_ascii_strtod(found, NULL);
}

START_TEST(simulated_time_and_speed_are_called_so)
{
    if (!test_has_simulator())
        return;
    struct test_run run = test_run_program(true, 4, SHARDED, SMALL "--steps 3 --report");
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    /* steps of 16 samples, of which the report says how long the last took: all three speeds are the cluster's */
    const double told = number_before(run.output, " simulated samples/s");
    const double reported = number_before(run.output, " samples/s (simulated)");
    const double step = 1e-6 * number_behind(run.output, "step time "); /* us */
    ck_assert_double_eq_tol(reported * step, 16, 0.01);
    ck_assert_double_gt(told, 0.5 * reported);
    ck_assert_double_lt(told, 1.1 * reported);
    /* microseconds of the cluster's, and milliseconds at the least of this computer's */
    number_behind(run.output, "trained 3 steps in ");
    ck_assert_ptr_nonnull(strstr(run.output, " on this computer; simulated time: "));
    test_run_clear(&run);
}
END_TEST

START_TEST(this_computer_s_time_needs_no_name)
{
    struct test_run run = test_run_program(false, 2, SHARDED, SMALL "--steps 3 --report");
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    ck_assert_ptr_nonnull(strstr(run.output, " samples/s (real)\n"));
    ck_assert_ptr_nonnull(strstr(run.output, "trained 3 steps in "));
    ck_assert_ptr_null(strstr(run.output, "simulated"));
    ck_assert_ptr_null(strstr(run.output, "on this computer;"));
    test_run_clear(&run);
}
END_TEST

/* smpirun says of every run that fails "Execution failed with code 2." */
START_TEST(the_program_has_the_last_word)
{
    if (_i == 1 && !test_has_simulator())
        return;
    struct test_run run = test_run_program(_i == 1, 3, SHARDED, SMALL "--steps 1");
    ck_assert_int_eq(run.status, 2);
    ck_assert_str_eq(run.output,
                     "sharded: refused: 4 micro-batches are no equal shares for 3 ranks\n");
    test_run_clear(&run);
}
END_TEST

/* What it prints and what it needs of the shell are its own. */
START_TEST(what_is_printed_comes_through)
{
    if (!test_has_simulator())
        return;
    struct test_run run = test_run_program(true, 2, SHARDED, "--help 2>/dev/null");
    ck_assert_int_eq(run.status, 0);
    ck_assert_ptr_nonnull(strstr(run.output, "Usage: sharded"));
    test_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("progress");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, simulated_time_and_speed_are_called_so);
    tcase_add_test(tests, this_computer_s_time_needs_no_name);
    tcase_add_loop_test(tests, the_program_has_the_last_word, 0, 2);
    tcase_add_test(tests, what_is_printed_comes_through);
    suite_add_tcase(suite, tests);
    return suite;
}
