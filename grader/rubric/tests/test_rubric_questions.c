/* What is asked of a rubric: its questions, and whether a check needs a file. */
#include "grader/rubric/rubric.h"
#include "tests/support/test.h"

static struct rubric rubric;

static void setup(void)
{
    static const struct rubric_file files[] = {{.name = "a.c", .question = "Q2"},
                                               {.name = "b.c", .question = "Q3, Q4"},
                                               {.name = "answers.md"}};
    rubric = (struct rubric){.assignment = "lesson",
                             .files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file)),
                             .checks = g_array_new(FALSE, TRUE, sizeof(struct rubric_check))};
    g_array_append_vals(rubric.files, files, G_N_ELEMENTS(files));
}

static void teardown(void)
{
    g_array_free(rubric.files, TRUE);
    g_array_free(rubric.checks, TRUE);
}

static void expect_questions(const char *expected)
{
    GPtrArray *questions = rubric_questions(&rubric);
    g_ptr_array_add(questions, NULL);
    g_autofree char *found = g_strjoinv("|", (char **)questions->pdata);
    ck_assert_str_eq(found, expected);
    g_ptr_array_unref(questions);
}

START_TEST(questions_stand_in_order)
{
    expect_questions("Q1|Q2|Q3|Q4");
    const struct rubric_check checks[] = {{.name = "x", .heading = "How, and why"},
                                          {.name = "y", .question = "Q6, Style"},
                                          {.name = "z", .heading = "Style"},
                                          {.name = "q", .heading = "Q7"}};
    g_array_append_vals(rubric.checks, checks, G_N_ELEMENTS(checks));
    expect_questions("Q1|Q2|Q3|Q4|Q5|Q6|Q7|Style|How, and why");
}
END_TEST

START_TEST(a_list_has_its_questions)
{
    ck_assert(rubric_lists_question("Q9, Q10", "Q10"));
    ck_assert(!rubric_lists_question("Q9, Q10", "Q1"));
    ck_assert(!rubric_lists_question(NULL, "Q1"));
}
END_TEST

/* Files of two assignments may have the same name. */
START_TEST(needed_files_are_known_by_their_folder)
{
    struct rubric_check check = {.name = "x", .files = g_ptr_array_new()};
    g_ptr_array_add(check.files, "a.c");
    g_ptr_array_add(check.files, "another/b.c");
    ck_assert(rubric_check_needs(&rubric, &check, "lesson/a.c"));
    ck_assert(rubric_check_needs(&rubric, &check, "another/b.c"));
    ck_assert(!rubric_check_needs(&rubric, &check, "another/a.c"));
    ck_assert(!rubric_check_needs(&rubric, &check, "lesson/b.c"));
    g_ptr_array_free(check.files, TRUE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("questions to a rubric");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, questions_stand_in_order);
    tcase_add_test(tests, a_list_has_its_questions);
    tcase_add_test(tests, needed_files_are_known_by_their_folder);
    suite_add_tcase(suite, tests);
    return suite;
}
