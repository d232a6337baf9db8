/* Tests of what is known about described clusters. */
#include "grader/platform/platform.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>

START_TEST(platforms_are_read)
{
    GString *error = g_string_new(NULL);
    struct platform *platform = platform_read(".", "free", error);
    ck_assert_ptr_nonnull(platform);
    ck_assert(platform->speed == 1e9); /* one operation takes a nanosecond */
    ck_assert_int_ge(platform->hosts, 3072);
    g_free(platform);
    g_string_free(error, TRUE);
}
END_TEST

/* Where nobody has calibrated, and where the file says how fast this computer is. */
START_TEST(this_computer_must_be_measured)
{
    GString *error = g_string_new(NULL);
    char *kit = test_folder_new();
    ck_assert_ptr_null(platform_read(kit, "this", error));
    ck_assert_msg(strstr(error->str, "make calibrate") != NULL, "%s", error->str);

    g_autofree char *folder = g_build_filename(kit, "build", "platforms", NULL);
    g_autofree char *file = g_build_filename(folder, "this.xml", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0700), 0);
    ck_assert(g_file_set_contents(
        file, "<platform><cluster radical=\"0-2\" speed=\"1.5e+10f\"/></platform>", -1, NULL));
    struct platform *platform = platform_read(kit, "this", error);
    ck_assert_msg(platform != NULL, "%s", error->str);
    ck_assert_double_eq(platform->speed, 1.5e10);
    ck_assert_int_eq(platform->hosts, 3);
    g_free(platform);
    test_folder_free(kit);
    g_string_free(error, TRUE);
}
END_TEST

/* What is said of a platform with this text, behind "PLATFORM=PATH: PATH: ". */
static void refuse(const char *text, const char *words)
{
    g_autoptr(GString) error = g_string_new(NULL);
    g_autofree char *folder = g_dir_make_tmp("platform-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "broken.xml", NULL);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    ck_assert_ptr_null(platform_read(".", path, error));
    ck_assert_msg(strstr(error->str, words) != NULL, "no %s in %s", words, error->str);
    ck_assert_msg(strstr(strstr(error->str, path) + 1, path) != NULL, "%s", error->str);
    g_remove(path);
    g_rmdir(folder);
}

START_TEST(a_fault_is_told_with_file_and_line)
{
    refuse("<platform>\n<host\n</platform>\n", "line 3");
    refuse("<platform>\n</plat>\n", "line 2");
    refuse("<platform></platform>\n", "no <cluster> or <host> with a speed such as 1Gf");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("platform");
    TCase *tests = tcase_create("platform");
    tcase_add_test(tests, platforms_are_read);
    tcase_add_test(tests, this_computer_must_be_measured);
    tcase_add_test(tests, a_fault_is_told_with_file_and_line);
    suite_add_tcase(suite, tests);
    return suite;
}
