/* How long a grade will still take, as the progress line says it. */
#include "grader/grade/progress.h"
#include "tests/support/test.h"

/* A check whose runs may take so many seconds. */
static struct check_result *done(struct rubric_check *check, double seconds)
{
    static struct check_result result;
    static struct verdict verdict = {.kind = VERDICT_PASS};
    const struct rubric_run run = {.seconds = seconds};
    *check = (struct rubric_check){.runs = g_array_new(FALSE, TRUE, sizeof run)};
    g_array_append_val(check->runs, run);
    result = (struct check_result){.check = check, .verdict = &verdict, .done = true};
    return &result;
}

/* What is left takes as long, for what it may take, as what is done took. */
START_TEST(the_time_left_goes_by_the_work)
{
    struct grade_progress progress = grade_progress_begin(true);
    struct rubric_check checks[3];
    const double seconds[] = {1.8, 3.8, 5.8};
    for (int i = 0; i < 3; i++) {
        done(&checks[i], seconds[i]);
        grade_progress_add(&progress, &checks[i]);
    }
    ck_assert_int_eq(progress.all, 3);
    ck_assert_double_lt(grade_progress_left(&progress, 1), 0); /* nobody knows */
    g_array_unref(checks[0].runs);
    grade_progress_check_done(&progress, done(&checks[0], 1.8));
    ck_assert_double_eq_tol(grade_progress_left(&progress, 3), 15, 1e-9); /* 2 of 12 took 3 s */
    for (int i = 1; i < 3; i++) {
        g_array_unref(checks[i].runs);
        grade_progress_check_done(&progress, done(&checks[i], seconds[i]));
    }
    ck_assert_double_eq_tol(grade_progress_left(&progress, 20), 0, 1e-9);
    ck_assert_int_eq(progress.states[STATE_PASSED], 3);
    for (int i = 0; i < 3; i++)
        g_array_unref(checks[i].runs);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("progress");
    TCase *tests = tcase_create("progress");
    tcase_add_test(tests, the_time_left_goes_by_the_work);
    suite_add_tcase(suite, tests);
    return suite;
}
