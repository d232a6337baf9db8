/*
 * What is read of a submission, and what is refused.
 */
#include "grader/text/text.h"
#include "tests/support/lesson.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void refuse_to_read(const char *why)
{
    ck_assert_ptr_null(handed_in_read(lesson_submission, &lesson_rubric, lesson_problems));
    ck_assert_msg(strstr(lesson_problems->str, why) != NULL, "expected \"%s\" in: %s", why,
                  lesson_problems->str);
}

START_TEST(files_are_read)
{
    struct handed_in *handed_in = lesson_read();
    ck_assert_uint_eq(handed_in->files->len, 4);
    ck_assert_str_eq(HANDED_IN_FILES(handed_in, 1)->text, "int b;");
    ck_assert_str_eq(handed_in_answers(handed_in)->name, "answers.md");
    handed_in_free(handed_in);
}
END_TEST

START_TEST(todos_are_seen)
{
    lesson_write("distribute.c", "void f(void)\n{\n    todo(\"do it\");\n}\n");
    lesson_write("compare.c", "/* todo(x) */\n    //| todo(\"do it\");\nint b;\n");
    lesson_write("answers.md", "## Q1\ntodo(x)\n");
    struct handed_in *handed_in = lesson_read();
    ck_assert(handed_in_has_todo(HANDED_IN_FILES(handed_in, 0)));
    for (int i = 1; i < 4; i++)
        ck_assert(!handed_in_has_todo(HANDED_IN_FILES(handed_in, i)));
    handed_in_free(handed_in);
}
END_TEST

START_TEST(missing_files_are_all_named)
{
    g_autofree char *one = g_build_filename(lesson_folder, "distribute.c", NULL);
    g_autofree char *other = g_build_filename(lesson_folder, "answers.md", NULL);
    g_unlink(one);
    g_unlink(other);
    refuse_to_read("distribute.c is missing");
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "answers.md is missing"));
}
END_TEST

START_TEST(a_link_is_refused)
{
    g_autofree char *path = g_build_filename(lesson_folder, "reduce.c", NULL);
    g_unlink(path);
    ck_assert_int_eq(symlink("/etc/hostname", path), 0);
    refuse_to_read("reduce.c is a symbolic link. Replace it by");
}
END_TEST

START_TEST(a_pipe_is_refused_without_waiting)
{
    g_autofree char *path = g_build_filename(lesson_folder, "reduce.c", NULL);
    g_unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    refuse_to_read("reduce.c is not a plain file. Put the file itself");
}
END_TEST

START_TEST(a_huge_file_is_refused)
{
    g_autofree char *path = g_build_filename(lesson_folder, "reduce.c", NULL);
    ck_assert_int_eq(truncate(path, TEXT_MOST_BYTES + 1), 0);
    refuse_to_read("reduce.c has 1048577 bytes");
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, ". Take out what"));
}
END_TEST

START_TEST(a_binary_file_is_refused)
{
    g_autofree char *path = g_build_filename(lesson_folder, "reduce.c", NULL);
    ck_assert(g_file_set_contents(path, "int\0c;", 6, NULL));
    refuse_to_read("reduce.c is not a text file: it has a byte 0. Save it as UTF-8");
}
END_TEST

START_TEST(used_files_that_are_there_are_read)
{
    lesson_use_another();
    struct handed_in *handed_in = lesson_read();
    ck_assert_uint_eq(handed_in->files->len, 5);
    ck_assert_str_eq(HANDED_IN_FILES(handed_in, 4)->name, "another/a.c");
    ck_assert_str_eq(HANDED_IN_FILES(handed_in, 4)->text, "int used;\n");
    handed_in_free(handed_in);
}
END_TEST

START_TEST(a_link_to_used_files_is_refused)
{
    lesson_use_another();
    g_autofree char *path = g_build_filename(lesson_submission, "another", NULL);
    lesson_remove(path);
    ck_assert_int_eq(symlink("lesson", path), 0);
    refuse_to_read("another is a symbolic link. Replace it by");
    ck_assert_int_eq(g_unlink(path), 0);
}
END_TEST

START_TEST(a_missing_folder_is_explained)
{
    lesson_remove(lesson_folder);
    refuse_to_read("has none of the files of");
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "SUBMISSION=FOLDER names"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("handed_in");
    TCase *tests = tcase_create("handed_in");
    tcase_add_checked_fixture(tests, lesson_begin, lesson_end);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, files_are_read);
    tcase_add_test(tests, todos_are_seen);
    tcase_add_test(tests, missing_files_are_all_named);
    tcase_add_test(tests, a_link_is_refused);
    tcase_add_test(tests, a_pipe_is_refused_without_waiting);
    tcase_add_test(tests, a_huge_file_is_refused);
    tcase_add_test(tests, a_binary_file_is_refused);
    tcase_add_test(tests, used_files_that_are_there_are_read);
    tcase_add_test(tests, a_link_to_used_files_is_refused);
    tcase_add_test(tests, a_missing_folder_is_explained);
    suite_add_tcase(suite, tests);
    return suite;
}
