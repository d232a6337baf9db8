/* Tests of verdicts, and of the assignments that have registered themselves. */
#include "grader/verdict/assignment.h"
#include "grader/verdict/judge.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <stdlib.h>

START_TEST(a_new_verdict_has_judged_nothing)
{
    struct verdict *verdict = verdict_new();
    ck_assert_int_eq(verdict->kind, VERDICT_NOT_JUDGED);
    ck_assert_str_eq(verdict->explanation->str, "");
    ck_assert_str_eq(verdict->mistake->str, "");
    ck_assert_uint_eq(verdict->pictures->len, 0);
    verdict_free(verdict);
    verdict_free(NULL);
}
END_TEST

/* Only what the submission did may cost points. */
START_TEST(each_verdict_has_a_culprit)
{
    struct verdict *verdict = verdict_new(), *other = verdict_new();
    ck_assert_int_eq(verdict->culprit, CULPRIT_NOBODY);
    verdict_set(verdict, VERDICT_FAIL, "a sum is missing");
    ck_assert_int_eq(verdict->culprit, CULPRIT_SUBMISSION);
    verdict_set(verdict, VERDICT_NOT_JUDGED, "there is no rule for that");
    ck_assert_int_eq(verdict->culprit, CULPRIT_KIT);
    verdict_set(verdict, VERDICT_PASS, "right");
    ck_assert_int_eq(verdict->culprit, CULPRIT_NOBODY);
    verdict_not_judged(other, CULPRIT_MACHINE, "%s is full", "/tmp");
    verdict_take_over(verdict, other);
    ck_assert_int_eq(verdict->kind, VERDICT_NOT_JUDGED);
    ck_assert_int_eq(verdict->culprit, CULPRIT_MACHINE);
    ck_assert_str_eq(culprit_name(verdict->culprit), "the machine");
    verdict_free(verdict);
    verdict_free(other);
}
END_TEST

/* A program's own words may be in the headline: it stays one line. */
START_TEST(the_headline_is_one_line)
{
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_FAIL, "it said \"%s\"", "a\nb\r\tc");
    ck_assert_int_eq(verdict->kind, VERDICT_FAIL);
    ck_assert_str_eq(verdict->headline->str, "it said \"a b  c\"");
    verdict_set(verdict, VERDICT_PASS, "another");
    ck_assert_str_eq(verdict->headline->str, "another");
    verdict_free(verdict);
}
END_TEST

START_TEST(explanations_and_mistakes_are_added)
{
    static const struct mistake mistake = {
        .name = "forgotten", .explanation = "It was forgotten.", .look = "the end"};
    struct verdict *verdict = verdict_new();
    verdict_explain(verdict, "%d of %d\n", 1, 2);
    verdict_name_mistake(verdict, &mistake);
    ck_assert_str_eq(verdict->mistake->str, "forgotten");
    ck_assert_str_eq(verdict->explanation->str,
                     "1 of 2\n\n**This fits a known mistake: forgotten.** It was forgotten.\n\n"
                     "Look at the end.\n");
    ck_assert_str_eq(verdict->look->str, "the end");
    verdict_look(verdict, "line %d", 7);
    ck_assert_str_eq(verdict->look->str, "line 7");
    verdict_free(verdict);
}
END_TEST

START_TEST(one_judges_as_another)
{
    static const struct mistake mistake = {"forgotten", "It was forgotten.", "the end"};
    struct verdict *verdict = verdict_new(), *from = verdict_new();
    verdict_explain(verdict, "before");
    g_string_assign(verdict->remark, "its own");
    verdict_set(from, VERDICT_FAIL, "7 is no sum");
    verdict_name_mistake(from, &mistake);
    g_string_assign(from->remark, "not taken");
    from->basis = BASIS_AMOUNT;
    from->spoils = true;
    verdict_take_over(verdict, from);
    ck_assert_int_eq(verdict->kind, VERDICT_FAIL);
    ck_assert_int_eq(verdict->basis, BASIS_AMOUNT);
    ck_assert(verdict->spoils);
    ck_assert_str_eq(verdict->headline->str, "7 is no sum");
    ck_assert_str_eq(verdict->explanation->str, from->explanation->str);
    ck_assert_str_eq(verdict->mistake->str, "forgotten");
    ck_assert_str_eq(verdict->look->str, "the end");
    ck_assert_str_eq(verdict->remark->str, "its own");
    verdict_free(from);
    verdict_free(verdict);
}
END_TEST

START_TEST(a_mistake_may_have_nowhere_to_look)
{
    const struct mistake mistake = {.name = "a sum", .explanation = "It is too large."};
    struct verdict *verdict = verdict_new();
    verdict_name_mistake(verdict, &mistake);
    ck_assert_str_eq(verdict->explanation->str,
                     "\n**This fits a known mistake: a sum.** It is too large.\n");
    ck_assert_str_eq(verdict->look->str, ""); /* the rubric's */
    verdict_free(verdict);
}
END_TEST

START_TEST(pictures_are_named_by_check_run_and_subject)
{
    const struct outcome outcome[2] = {{.ranks = 1}, {.ranks = 2}};
    struct judgement judgement = {
        .outcome = outcome, .outcomes = 2, .picture_folder = "pictures", .picture_prefix = "sums"};
    struct verdict *verdict = verdict_new();
    g_autofree char *first = verdict_picture_path(&judgement, &outcome[0], "waits");
    g_autofree char *second = verdict_picture_path(&judgement, &outcome[1], "waits");
    ck_assert_str_eq(first, "pictures/sums-run-1-waits");
    ck_assert_str_eq(second, "pictures/sums-run-2-waits");
    verdict_add_picture(verdict, second, "what it shows");
    ck_assert_str_eq(verdict->pictures->pdata[0], "sums-run-2-waits.svg");
    judgement.picture_folder = NULL;
    ck_assert_ptr_null(verdict_picture_path(&judgement, outcome, "waits"));
    verdict_free(verdict);
}
END_TEST

static const struct assignment knitting = {.name = "knitting"}, other = {.name = "knitting"};

START_TEST(registered_assignments_are_found)
{
    ck_assert_ptr_null(assignment_find("knitting"));
    assignment_register(&knitting);
    ck_assert_ptr_eq(assignment_find("knitting"), &knitting);
    ck_assert_ptr_null(assignment_find("weaving"));
}
END_TEST

START_TEST(two_assignments_of_one_name_are_refused)
{
    assignment_register(&knitting);
    assignment_register(&other);
}
END_TEST

START_TEST(the_default_is_what_the_kit_says)
{
    g_autofree char *kit = g_dir_make_tmp("verdict-XXXXXX", NULL);
    g_autofree char *rooms = g_build_filename(kit, "assignments", NULL);
    g_autofree char *file = g_build_filename(rooms, "default", NULL);
    g_autofree char *none = assignment_default(kit);
    ck_assert_str_eq(none, "");
    ck_assert_int_eq(g_mkdir(rooms, 0777), 0);
    ck_assert(g_file_set_contents(file, "knitting\n", -1, NULL));
    g_autofree char *name = assignment_default(kit);
    ck_assert_str_eq(name, "knitting");
    g_unlink(file);
    g_rmdir(rooms);
    g_rmdir(kit);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("verdict");
    TCase *tests = tcase_create("verdict");
    tcase_add_test(tests, a_new_verdict_has_judged_nothing);
    tcase_add_test(tests, each_verdict_has_a_culprit);
    tcase_add_test(tests, the_headline_is_one_line);
    tcase_add_test(tests, explanations_and_mistakes_are_added);
    tcase_add_test(tests, one_judges_as_another);
    tcase_add_test(tests, a_mistake_may_have_nowhere_to_look);
    tcase_add_test(tests, pictures_are_named_by_check_run_and_subject);
    tcase_add_test(tests, registered_assignments_are_found);
    tcase_add_exit_test(tests, two_assignments_of_one_name_are_refused, EXIT_FAILURE);
    tcase_add_test(tests, the_default_is_what_the_kit_says);
    suite_add_tcase(suite, tests);
    return suite;
}
