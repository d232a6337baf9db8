/*
 * The learning curves of a submission: read, made smooth, listed and drawn.
 */
#include "handin/learning_curves.h"
#include "tests/support/lesson.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static void write_curve(const char *name, int steps, double first_loss)
{
    g_autofree char *path = g_build_filename(lesson_folder, name, NULL);
    FILE *file = curve_create(path);
    for (int step = 0; step < steps; step++) {
        const struct curve_point point = {.step = step,
                                          .samples = 64 * (step + 1),
                                          .loss = first_loss / (1 + step),
                                          .accuracy = 0.5};
        curve_append(file, &point);
    }
    curve_finish(file);
}

static struct learning_curves *read_curves(bool *found)
{
    g_autofree char *curves = g_build_filename(lesson_folder, "curves", NULL);
    g_autofree char *reference = g_build_filename(lesson_folder, "one.csv", NULL);
    return learning_curves_read(curves, reference, found, lesson_problems);
}

START_TEST(a_mean_of_neighbours)
{
    const double values[] = {1, 2, 6, NAN, 10};
    g_autofree double *smooth = learning_curves_smooth(values, 5, 1);
    const double expected[] = {1.5, 3, 4, 8, 10};
    for (int i = 0; i < 5; i++)
        ck_assert_double_eq_tol(smooth[i], expected[i], 1e-12);
    g_autofree double *same = learning_curves_smooth(values, 3, 0);
    ck_assert_mem_eq(same, values, 3 * sizeof *values);
}
END_TEST

START_TEST(curves_are_drawn_and_listed)
{
    g_autofree char *curves_folder = g_build_filename(lesson_folder, "curves", NULL);
    ck_assert_int_eq(g_mkdir(curves_folder, 0755), 0);
    write_curve("one.csv", 130, 2);
    write_curve("curves/mine_{a}.csv", 102, 2.5);
    bool found;
    struct learning_curves *curves = read_curves(&found);
    ck_assert_msg(curves != NULL, "%s", lesson_problems->str);
    ck_assert_int_eq(curves->count, 2);

    g_autoptr(GString) table = g_string_new(NULL);
    learning_curves_table(curves, table);
    ck_assert_ptr_nonnull(strstr(table->str, "| loss at step | one (one process) | mine"));
    ck_assert_ptr_nonnull(strstr(table->str, "\n| 0 | 2.000000 | 2.500000 |\n"));
    ck_assert_ptr_nonnull(strstr(table->str, "\n| 100 | 0.019802 | 0.024752 |\n"));
    ck_assert_ptr_nonnull(strstr(table->str, "\n| 129 | 0.015385 | |\n"));

    ck_assert_msg(
        learning_curves_draw(curves, "a \"title\" of 100%", curves_folder, lesson_problems), "%s",
        lesson_problems->str);
    g_autofree char *picture = g_build_filename(curves_folder, "curves.png", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    ck_assert(g_file_get_contents(picture, &bytes, &length, NULL));
    ck_assert_uint_gt(length, 5000);
    ck_assert_mem_eq(bytes, "\x89PNG\r\n\x1a\n", 8);
    g_autofree char *drawing = g_build_filename(curves_folder, "curves.svg", NULL);
    g_autofree char *svg = NULL;
    ck_assert(g_file_get_contents(drawing, &svg, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(svg, "</svg>"));
    ck_assert_ptr_nonnull(strstr(svg, "mine_{a}"));
}
END_TEST

/* How high the picture of losses reaches. */
static double highest_in_picture(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "curves.gnuplot", NULL);
    g_autofree char *script = NULL;
    ck_assert(g_file_get_contents(path, &script, NULL, NULL));
    const char *range = strstr(script, "set yrange [0:");
    ck_assert_ptr_nonnull(range);
    return g_ascii_strtod(range + strlen("set yrange [0:"), NULL);
}

/* A language model of 88 characters begins at a loss of ln 88 = 4.5; one that goes astray ends at any. */
START_TEST(every_curve_is_seen_from_where_it_begins)
{
    g_autofree char *curves_folder = g_build_filename(lesson_folder, "curves", NULL);
    ck_assert_int_eq(g_mkdir(curves_folder, 0755), 0);
    write_curve("one.csv", 9, 2);
    write_curve("curves/text.csv", 9, 4.5);
    lesson_write("curves/astray.csv",
                 "step,epoch,samples,loss,accuracy,seconds,samples_per_second,tokens_per_second\n"
                 "0,0,64,2,0.1,1,64,0\n1,0,128,1e9,0.1,2,64,0\n2,0,192,nan,0.1,3,64,0\n");
    bool found;
    struct learning_curves *curves = read_curves(&found);
    ck_assert_msg(curves != NULL, "%s", lesson_problems->str);
    ck_assert_msg(learning_curves_draw(curves, "three", curves_folder, lesson_problems), "%s",
                  lesson_problems->str);
    ck_assert_double_ge(highest_in_picture(curves_folder), 4.5);
    ck_assert_double_le(highest_in_picture(curves_folder), 9);
}
END_TEST

START_TEST(no_curve_is_no_problem_and_a_broken_one_is)
{
    g_autofree char *curves_folder = g_build_filename(lesson_folder, "curves", NULL);
    write_curve("one.csv", 3, 2);
    bool found;
    ck_assert_ptr_null(read_curves(&found));
    ck_assert(!found);
    ck_assert_str_eq(lesson_problems->str, "");

    ck_assert_int_eq(g_mkdir(curves_folder, 0755), 0);
    write_curve("curves/empty.csv", 0, 2);
    lesson_write("curves/odd.csv", "step,loss\n1,2\n");
    ck_assert_ptr_null(read_curves(&found));
    ck_assert(found);
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "empty.csv: holds no step"));
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "odd.csv"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("learning_curves");
    TCase *tests = tcase_create("learning_curves");
    tcase_add_checked_fixture(tests, lesson_begin, lesson_end);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, a_mean_of_neighbours);
    tcase_add_test(tests, curves_are_drawn_and_listed);
    tcase_add_test(tests, every_curve_is_seen_from_where_it_begins);
    tcase_add_test(tests, no_curve_is_no_problem_and_a_broken_one_is);
    suite_add_tcase(suite, tests);
    return suite;
}
