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

/* The .svg and .png of one curve, drawn into a new folder of this name. */
static void draw_curve(const char *name, char *content[2], gsize length[2])
{
    g_autofree char *curve = g_build_filename(folder, "curve.csv", NULL);
    FILE *file = curve_create(curve);
    for (int step = 0; step < 20; step++)
        curve_append(file, &(struct curve_point){
                               .step = step, .samples = 8L * (step + 1), .loss = 2.5 / (step + 1)});
    curve_finish(file);
    g_autofree char *picture = g_build_filename(folder, name, NULL);
    struct picture_line line = {"mine", curve, false};
    GString *error = g_string_new(NULL);
    ck_assert_msg(picture_curve("1,5 and 1.5 \u00b5", &line, 1, picture, error), "%s", error->str);
    g_string_free(error, TRUE);
    const char *endings[2] = {".svg", ".png"};
    for (int i = 0; i < 2; i++) {
        g_autofree char *path = g_strconcat(picture, endings[i], NULL);
        ck_assert(g_file_get_contents(path, &content[i], &length[i], NULL));
    }
}

/* What users have in their ~/.gnuplot. */
static const char *const dot_files[] = {
    "set datafile separator \",\"\n",
    "set terminal qt\n",
    "set logscale y\n",
    "set encoding iso_8859_1\nset decimalsign ','\n",
    "set style data points\nset key off\nset grid\nunset border\nset samples 7\n",
    "while (1) { pause 1 }\n",
    "exit\n",
};
/* What they have in their environment. */
static const char *const variables[][2] = {
    {"GNUTERM", "qt"},           {"GNUPLOT_LIB", "/nowhere"},
    {"GNUHELP", "/nowhere"},     {"GDFONTPATH", "/nowhere"},
    {"LC_ALL", "de_DE.UTF-8"},   {"GNUPLOT_DEFAULT_GDFONT", "nothing"},
    {"FONTCONFIG_FILE", "/no"},  {"GNUPLOT_DRIVER_DIR", "/nowhere"},
    {"COLUMNS", "20"},           {"TERM", "dumb"},
    {"DISPLAY", "nowhere:7"},    {"SHELL", "/bin/false"},
    {"FIT_LOG", "/nowhere/fit"}, {"LC_NUMERIC", "de_DE.UTF-8"},
};

START_TEST(nothing_of_the_user_changes_a_picture)
{
    char *plain[2], *other[2];
    gsize length[2], other_length[2];
    draw_curve("plain", plain, length);
    g_autofree char *dot_file = g_build_filename(folder, ".gnuplot", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(dot_files); i++) {
        ck_assert(g_file_set_contents(dot_file, dot_files[i], -1, NULL));
        for (guint k = 0; k < G_N_ELEMENTS(variables); k++)
            g_setenv(variables[k][0], variables[k][1], TRUE);
        g_setenv("HOME", folder, TRUE);
        draw_curve("other", other, other_length);
        for (int k = 0; k < 2; k++) {
            ck_assert_msg(length[k] == other_length[k] &&
                              memcmp(plain[k], other[k], length[k]) == 0,
                          "picture %d is another with %s", k, dot_files[i]);
            g_free(other[k]);
        }
    }
    g_free(plain[0]);
    g_free(plain[1]);
}
END_TEST

/* Names of submissions, curves and source files stand in pictures, and gnuplot can run commands. */
START_TEST(text_is_shown_and_never_run)
{
    static const char *const texts[] = {"`touch executed`",
                                        "\"; system('touch executed'); \"",
                                        "\\`touch executed\\`",
                                        "'.system(\"touch executed\").'",
                                        "@x ${x} $(touch executed) \xff`touch executed`",
                                        "\n`touch executed`\n!touch executed\n"};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *script_path = g_build_filename(folder, "text.gnuplot", NULL);
        g_autofree char *marker = g_build_filename(folder, "executed", NULL);
        g_autofree char *picture = g_build_filename(folder, "text.svg", NULL);
        g_autofree char *quoted = gnuplot_quote(texts[i]);
        g_autofree char *script = g_strdup_printf("set terminal svg\nset output 'text.svg'\n"
                                                  "set title %s\nplot 1 title %s\nunset output\n",
                                                  quoted, quoted);
        g_autofree char *drawn = NULL;
        g_autoptr(GString) error = g_string_new(NULL);
        ck_assert_msg(gnuplot_run(script, script_path, error), "%s: %s", quoted, error->str);
        ck_assert_msg(!g_file_test(marker, G_FILE_TEST_EXISTS), "%s", quoted);
        ck_assert(g_file_get_contents(picture, &drawn, NULL, NULL));
        ck_assert_msg(strstr(drawn, "touch executed") != NULL, "%s", quoted);
        ck_assert(g_utf8_validate(drawn, -1, NULL));
    }
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
    tcase_add_test(tests, nothing_of_the_user_changes_a_picture);
    tcase_add_test(tests, text_is_shown_and_never_run);
    tcase_add_test(tests, a_wrong_script_has_gnuplots_message);
    suite_add_tcase(suite, tests);
    return suite;
}
