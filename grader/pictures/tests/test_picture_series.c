/* Tests of pictures of figures over a number that doubles. */
#include "grader/pictures/picture_series.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

static char *folder;

static void set_up(void)
{
    folder = test_folder_new();
}

static void tear_down(void)
{
    test_folder_free(folder);
}

static const double ranks[] = {1, 2, 4}, formula[] = {8, 4.5, 2.5}, measured[] = {8.25, NAN, 0};
static const struct picture_axes axes = {.title = "seconds of a step", .x = "ranks", .y = "s"};

static char *read_file(const char *path, const char *ending)
{
    char *text = NULL;
    g_autofree char *file = g_strconcat(path, ending, NULL);
    ck_assert_msg(g_file_get_contents(file, &text, NULL, NULL), "%s is not there", file);
    return text;
}

/* The picture has both titles, and the script what can be drawn: numbers that are finite and above 0. */
START_TEST(lines_and_points_are_drawn)
{
    const struct picture_series series[] = {{"formula", false, 3, ranks, formula},
                                            {"measured", true, 3, ranks, measured}};
    struct picture_axes own = axes;
    own.plain_y = _i == 1;
    g_autofree char *path = g_build_filename(folder, "picture", NULL);
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert_msg(picture_series(&own, series, 2, path, error), "%s", error->str);
    g_autofree char *svg = read_file(path, ".svg"), *script = read_file(path, ".gnuplot"),
                    *png = read_file(path, ".png");
    const char *in_picture[] = {"formula", "measured", "seconds of a step", "ranks"};
    for (size_t i = 0; i < G_N_ELEMENTS(in_picture); i++)
        ck_assert_msg(strstr(svg, in_picture[i]) != NULL, "no \"%s\"", in_picture[i]);
    ck_assert_ptr_nonnull(strstr(script, "$series0 << END\n1 8\n2 4.5\n4 2.5\nEND\n"));
    ck_assert_ptr_nonnull(strstr(script, "$series1 << END\n1 8.25\nEND\n"));
    ck_assert_int_eq(strstr(script, "set logscale y") != NULL, _i == 0);
    ck_assert_mem_eq(png, "\x89PNG", 4);
}
END_TEST

START_TEST(nothing_to_draw_is_said)
{
    const struct picture_series series = {"nothing known", false, 2, ranks, measured + 1};
    g_autofree char *path = g_build_filename(folder, "picture", NULL);
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert(!picture_series(&axes, &series, 1, path, error));
    ck_assert_str_eq(error->str, "there is nothing to draw");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pictures of series");
    TCase *cases = tcase_create("series");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, lines_and_points_are_drawn, 0, 2);
    tcase_add_test(cases, nothing_to_draw_is_said);
    suite_add_tcase(suite, cases);
    return suite;
}
