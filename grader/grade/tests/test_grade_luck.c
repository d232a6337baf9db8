/* Looking for luck by simulation: what becomes of a simulation that can't be begun. */
#include "grader/grade/grade_luck.h"
#include "tests/support/grading.h"
#include "tests/support/test.h"

static struct rubric_run training(const struct assignment *assignment)
{
    return (struct rubric_run){.assignment = assignment,
                               .ranks = 2,
                               .seconds = 5,
                               .arguments = g_strdup("--data synthetic --steps 1")};
}

/* A check that passed with a run whose replay left a doubt. */
static struct check_result passed(const struct rubric_check *check)
{
    struct check_result result = {
        .check = check, .verdict = verdict_new(), .runs = grade_runs_new()};
    const struct run_summary run = {.ranks = 2, .end = RUN_FINISHED, .seed = 7};
    verdict_set(result.verdict, VERDICT_PASS, "it is right");
    g_array_append_val(result.runs, run);
    return result;
}

START_TEST(what_can_not_be_simulated_is_told)
{
    static const struct assignment assignment = {.name = "one of a test"};
    struct build build = {.simulated_program = "program"};
    const struct grade grade = {.build = &build};
    struct rubric_check check = {.name = "sums",
                                 .runs = g_array_new(FALSE, TRUE, sizeof(struct rubric_run))};
    const struct rubric_run run = training(&assignment);
    g_array_append_val(check.runs, run);
    ck_assert(grade_luck_is_possible(&check));
    struct check_result result = passed(&check);
    struct luck *luck = grade_luck_new(&grade);
    grade_luck_add(luck, &result);
    struct check_result *job = grade_luck_next(luck);
    ck_assert_ptr_nonnull(job);
    ck_assert_ptr_null(grade_luck_next(luck));
    grade_luck_give_up(luck, job, "there is no room");
    ck_assert(job->done);
    ck_assert_int_eq(result.verdict->kind, VERDICT_PASS);
    grading_assert_says(result.verdict->remark->str, "was not looked for by simulation");
    grading_assert_says(result.verdict->remark->str, "there is no room");
    grade_luck_free(luck);
    verdict_free(result.verdict);
    g_array_free(result.runs, TRUE);
    g_free(run.arguments);
    g_array_free(check.runs, TRUE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("looking for luck");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, what_can_not_be_simulated_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
