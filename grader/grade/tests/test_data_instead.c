/* Which data decided is said where it is not the data that a check is meant for. */
#include "grader/grade/data_instead.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <string.h>
#include <unistd.h>

static char *folder; /* without data sets */

static void begin(void)
{
    folder = test_folder_new();
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(unsetenv("CIFAR10_DIR"), 0);
}

static void end(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    test_folder_free(folder);
}

static struct rubric_check check_of(const char *title, const char *arguments, const char *otherwise)
{
    struct rubric_check check = {.title = g_strdup(title),
                                 .runs = g_array_new(FALSE, TRUE, sizeof(struct rubric_run))};
    const struct rubric_run run = {.assignment = assignment_find("example"),
                                   .ranks = 1,
                                   .arguments = (char *)arguments,
                                   .otherwise = (char *)otherwise};
    g_array_append_val(check.runs, run);
    return check;
}

/* The title that a check has after it was looked at; the caller's. */
static char *title_after(const char *title, const char *arguments, const char *otherwise)
{
    struct rubric rubric = {.checks = g_array_new(FALSE, TRUE, sizeof(struct rubric_check))};
    const struct rubric_check check = check_of(title, arguments, otherwise);
    g_array_append_val(rubric.checks, check);
    data_instead_titles(&rubric);
    char *after = RUBRIC_CHECKS(&rubric, 0)->title;
    g_array_free(check.runs, TRUE);
    g_array_free(rubric.checks, TRUE);
    return after;
}

static void expect(const char *title, const char *arguments, const char *otherwise,
                   const char *expected)
{
    g_autofree char *after = title_after(title, arguments, otherwise);
    ck_assert_str_eq(after, expected);
}

#define CIFAR     "--data cifar10 --model mlp --probe average"
#define SYNTHETIC "--data synthetic --model mlp --probe average"

START_TEST(a_title_names_what_decides)
{
    expect("CIFAR-10: as one process", CIFAR, SYNTHETIC,
           "synthetic images in place of CIFAR-10: as one process");
    expect("With CIFAR-10, too", CIFAR, SYNTHETIC,
           "With synthetic images in place of CIFAR-10, too");
    expect("In training, too", CIFAR, SYNTHETIC, "In training, too"); /* it names no data */
}
END_TEST

START_TEST(a_title_stays_where_its_own_data_decides)
{
    expect("synthetic images: as one process", SYNTHETIC, CIFAR,
           "synthetic images: as one process");
    expect("CIFAR-10: as one process", CIFAR, NULL, "CIFAR-10: as one process");
    /* Here it is, and damaged: then nothing decides in its place. */
    ck_assert_int_eq(setenv("CIFAR10_DIR", folder, 1), 0);
    expect("CIFAR-10: as one process", CIFAR, SYNTHETIC, "CIFAR-10: as one process");
}
END_TEST

START_TEST(a_run_tells_both)
{
    const char *meant = NULL, *used = NULL;
    struct rubric_check check = check_of("", CIFAR, SYNTHETIC);
    ck_assert(data_instead(RUBRIC_RUNS(&check, 0), &meant, &used));
    ck_assert_str_eq(meant, "CIFAR-10");
    ck_assert_str_eq(used, "synthetic images");
    g_free(check.title);
    g_array_free(check.runs, TRUE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("data in place of other data");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, a_title_names_what_decides);
    tcase_add_test(tests, a_title_stays_where_its_own_data_decides);
    tcase_add_test(tests, a_run_tells_both);
    suite_add_tcase(suite, tests);
    return suite;
}
