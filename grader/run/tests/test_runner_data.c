/*
 * Data sets for the sandbox: used where they lie, or copied once where the
 * sandbox's user can't reach them.
 */
#include "grader/run/runner_data.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *outer, *folder, *work; /* folder lies in outer and is CIFAR-10's */

static void setup(void)
{
    outer = test_folder_new();
    work = test_folder_new();
    folder = g_build_filename(outer, "data", NULL);
    g_autofree char *file = g_build_filename(folder, "images", NULL);
    ck_assert_int_eq(g_mkdir(folder, 0755), 0);
    ck_assert(g_file_set_contents(file, "some", -1, NULL));
    g_setenv("CIFAR10_DIR", folder, TRUE);
    g_unsetenv("FASHION_MNIST_DIR");
    g_setenv("TEXT_FILE", file, TRUE);
}

static void teardown(void)
{
    g_unsetenv("CIFAR10_DIR");
    g_unsetenv("TEXT_FILE");
    test_folder_free(outer);
    test_folder_free(work);
    g_free(folder);
}

enum { FASHION_MNIST, CIFAR10, TEXT };

/* Where a data set is for the sandbox; a new string. */
static char *find(int set)
{
    struct runner_data data;
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert_msg(runner_data_find(&data, "/no/such/kit", work, error), "%s", error->str);
    ck_assert_ptr_null(data.outside[FASHION_MNIST]); /* that one is nowhere */
    ck_assert(g_str_has_prefix(data.environment[TEXT], "TEXT_FILE="));
    char *found = g_strdup(data.outside[set]);
    runner_data_clear(&data);
    return found;
}

static int entries_of_work(void)
{
    g_autoptr(GDir) listing = g_dir_open(work, 0, NULL);
    int entries = 0;
    while (g_dir_read_name(listing))
        entries++;
    return entries;
}

START_TEST(data_within_reach_stays_where_it_is)
{
    ck_assert_int_eq(chmod(outer, 0755), 0);
    g_autofree char *found = find(CIFAR10), *text = find(TEXT);
    ck_assert_str_eq(found, folder);
    ck_assert_str_eq(text, g_getenv("TEXT_FILE"));
    ck_assert_int_eq(entries_of_work(), 0);
}
END_TEST

/* A second look with the same work folder finds the copy. */
START_TEST(data_out_of_reach_is_copied_once)
{
    ck_assert_int_eq(chmod(outer, 0700), 0); /* only its owner may pass */
    g_autofree char *first = find(CIFAR10);
    g_autofree char *copy = g_build_filename(first, "images", NULL), *text = NULL;
    ck_assert_str_ne(first, folder);
    ck_assert_int_eq(entries_of_work(), 2);
    ck_assert(g_file_set_contents(copy, "kept", -1, NULL));
    g_autofree char *second = find(CIFAR10);
    ck_assert_str_eq(second, first);
    ck_assert_int_eq(entries_of_work(), 2);
    ck_assert(g_file_get_contents(copy, &text, NULL, NULL));
    ck_assert_str_eq(text, "kept");
    g_autofree char *file = find(TEXT), *content = NULL;
    ck_assert_str_ne(file, g_getenv("TEXT_FILE"));
    ck_assert(g_file_get_contents(file, &content, NULL, NULL));
    ck_assert_str_eq(content, "some");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("runner_data");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, data_within_reach_stays_where_it_is);
    if (geteuid() == 0) /* else the sandbox's user is the owner */
        tcase_add_test(tests, data_out_of_reach_is_copied_once);
    suite_add_tcase(suite, tests);
    return suite;
}
