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

/* Exit status 2 is a refusal where every rank was on its way out, whether mpirun let it come there or not. */
START_TEST(a_refusal_is_one_though_mpirun_ends_the_others)
{
    struct log_record last[2] = {{.operation = LOG_FINALIZE}, {.operation = LOG_FINALIZE}};
    struct log_file log[2] = {{.rank = 0, .count = 1, .record = &last[0]},
                              {.rank = 1, .count = 1, .record = &last[1], .complete = true}};
    const struct outcome outcome = {.ranks = 2, .log = log};
    ck_assert(outcome_is_refusal(&outcome, 2));
    ck_assert(!outcome_is_refusal(&outcome, 1));
    last[0].operation = LOG_BARRIER;
    ck_assert(!outcome_is_refusal(&outcome, 2));
    log[0].complete = true;
    ck_assert(outcome_is_refusal(&outcome, 2));
    log[0] = (struct log_file){.rank = 0};
    ck_assert(!outcome_is_refusal(&outcome, 2));
    log[1] = (struct log_file){.rank = 1};
    ck_assert(outcome_is_refusal(&outcome, 2)); /* before there were logs */
}
END_TEST

START_TEST(only_what_ends_within_finalize_is_run_again)
{
    struct log_record last[2] = {{.operation = LOG_FINALIZE}, {.operation = LOG_FINALIZE}};
    struct log_file log[2] = {{.rank = 0, .count = 1, .record = &last[0]},
                              {.rank = 1, .count = 1, .record = &last[1], .complete = true}};
    struct outcome outcome = {.end = RUN_CRASHED, .ranks = 2, .log = log};
    char sanitizer[] = "heap-use-after-free";
    ck_assert(outcome_ended_in_finalize(&outcome));
    outcome.fault = sanitizer;
    ck_assert(!outcome_ended_in_finalize(&outcome));
    outcome.end = RUN_HUNG;
    ck_assert(outcome_ended_in_finalize(&outcome));
    last[0].operation = LOG_BARRIER;
    ck_assert(!outcome_ended_in_finalize(&outcome));
    outcome.end = RUN_FAILED;
    last[0].operation = LOG_FINALIZE;
    ck_assert(!outcome_ended_in_finalize(&outcome));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("outcome");
    TCase *tests = tcase_create("outcome");
    tcase_add_test(tests, mpiruns_boxes_are_left_out);
    tcase_add_test(tests, a_refusal_is_one_though_mpirun_ends_the_others);
    tcase_add_test(tests, only_what_ends_within_finalize_is_run_again);
    suite_add_tcase(suite, tests);
    return suite;
}
