/*
 * The program handin: its exit status, and what it packs.
 */
#include "handin/handin.h"
#include "handin/timeline.h"
#include "tests/support/lesson.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

static int handin(const char *command, const char *option, const char *value)
{
    g_autofree char *out = g_strconcat("--out=", lesson_folder, "/out", NULL);
    g_autofree char *curves = g_strconcat("--curves=", lesson_folder, "/curves", NULL);
    char *arguments[] = {"handin",       (char *)command, out, curves,
                         (char *)option, (char *)value,   NULL};
    return handin_main(option ? 6 : 4, arguments);
}

START_TEST(wrong_usage_is_status_2)
{
    ck_assert_int_eq(handin("frobnicate", NULL, NULL), 2);
    ck_assert_int_eq(handin("pack", "--assignment", "../example"), 2);
    ck_assert_int_eq(handin("pack", "--colour", "red"), 2);
    ck_assert_int_eq(handin("timeline", NULL, NULL), 2); /* no folder */
}
END_TEST

START_TEST(wrong_input_is_status_1)
{
    ck_assert_int_eq(handin("pack", "--submission", "/nowhere"), 1);
    ck_assert_int_eq(handin("pack", "--assignment", "knitting"), 1);
    ck_assert_int_eq(handin("plot", "--reference", "../../x"), 1);
    ck_assert_int_eq(handin("plot", NULL, NULL), 1);                      /* no curve */
    ck_assert_int_eq(handin("timeline", "--evidence", lesson_folder), 1); /* no log */
    lesson_write("rank-0.log", "not a log");
    ck_assert_int_eq(handin("timeline", "--evidence", lesson_folder), 1);
}
END_TEST

/* An assignment that trains nothing and asks nothing. */
START_TEST(code_alone_can_be_handed_in)
{
    g_autofree char *out = g_build_filename(lesson_folder, "out", NULL);
    char *arguments[] = {"handin", "pack",         "--assignment", "example", "--out",
                         out,      "--submission", "solutions",    NULL};
    ck_assert_int_eq(handin_main(8, arguments), 0);
    g_autofree char *path = g_build_filename(out, "submission.md", NULL), *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(text, "double average("));
    ck_assert_ptr_null(strstr(text, "Learning curves"));
    ck_assert_ptr_null(strstr(text, "No answer"));
    ck_assert_int_eq(handin("plot", "--assignment", "example"), 1);
}
END_TEST

START_TEST(two_parts_for_timelines_are_refused)
{
    static const struct timeline_part part = {.assignment = "one of a test"};
    timeline_part_register(&part);
    timeline_part_register(&part);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("handin");
    TCase *tests = tcase_create("handin");
    tcase_add_checked_fixture(tests, lesson_begin, lesson_end);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, wrong_usage_is_status_2);
    tcase_add_test(tests, wrong_input_is_status_1);
    tcase_add_test(tests, code_alone_can_be_handed_in);
    suite_add_tcase(suite, tests);
    TCase *parts = tcase_create("parts"); /* whose end leaves no time to tidy up */
    tcase_add_exit_test(parts, two_parts_for_timelines_are_refused, EXIT_FAILURE);
    suite_add_tcase(suite, parts);
    return suite;
}
