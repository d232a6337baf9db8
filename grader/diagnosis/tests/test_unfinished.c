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

/* What a run printed, and the place of the TODO that it came to; NULL: to none. */
static const struct {
    const char *output, *where, *what;
} printed[] = {
    {"rank 1: example/average.c:31: TODO: find the mean\nmore\n", "example/average.c:31",
     "find the mean"},
    {"average.c:4: TODO: a", "average.c:4", "a"},
    {"hello\nmine: TODO: mend this\nrank 0: a.c:7: TODO: b\n", "a.c:7", "b"},
    {"mine: TODO: mend this\n", NULL, NULL},
    {": TODO: \n", NULL, NULL},
    {"rank 0: a.c: TODO: no line\n", NULL, NULL},
    {".c:7: TODO: no name\n", NULL, NULL},
    {"12:30: TODO: no file\n", NULL, NULL},
    {"", NULL, NULL},
};

START_TEST(a_todo_has_a_place)
{
    g_autofree char *where = NULL, *what = NULL, *output = g_strdup(printed[_i].output);
    struct outcome outcome = {.ranks = 2, .end = RUN_FAILED, .output = output};
    ck_assert_int_eq(grade_find_todo(&outcome, &where, &what), printed[_i].where != NULL);
    ck_assert_pstr_eq(where, printed[_i].where);
    ck_assert_pstr_eq(what, printed[_i].what);
    outcome.end = RUN_FINISHED;
    ck_assert(!grade_find_todo(&outcome, NULL, NULL));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("unfinished");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, judging);
    tcase_add_loop_test(tests, a_todo_has_a_place, 0, G_N_ELEMENTS(printed));
    suite_add_tcase(suite, tests);
    return suite;
}
