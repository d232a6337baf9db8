/*
 * The archive of a submission. The truth about archives is tar's.
 */
#include "handin/archive.h"
#include "tests/support/lesson.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static char *run(const char *program, const char *option, const char *path)
{
    const char *arguments[] = {program, option, path, NULL};
    char *printed = NULL;
    int status = -1;
    ck_assert(g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                           &printed, NULL, &status, NULL));
    ck_assert_int_eq(status, 0);
    return printed;
}

START_TEST(the_archive_has_exactly_the_files)
{
    lesson_write("extra.c", "int extra;\n");
    struct handed_in *handed_in = lesson_read();
    g_autofree char *path = g_build_filename(lesson_folder, "a:b.tar.gz", NULL);
    ck_assert_msg(archive_write(handed_in, "lesson", path, lesson_problems), "%s",
                  lesson_problems->str);
    /* tar would take a:b for a file b on another computer a: the path is absolute. */
    g_autofree char *names = run("tar", "-tzf", path);
    ck_assert_str_eq(names, "lesson/\nlesson/answers.md\nlesson/compare.c\n"
                            "lesson/distribute.c\nlesson/reduce.c\n");
}
END_TEST

/* Where the grader looks for them when the archive is unpacked. */
START_TEST(the_archive_has_used_files_in_their_folder)
{
    lesson_use_another();
    struct handed_in *handed_in = lesson_read();
    g_autofree char *path = g_build_filename(lesson_folder, "a.tar.gz", NULL);
    ck_assert_msg(archive_write(handed_in, "lesson", path, lesson_problems), "%s",
                  lesson_problems->str);
    g_autofree char *names = run("tar", "-tzf", path);
    ck_assert_str_eq(names, "lesson/\nlesson/answers.md\nlesson/compare.c\nlesson/distribute.c\n"
                            "lesson/reduce.c\nanother/\nanother/a.c\n");
}
END_TEST

START_TEST(the_archive_is_reproducible)
{
    struct handed_in *handed_in = lesson_read();
    g_autofree char *path = g_build_filename(lesson_folder, "a.tar.gz", NULL);
    g_autofree char *first = NULL, *second = NULL;
    gsize first_length, second_length;
    ck_assert(archive_write(handed_in, "lesson", path, lesson_problems));
    ck_assert(g_file_get_contents(path, &first, &first_length, NULL));
    g_usleep(1100000); /* times in archives are whole seconds */
    const mode_t before = umask(077);
    ck_assert(archive_write(handed_in, "lesson", path, lesson_problems));
    umask(before);
    ck_assert(g_file_get_contents(path, &second, &second_length, NULL));
    ck_assert_uint_eq(first_length, second_length);
    ck_assert_mem_eq(first, second, first_length);
}
END_TEST

START_TEST(an_archive_that_cannot_be_written_is_reported)
{
    struct handed_in *handed_in = lesson_read();
    ck_assert(!archive_write(handed_in, "lesson", "/nowhere/at/all/a.tar.gz", lesson_problems));
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "tar can't write /nowhere/at/all/a.tar.gz"));
}
END_TEST

/* Here tar finds a folder where it would write. */
START_TEST(an_archive_stays_until_its_successor_is_whole)
{
    struct handed_in *handed_in = lesson_read();
    g_autofree char *path = g_build_filename(lesson_folder, "a.tar.gz", NULL);
    g_autofree char *new_path = g_strconcat(path, ".new", NULL);
    ck_assert(archive_write(handed_in, "lesson", path, lesson_problems));
    ck_assert(!g_file_test(new_path, G_FILE_TEST_EXISTS));
    ck_assert_int_eq(g_mkdir(new_path, 0755), 0);
    ck_assert(!archive_write(handed_in, "lesson", path, lesson_problems));
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "a.tar.gz.new: "));
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "See that its folder can be written to"));
    g_autofree char *names = run("tar", "-tzf", path);
    ck_assert_ptr_nonnull(strstr(names, "lesson/reduce.c\n"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("archive");
    TCase *tests = tcase_create("archive");
    tcase_add_checked_fixture(tests, lesson_begin, lesson_end);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, the_archive_has_exactly_the_files);
    tcase_add_test(tests, the_archive_has_used_files_in_their_folder);
    tcase_add_test(tests, the_archive_is_reproducible);
    tcase_add_test(tests, an_archive_that_cannot_be_written_is_reported);
    tcase_add_test(tests, an_archive_stays_until_its_successor_is_whole);
    suite_add_tcase(suite, tests);
    return suite;
}
