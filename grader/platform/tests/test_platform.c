/* Tests of what is known about described clusters. */
#include "grader/platform/platform.h"
#include "tests/support/test.h"

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

Suite *test_suite(void)
{
    Suite *suite = suite_create("platform");
    TCase *tests = tcase_create("platform");
    tcase_add_test(tests, platforms_are_read);
    tcase_add_test(tests, this_computer_must_be_measured);
    suite_add_tcase(suite, tests);
    return suite;
}
