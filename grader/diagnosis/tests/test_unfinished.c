/*
 * What is judged of runs that did not come to their end: that one ends the
 * judgement of all, and what it is called.
 */
#include "grader/grade/unfinished.h"
#include "tests/support/grading.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

START_TEST(judging)
{
    static struct script rank[2];
    struct log_file logs[2];
    for (int r = 0; r < 2; r++) {
        script_init(&rank[r], r, 2);
        script_call(&rank[r], LOG_RECV, 1 - r, 0, 100, false);
        logs[r] = rank[r].log;
    }
    char command[] = "mpirun -n 2 program", output[] = "hello\n", refusal[] = "no: 3 stages\n";
    char disk[] = "the disk is full";
    struct outcome outcome[] = {
        {.ranks = 2, .end = RUN_FINISHED},
        {.ranks = 2, .end = RUN_NOT_STARTED, .trouble = disk},
        {.ranks = 2, .end = RUN_HUNG, .log = logs, .command = command, .output = output},
        {.ranks = 2, .end = RUN_REFUSED, .output = refusal},
    };
    struct judgement judgement = {.outcome = outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    ck_assert(grade_all_finished(&judgement, verdict));
    ck_assert_uint_eq(verdict->headline->len, 0);
    judgement.outcomes = 2;
    ck_assert(!grade_all_finished(&judgement, verdict));
    ck_assert_int_eq(verdict->kind, VERDICT_NOT_JUDGED);
    grading_assert_says(verdict->headline->str, "the disk is full");
    verdict_free(verdict);

    verdict = verdict_new();
    judgement.outcomes = 3;
    ck_assert(!grade_all_finished(&judgement, verdict));
    ck_assert_int_eq(verdict->kind, VERDICT_FAIL);
    grading_assert_says(verdict->headline->str, "deadlock");
    grading_assert_says(verdict->explanation->str, "hello");
    grading_assert_says(verdict->explanation->str, "mpirun -n 2 program");
    grading_assert_says(verdict->explanation->str, "Run 3 of 3");
    verdict_free(verdict);

    verdict = verdict_new();
    judgement.outcome = &outcome[3];
    judgement.outcomes = 1;
    ck_assert(!grade_all_finished(&judgement, verdict));
    grading_assert_says(verdict->headline->str, "refused its arguments: no: 3 stages");
    verdict_free(verdict);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("unfinished");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, judging);
    suite_add_tcase(suite, tests);
    return suite;
}
