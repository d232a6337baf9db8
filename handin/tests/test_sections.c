/* The sections of answers.md: which section answers which question, and what is refused. */
#include "handin/sections.h"
#include "tests/support/lesson.h"
#include "tests/support/test.h"

#include <string.h>

static GPtrArray *split(const char *text)
{
    GPtrArray *questions = rubric_questions(&lesson_rubric);
    return sections_split("answers.md", text, questions, lesson_problems);
}

START_TEST(sections_are_found)
{
    GPtrArray *answers = split(lesson_answers);
    ck_assert_msg(answers != NULL, "%s", lesson_problems->str);
    ck_assert_uint_eq(answers->len, 2);
    ck_assert_str_eq(sections_find(answers, "Q1")->text,
                     "The same seed.\n\n### A heading of my own\n\n```c\n"
                     "# Q9 is no heading here\n```");
    ck_assert_int_eq(sections_find(answers, "Q1")->line, 5);
    ck_assert_str_eq(sections_find(answers, "How it works")->text, "Well.");
    ck_assert_ptr_null(sections_find(answers, "Q2"));
}
END_TEST

/* What the grader asks for may be handed in. */
START_TEST(sections_for_a_person_are_accepted)
{
    const struct rubric_check style = {.name = "style", .heading = "Style"};
    g_array_append_val(lesson_rubric.checks, style);
    GPtrArray *answers = split("## Style\n\nPlain.\n");
    ck_assert_msg(answers != NULL, "%s", lesson_problems->str);
    ck_assert_str_eq(sections_find(answers, "Style")->text, "Plain.");
}
END_TEST

START_TEST(headings_may_look_different)
{
    GPtrArray *answers = split("\xef\xbb\xbf# q1. The *seed*\r\n\r\nYes.\r\n\r\n"
                               "How it works: in short\r\n----\r\n    code\r\n");
    ck_assert_msg(answers != NULL, "%s", lesson_problems->str);
    ck_assert_str_eq(sections_find(answers, "Q1")->title, "The seed");
    ck_assert_str_eq(sections_find(answers, "Q1")->text, "Yes.");
    ck_assert_str_eq(sections_find(answers, "How it works")->title, "in short");
    ck_assert_str_eq(sections_find(answers, "How it works")->text, "    code");
}
END_TEST

/* The grader finds Q3 below any heading, and so does the packed file. */
START_TEST(any_heading_may_begin_a_section)
{
    GPtrArray *answers = split("# Answers\n\n## Q1\n\nYes.\n\n### Q3\n\nAnswer: (4, 64)\n\n"
                               "#### Why\n\nSo.\n\n## Q2\n\n### Q2 in short\n\nNo.\n");
    ck_assert_msg(answers != NULL, "%s", lesson_problems->str);
    ck_assert_str_eq(sections_find(answers, "Q1")->text, "Yes.");
    ck_assert_str_eq(sections_find(answers, "Q3")->text, "Answer: (4, 64)\n\n#### Why\n\nSo.");
    ck_assert_str_eq(sections_find(answers, "Q2")->text, "### Q2 in short\n\nNo.");
}
END_TEST

static const struct {
    const char *text, *problem;
} refused_answers[] = {
    {"# T\n## Q1\nx\n## Q11\ny\n", "answers.md:4: the section \"Q11\" answers none"},
    {"# T\n## Q1\nx\n## Notes\ny\n", "answers.md:4: the section \"Notes\" answers none"},
    {"## Q1\nx\n# Title\ny\n", "answers.md:3: the section \"Title\" answers none"},
    {"## Q1\nx\n## Q1: again\ny\n", "answers.md:3: Q1 has a section already, in line 1. Make one"},
    {"## Q1\n```\nx\n", "never closed. Close it with"},
    {"## Q1\n<!-- x\n", "never closed"},
    {"## Q1\n\xff\n", "answers.md is not UTF-8 text from line 2 on"},
};

START_TEST(odd_answers_are_refused)
{
    ck_assert_ptr_null(split(refused_answers[_i].text));
    ck_assert_msg(strstr(lesson_problems->str, refused_answers[_i].problem) != NULL,
                  "expected \"%s\" in: %s", refused_answers[_i].problem, lesson_problems->str);
}
END_TEST

START_TEST(empty_answers_are_seen)
{
    GPtrArray *answers = split("## Q1\n<!-- a\nb -->\nTODO …\n## Q2\n(4, 8)\n## Q3\n");
    ck_assert(section_is_empty(sections_find(answers, "Q1")));
    ck_assert(!section_is_empty(sections_find(answers, "Q2")));
    ck_assert(section_is_empty(sections_find(answers, "Q3")));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sections");
    TCase *tests = tcase_create("sections");
    tcase_add_checked_fixture(tests, lesson_begin, lesson_end);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, sections_for_a_person_are_accepted);
    tcase_add_test(tests, sections_are_found);
    tcase_add_test(tests, headings_may_look_different);
    tcase_add_test(tests, any_heading_may_begin_a_section);
    tcase_add_loop_test(tests, odd_answers_are_refused, 0, G_N_ELEMENTS(refused_answers));
    tcase_add_test(tests, empty_answers_are_seen);
    suite_add_tcase(suite, tests);
    return suite;
}
