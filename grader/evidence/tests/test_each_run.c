/* Tests of how the runs of a check are put together: the first failure counts, the others are told. */
#include "grader/evidence/evidence.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <string.h>

static const struct mistake forgotten = {
    .name = "forgotten", .explanation = "It was forgotten.", .look = "the end"};

/* Says what the run's seed stands for. */
static void judge_by_seed(const struct judgement *judgement, const struct outcome *run,
                          struct verdict *verdict)
{
    (void)judgement;
    ck_assert_int_eq(verdict->kind, VERDICT_PASS);
    if (run->options.seed == VERDICT_FAIL) {
        evidence_fail(verdict, "rank %d is wrong", run->ranks);
        verdict_name_mistake(verdict, &forgotten);
        verdict->basis = BASIS_AMOUNT;
    } else if (run->options.seed == VERDICT_NOT_JUDGED) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "no data");
    } else {
        verdict_explain(verdict, "figures of %d ranks\n", run->ranks);
        g_string_printf(verdict->remark, "rank %d is odd\n", run->ranks);
    }
    g_autofree char *picture = g_strdup_printf("%d.svg", run->ranks);
    verdict_show_picture(verdict, picture, picture);
}

/* Run number k has k + 1 ranks. A seed of -1: no such run. */
static struct verdict *judged(const int kind[3])
{
    struct outcome run[3];
    struct judgement judgement = {.outcome = run};
    for (int k = 0; k < 3 && kind[k] >= 0; k++) {
        run[k] = (struct outcome){.ranks = k + 1,
                                  .options = options_defaults(NULL),
                                  .command = (char *)(k == 0 ? "(first)" : "(later)")};
        run[k].options.seed = (uint64_t)kind[k];
        judgement.outcomes++;
    }
    struct verdict *verdict = verdict_new();
    evidence_each_run(&judgement, verdict, judge_by_seed, "all is well");
    return verdict;
}

static const struct {
    int kind[3];
    enum verdict_kind result;
    const char *headline, *picture;
} cases[] = {
    {{VERDICT_PASS, VERDICT_PASS, -1}, VERDICT_PASS, "all is well", "1.svg"},
    {{VERDICT_PASS, VERDICT_FAIL, VERDICT_PASS}, VERDICT_FAIL, "rank 2 is wrong", "2.svg"},
    {{VERDICT_FAIL, VERDICT_PASS, VERDICT_FAIL}, VERDICT_FAIL, "rank 1 is wrong", "1.svg"},
    {{VERDICT_NOT_JUDGED, VERDICT_PASS, -1}, VERDICT_NOT_JUDGED, "no data", "1.svg"},
    {{VERDICT_NOT_JUDGED, VERDICT_FAIL, -1}, VERDICT_FAIL, "rank 2 is wrong", "2.svg"},
    {{VERDICT_FAIL, VERDICT_NOT_JUDGED, -1}, VERDICT_FAIL, "rank 1 is wrong", "1.svg"},
    {{-1, -1, -1}, VERDICT_NOT_JUDGED, "there was no run to judge", NULL},
};

START_TEST(the_worst_run_counts)
{
    struct verdict *verdict = judged(cases[_i].kind);
    ck_assert_str_eq(verdict->headline->str, cases[_i].headline);
    ck_assert_str_eq(verdict->mistake->str, cases[_i].result == VERDICT_FAIL ? "forgotten" : "");
    ck_assert_str_eq(verdict->look->str, cases[_i].result == VERDICT_FAIL ? "the end" : "");
    ck_assert_int_eq(verdict->basis, cases[_i].result == VERDICT_FAIL ? BASIS_AMOUNT : BASIS_SEEN);
    if (cases[_i].picture)
        ck_assert_str_eq(g_ptr_array_index(verdict->pictures, 0), cases[_i].picture);
    logged_run_expect(verdict, cases[_i].result, NULL);
}
END_TEST

START_TEST(what_passed_is_explained_run_by_run)
{
    struct verdict *verdict = judged(cases[0].kind);
    ck_assert_str_eq(verdict->explanation->str,
                     "\n1 rank, mlp, 4 micro-batches:\n\nfigures of 1 ranks\n"
                     "\n2 ranks, mlp, 4 micro-batches:\n\nfigures of 2 ranks\n");
    ck_assert_uint_eq(verdict->pictures->len, 2);
    ck_assert_str_eq(verdict->remark->str, "rank 1 is odd\n");
    verdict_free(verdict);
}
END_TEST

START_TEST(further_failures_have_a_line_each)
{
    struct verdict *verdict = judged((int[]){VERDICT_FAIL, VERDICT_FAIL, VERDICT_FAIL});
    const char *text = verdict->explanation->str;
    ck_assert_ptr_nonnull(strstr(text, "To see this again:\n\n    (first)\n"));
    ck_assert_ptr_null(strstr(text, "(later)"));
    ck_assert_ptr_nonnull(strstr(text, "3 of 3 runs failed. The others:\n\n- rank 2 is wrong (2 "));
    ck_assert_ptr_nonnull(strstr(text, "\n- rank 3 is wrong (3 ranks, "));
    verdict_free(verdict);
}
END_TEST

/* ---- messages that must be waited for -------------------------------------------------------------- */

static void accept(const struct judgement *judgement, const struct outcome *run,
                   struct verdict *verdict)
{
    (void)judgement;
    (void)run;
    (void)verdict;
}

/* A send that nobody ever waits for. */
START_TEST(messages_must_be_waited_for)
{
    struct logged_run *run = logged_run_new(3);
    script_step(&run->script[2], LOG_STEP_BEGIN, 0);
    script_isend(&run->script[2], 1, 4711, 64);
    script_call(&run->script[1], LOG_RECV, 2, 4711, 64, true);
    logged_run_end(run);
    for (int waits = 0; waits < 2; waits++) {
        const struct judgement judgement = {
            .outcome = &run->outcome, .outcomes = 1, .waits = waits};
        struct verdict *verdict = verdict_new();
        evidence_each_run(&judgement, verdict, accept, "all is well");
        logged_run_expect(verdict, waits ? VERDICT_FAIL : VERDICT_PASS,
                          waits ? "rank 2 never waited for a message that it sent to rank 1"
                                : "all");
    }
    run->outcome.log = NULL; /* a run without logs has no messages */
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "fine");
    evidence_all_waited_for(&run->outcome, verdict);
    logged_run_expect(verdict, VERDICT_PASS, "fine");
    logged_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("each_run");
    TCase *tests = tcase_create("each_run");
    tcase_add_loop_test(tests, the_worst_run_counts, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tests, what_passed_is_explained_run_by_run);
    tcase_add_test(tests, further_failures_have_a_line_each);
    tcase_add_test(tests, messages_must_be_waited_for);
    suite_add_tcase(suite, tests);
    return suite;
}
