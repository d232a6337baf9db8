/* Tests of pictures of learning curves, and of what gnuplot says of a wrong script. */
#include "common/files/curve.h"
#include "grader/pictures/gnuplot.h"
#include "grader/pictures/picture_curve.h"
#include "tests/support/test.h"

#include <string.h>

static char *folder;

static void setup(void)
{
    folder = g_dir_make_tmp("curve-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
}

static void teardown(void)
{
    char *words[] = {"rm", "-rf", folder, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(folder);
}

START_TEST(curves_become_svg_and_png)
{
    g_autofree char *curve = g_build_filename(folder, "curve.csv", NULL);
    g_autofree char *missing = g_build_filename(folder, "missing.csv", NULL);
    g_autofree char *path = g_build_filename(folder, "picture", NULL);
    FILE *file = curve_create(curve);
    for (int step = 0; step < 20; step++)
        curve_append(file, &(struct curve_point){
                               .step = step, .samples = 8L * (step + 1), .loss = 2.0 / (step + 1)});
    curve_finish(file);
    struct picture_line lines[] = {{"one process", missing, true},
                                   {"it's 100% \"mine\"", curve, false}};
    GString *error = g_string_new(NULL);
    ck_assert_msg(picture_curve("A title with _ and {braces}", lines, 2, path, error), "%s",
                  error->str);
    ck_assert_ptr_nonnull(strstr(error->str, "missing.csv"));
    const char *endings[] = {"picture.svg", "picture.png", "picture.gnuplot"};
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *picture = g_build_filename(folder, endings[i], NULL);
        g_autofree char *content = NULL;
        gsize length = 0;
        ck_assert(g_file_get_contents(picture, &content, &length, NULL));
        ck_assert_uint_gt(length, 500);
        if (i == 0) {
            ck_assert_ptr_nonnull(strstr(content, "A title with _ and {braces}"));
            ck_assert_ptr_nonnull(strstr(content, "s 100% "));
        }
    }
    ck_assert(!picture_curve("nothing", lines, 1, path, error));
    g_string_free(error, TRUE);
}
END_TEST

START_TEST(a_wrong_script_has_gnuplots_message)
{
    g_autofree char *path = g_build_filename(folder, "wrong.gnuplot", NULL);
    GString *error = g_string_new(NULL);
    ck_assert(!gnuplot_run("plit 1\n", path, error));
    ck_assert_ptr_nonnull(strstr(error->str, "invalid command"));
    g_string_truncate(error, 0);
    ck_assert(!gnuplot_run("plot 1\n", "/no/such/folder/x.gnuplot", error));
    ck_assert_ptr_nonnull(strstr(error->str, "/no/such/folder"));
    g_string_free(error, TRUE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("picture_curve");
    TCase *tests = tcase_create("picture_curve");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, curves_become_svg_and_png);
    tcase_add_test(tests, a_wrong_script_has_gnuplots_message);
    suite_add_tcase(suite, tests);
    return suite;
}
