/*
 * The grader on a machine that lacks something: room for the reports, cores, name
 * spaces, the right words on its command line. It says what, and loses nothing.
 */
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static void setup(void)
{
    grading_begin("example");
}

/* ---- where the reports go ---------------------------------------------------------------------- */

/* A file system of its own for the reports, seen by this process and its children only. False if
 * this process may not do that. */
static bool mount_small(const char *options)
{
    ck_assert_int_eq(g_mkdir(grading_out, 0755), 0);
    return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", grading_out, "tmpfs", 0, options) == 0;
}

static void refuses(const char *words, const char *more)
{
    struct graded graded = grading_try(NULL);
    ck_assert_int_eq(graded.status, 1);
    grading_assert_says(graded.printed, words);
    grading_assert_says(graded.printed, more);
    graded_clear(&graded);
}

START_TEST(full_output_folder_is_said_at_once)
{
    if (!mount_small("size=8k"))
        return;
    g_autofree char *filler = g_build_filename(grading_out, "filler", NULL);
    static const char zeros[65536];
    int file = open(filler, O_WRONLY | O_CREAT, 0644);
    while (write(file, zeros, sizeof zeros) > 0)
        continue;
    close(file);
    g_autofree char *words = g_strdup_printf("%s can't be written to", grading_out);
    refuses(words, "No space left on device");
}
END_TEST

START_TEST(output_folder_that_fills_up_loses_no_word_on_the_terminal)
{
    if (!mount_small("size=8k"))
        return;
    struct graded graded = grading_try(NULL);
    ck_assert_int_eq(graded.status, 1);
    grading_assert_says(graded.printed, "No space left on device");
    grading_assert_says(graded.printed, "the report on the terminal is complete");
    grading_assert_says(graded.printed, "1.00 of 1.00");
    graded_clear(&graded);
}
END_TEST

START_TEST(read_only_output_folder_is_said_at_once)
{
    if (mount_small("ro,size=64k"))
        refuses(grading_out, "Read-only file system");
}
END_TEST

START_TEST(output_folder_that_is_a_file_is_said_at_once)
{
    ck_assert(g_file_set_contents(grading_out, "a file", -1, NULL));
    refuses(grading_out, "");
}
END_TEST

/* ---- how it is called ----------------------------------------------------------------------------- */

START_TEST(wrong_usage_has_a_status_of_its_own)
{
    struct graded graded = grading_call(NULL, NULL);
    ck_assert_int_eq(graded.status, 2);
    graded_clear(&graded);
    graded = grading_call("--no-such-option", NULL);
    ck_assert_int_eq(graded.status, 2);
    graded_clear(&graded);
    graded = grading_try("no_such_check");
    ck_assert_int_eq(graded.status, 2);
    grading_assert_says(graded.printed, "example has no check \"no_such_check\"");
    grading_assert_says(graded.printed, "make grade ASSIGNMENT=example CHECK=list");
    graded_clear(&graded);
    graded = grading_try("avrage");
    ck_assert_int_eq(graded.status, 2);
    grading_assert_says(graded.printed, "did you mean average?");
    graded_clear(&graded);
    graded = grading_call("--submission", "solutions", "a", NULL);
    ck_assert_int_eq(graded.status, 2);
    grading_assert_says(graded.printed, "\"a\" is an argument too many");
    graded_clear(&graded);
    graded = grading_try("list");
    ck_assert_int_eq(graded.status, 0);
    grading_assert_says(graded.printed, "  average  1.00  Every rank gets the mean of all numbers");
    graded_clear(&graded);
    graded = grading_call("--assignment", "example", "--submission", "/no/such/submission", "--out",
                          grading_out, NULL);
    ck_assert_int_eq(graded.status, 1);
    grading_assert_says(graded.printed, "/no/such/submission");
    graded_clear(&graded);
    graded = grading_call("--assignment", "no-such-assignment", "--submission", "solutions", NULL);
    ck_assert_int_eq(graded.status, 1);
    grading_assert_says(graded.printed, "there is no assignment \"no-such-assignment\"");
    graded_clear(&graded);
    graded = grading_call("--assignment", "exmple", "--submission", "solutions", NULL);
    grading_assert_says(graded.printed, "there are: example, ");
    graded_clear(&graded);
    graded = grading_call("--submission", "solutions", "--out", "", NULL);
    ck_assert_int_eq(graded.status, 2);
    grading_assert_says(graded.printed, "--out is empty");
    graded_clear(&graded);
}
END_TEST

START_TEST(the_same_submission_gets_the_same_seeds)
{
    g_autofree char *report = g_build_filename(grading_out, "report.md", NULL);
    char *seed[3];
    for (int i = 0; i < 3; i++) {
        struct graded graded =
            grading_call("--assignment", "example", "--submission", grading_submission, "--out",
                         grading_out, i == 2 ? "--seed" : NULL, "4711", NULL);
        ck_assert_msg(graded.status == 0, TEST_LONG, graded.printed);
        graded_clear(&graded);
        g_autofree char *text = grading_read(report);
        const char *row = strstr(text, "| `average` | 3 |");
        ck_assert_ptr_nonnull(row);
        g_auto(GStrv) columns = g_strsplit(row, "| ", 6);
        seed[i] = g_strdup(columns[5]); /* the last column of a row */
        *strchrnul(seed[i], '\n') = '\0';
    }
    ck_assert_str_eq(seed[0], seed[1]);
    ck_assert_str_eq(seed[2], "4711 |");
    for (int i = 0; i < 3; i++)
        g_free(seed[i]);
}
END_TEST

/* ---- what the machine is --------------------------------------------------------------------------- */

START_TEST(without_name_spaces_the_report_says_so)
{
    g_setenv("GRADER_NO_NAMESPACES", "1", TRUE);
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "average", "");
    grading_assert_says(graded.printed, "not isolated");
    graded_clear(&graded);
    g_setenv("REQUIRE_ISOLATION", "1", TRUE);
    graded = grading_try(NULL);
    ck_assert_int_eq(graded.status, 1);
    grading_assert_says(graded.printed, "REQUIRE_ISOLATION");
    graded_clear(&graded);
}
END_TEST

START_TEST(more_ranks_than_cores_are_no_trouble)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    ck_assert_int_eq(sched_getaffinity(0, sizeof one, &one), 0);
    for (int cpu = 0, kept = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &one) && kept++ > 0)
            CPU_CLR(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "average", "");
    graded_clear(&graded);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("the machine that grades");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, grading_end);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, full_output_folder_is_said_at_once);
    tcase_add_test(tests, output_folder_that_fills_up_loses_no_word_on_the_terminal);
    tcase_add_test(tests, read_only_output_folder_is_said_at_once);
    tcase_add_test(tests, output_folder_that_is_a_file_is_said_at_once);
    tcase_add_test(tests, wrong_usage_has_a_status_of_its_own);
    tcase_add_test(tests, the_same_submission_gets_the_same_seeds);
    tcase_add_test(tests, without_name_spaces_the_report_says_so);
    tcase_add_test(tests, more_ranks_than_cores_are_no_trouble);
    suite_add_tcase(suite, tests);
    return suite;
}
