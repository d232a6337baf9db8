/*
 * Checks in which one of several is enough (either.h), by runs that never were.
 */
#include "grader/evidence/evidence.h"
#include "grader/judges/either.h"
#include "tests/support/test.h"

#include <string.h>

static const struct mistake off_by_one = {"off by one", "It is one too many.", "where it ends"};

/* A run is about what its probe says, and is right if its seed is 1. What is wrong with it has a name if it is 3. */
static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (run->options.seed != 1)
        evidence_fail(verdict, "%s is wrong", run->options.probe);
    if (run->options.seed == 3)
        verdict_name_mistake(verdict, &off_by_one);
}

static void judge(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run, "right");
    g_string_append(verdict->remark, "An aside.");
}

static bool is_first(const struct outcome *run)
{
    return strcmp(run->options.probe, "first") == 0;
}

static bool is_second(const struct outcome *run)
{
    return strcmp(run->options.probe, "second") == 0;
}

enum made { RIGHT, WRONG, KNOWN, UNWRITTEN, CRASHED, NOT_THERE };

static struct outcome run_of(const char *probe, enum made made)
{
    struct outcome run = {.ranks = 2, .end = RUN_FINISHED, .output = (char *)""};
    g_strlcpy(run.options.probe, probe, sizeof run.options.probe);
    run.options.seed = made == RIGHT ? 1 : made == KNOWN ? 3 : 2;
    if (made == UNWRITTEN || made == CRASHED)
        run.end = RUN_FAILED;
    if (made == UNWRITTEN)
        run.output = (char *)"rank 1: example/first.c:12: TODO: a norm\n";
    return run;
}

static const struct {
    enum made first, second;
    enum verdict_kind kind;
    enum verdict_basis basis;
    const char *headline, *remark; /* that stand in them; NULL: no remark but the judge's own */
} cases[] = {
    {RIGHT, RIGHT, VERDICT_PASS, BASIS_SEEN, "the first: right", NULL},
    {WRONG, RIGHT, VERDICT_PASS, BASIS_SEEN, "the second: right", "the first, is not right: first"},
    {RIGHT, WRONG, VERDICT_PASS, BASIS_SEEN, "the first: right", "the second, is not right"},
    {KNOWN, RIGHT, VERDICT_PASS, BASIS_SEEN, "the second: right",
     "the first, is not right: off by one: first is wrong. Look at where it ends."},
    {KNOWN, WRONG, VERDICT_FAIL, BASIS_FITS, "the first: first is wrong", NULL},
    {UNWRITTEN, RIGHT, VERDICT_PASS, BASIS_SEEN, "the second: right", "still to be written"},
    {RIGHT, CRASHED, VERDICT_PASS, BASIS_SEEN, "the first: right", "the second, is not right"},
    {WRONG, WRONG, VERDICT_FAIL, BASIS_SYMPTOM, "the first: first is wrong", NULL},
    {UNWRITTEN, WRONG, VERDICT_FAIL, BASIS_SYMPTOM, "the second: second is wrong", NULL},
    {UNWRITTEN, UNWRITTEN, VERDICT_FAIL, BASIS_UNWRITTEN,
     "the first: example/first.c:12 is still to be written", NULL},
    {NOT_THERE, WRONG, VERDICT_FAIL, BASIS_SYMPTOM, "the second: second is wrong", NULL},
    {NOT_THERE, NOT_THERE, VERDICT_NOT_JUDGED, BASIS_SEEN, "there was no run to judge", NULL},
};

START_TEST(one_of_two_is_enough)
{
    static const struct judge_choice choice[] = {{"the first", is_first},
                                                 {"the second", is_second}};
    struct outcome runs[4];
    int count = 0;
    /* Two runs of each; the first of them is right in any case. */
    for (int i = 0; i < 2; i++) {
        const enum made made = i == 0 ? cases[_i].first : cases[_i].second;
        const char *probe = i == 0 ? "first" : "second";
        if (made == NOT_THERE)
            continue;
        runs[count++] = run_of(probe, RIGHT);
        runs[count++] = run_of(probe, made);
    }
    const struct judgement judgement = {
        .outcome = runs, .outcomes = count, .picture_prefix = "check"};
    struct verdict *verdict = verdict_new();
    judge_either(&judgement, verdict, judge, choice, 2);
    ck_assert_int_eq(verdict->kind, cases[_i].kind);
    ck_assert_msg(strstr(verdict->headline->str, cases[_i].headline) != NULL, "%s",
                  verdict->headline->str);
    if (verdict->kind == VERDICT_FAIL)
        ck_assert_int_eq(verdict->basis, cases[_i].basis);
    const bool judged = verdict->kind == VERDICT_PASS ||
                        (verdict->kind == VERDICT_FAIL && verdict->basis != BASIS_UNWRITTEN);
    if (cases[_i].remark == NULL)
        ck_assert_str_eq(verdict->remark->str, judged ? "An aside." : "");
    else
        ck_assert_msg(strstr(verdict->remark->str, cases[_i].remark) != NULL, "%s",
                      verdict->remark->str);
    verdict_free(verdict);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("one of several is enough");
    TCase *all = tcase_create("either");
    tcase_add_loop_test(all, one_of_two_is_enough, 0, sizeof cases / sizeof *cases);
    suite_add_tcase(suite, all);
    return suite;
}
