/* Tests of pictures of learning curves, and of what gnuplot says of a wrong script. */
#include "common/files/curve.h"
#include "grader/pictures/gnuplot.h"
#include "grader/pictures/picture_curve.h"
#include "grader/pictures/smooth.h"
#include "tests/support/test.h"

#include <math.h>
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
    struct curve_writer *file = curve_create(curve);
    for (int step = 0; step < 20; step++)
        curve_append(file, &(struct curve_point){
                               .step = step, .samples = 8L * (step + 1), .loss = 2.0 / (step + 1)});
    curve_finish(file);
    struct picture_line lines[] = {{"one process", missing, true},
                                   {"it's 100% \"mine\"", curve, false}};
    GString *error = g_string_new(NULL);
    static const int window[] = {0, 12};
    struct picture_curves curves = {.title = "A title with _ and {braces}",
                                    .told = "In _small_ letters\nbelow {it}",
                                    .line = lines,
                                    .lines = 2,
                                    .window = window,
                                    .windows = 2,
                                    .window_steps = 5,
                                    .window_title = "what is judged"};
    ck_assert_msg(picture_curve(&curves, path, error), "%s", error->str);
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
            ck_assert_ptr_nonnull(strstr(content, "In _small_ letters"));
            ck_assert_ptr_nonnull(strstr(content, "below {it}"));
            ck_assert_ptr_nonnull(strstr(content, ">what is judged<"));
        }
    }
    /* The second window is drawn from its first step to its last, whatever the curves are. */
    g_autofree char *script_path = g_build_filename(folder, "picture.gnuplot", NULL);
    g_autofree char *script = NULL;
    ck_assert(g_file_get_contents(script_path, &script, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(script, "rectangle from 12,graph 0 to 17,graph 1"));
    curves.lines = 1;
    ck_assert(!picture_curve(&curves, path, error));
    g_string_free(error, TRUE);
}
END_TEST

START_TEST(a_mean_of_neighbours)
{
    const double values[] = {1, 2, 6, NAN, 10, 4};
    g_autofree double *smooth = smooth_values(values, 6, 1);
    const double expected[] = {1, 3, 4, 8, 7, 7};
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq_tol(smooth[i], expected[i], 1e-12);
    g_autofree double *same = smooth_values(values, 3, 0);
    ck_assert_mem_eq(same, values, 3 * sizeof *values);
}
END_TEST

/* The .svg and .png of one curve, drawn into a new folder of this name. */
static void draw_curve(const char *name, char *content[2], gsize length[2])
{
    g_autofree char *curve = g_build_filename(folder, "curve.csv", NULL);
    struct curve_writer *file = curve_create(curve);
    for (int step = 0; step < 20; step++)
        curve_append(file, &(struct curve_point){
                               .step = step, .samples = 8L * (step + 1), .loss = 2.5 / (step + 1)});
    curve_finish(file);
    g_autofree char *picture = g_build_filename(folder, name, NULL);
    struct picture_line line = {"mine", curve, false};
    GString *error = g_string_new(NULL);
    const struct picture_curves curves = {.title = "1,5 and 1.5 \u00b5", .line = &line, .lines = 1};
    ck_assert_msg(picture_curve(&curves, picture, error), "%s", error->str);
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

/* What can't be drawn, for whatever reason, leaves the picture of before and its script. */
START_TEST(a_picture_stays_until_the_next_is_whole)
{
    static const char good[] = "set terminal svg\nset output 'kept.svg'\nplot 1\nunset output\n";
    static const char *const bad[] = {
        "set terminal svg\nset output 'kept.svg'\nplot 2\nplit 3\n",
        "set terminal svg\nset output 'kept.svg'\nplot 2\nset output 'other.svg'\nexit\n",
        "set terminal svg\nset output 'kept.svg'\nplot 2\n!kill -9 $PPID\n"};
    g_autofree char *script_path = g_build_filename(folder, "kept.gnuplot", NULL);
    g_autofree char *picture = g_build_filename(folder, "kept.svg", NULL);
    g_autofree char *before = NULL;
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert_msg(gnuplot_run(good, script_path, error), "%s", error->str);
    ck_assert(g_file_get_contents(picture, &before, NULL, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *after = NULL;
        g_autofree char *script = NULL;
        ck_assert_msg(!gnuplot_run(bad[i], script_path, error), "%s", bad[i]);
        ck_assert(g_file_get_contents(picture, &after, NULL, NULL));
        ck_assert_msg(strcmp(before, after) == 0, "%s", bad[i]);
        ck_assert(g_file_get_contents(script_path, &script, NULL, NULL));
        ck_assert_str_eq(script, good);
    }
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(listing));)
        ck_assert_msg(!g_str_has_prefix(name, ".new-"), "%s is left behind", name);
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
    tcase_add_test(tests, a_mean_of_neighbours);
    tcase_add_test(tests, curves_become_svg_and_png);
    tcase_add_test(tests, nothing_of_the_user_changes_a_picture);
    tcase_add_test(tests, text_is_shown_and_never_run);
    tcase_add_test(tests, a_picture_stays_until_the_next_is_whole);
    tcase_add_test(tests, a_wrong_script_has_gnuplots_message);
    suite_add_tcase(suite, tests);
    return suite;
}
