/*
 * The learning curves of a submission: read, listed and drawn.
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
    struct curve_writer *file = curve_create(path);
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

#define HEADER "step,epoch,samples,loss,accuracy\n"

START_TEST(no_curve_is_no_problem)
{
    write_curve("one.csv", 3, 2);
    bool found;
    ck_assert_ptr_null(read_curves(&found));
    ck_assert(!found);
    ck_assert_str_eq(lesson_problems->str, "");
}
END_TEST

/* What can't be used is named, with what helps, and the others are drawn. */
START_TEST(what_cannot_be_used_is_left_out)
{
    g_autofree char *curves_folder = g_build_filename(lesson_folder, "curves", NULL);
    ck_assert_int_eq(g_mkdir(curves_folder, 0755), 0);
    write_curve("one.csv", 3, 2);
    lesson_write("curves/empty.csv", HEADER);
    lesson_write("curves/odd.csv", "step,loss\n1,2\n");
    bool found;
    ck_assert_ptr_null(read_curves(&found));
    ck_assert(found);
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "empty.csv: holds no step of a learning "
                                                       "curve. It is left out. make train with "
                                                       "CURVE=empty makes it anew.\n"));
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "odd.csv:1: expected the column names"));

    g_string_truncate(lesson_problems, 0);
    lesson_write("curves/cut.csv", HEADER "0,0,64,2.5,0.1\n1,0,128,2.25,0.2\n2,0,19");
    write_curve("curves/mine.csv", 4, 2.5);
    struct learning_curves *curves = read_curves(&found);
    ck_assert_ptr_nonnull(curves);
    ck_assert(curves->has_reference);
    ck_assert_int_eq(curves->count, 3);
    ck_assert_str_eq(curves->curve[1].name, "cut");
    ck_assert_int_eq(curves->curve[1].curve.count, 2);
    ck_assert_str_eq(curves->curve[2].name, "mine");
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "cut.csv:4: the line breaks off. Only what "
                                                       "is before that is used: 2 steps."));
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "empty.csv"));
    ck_assert_ptr_null(strstr(lesson_problems->str, "mine.csv"));
    learning_curves_free(curves);
}
END_TEST

START_TEST(a_damaged_reference_is_done_without)
{
    g_autofree char *curves_folder = g_build_filename(lesson_folder, "curves", NULL);
    ck_assert_int_eq(g_mkdir(curves_folder, 0755), 0);
    lesson_write("one.csv", "nonsense\n");
    write_curve("curves/mine.csv", 4, 2.5);
    bool found;
    struct learning_curves *curves = read_curves(&found);
    ck_assert_ptr_nonnull(curves);
    ck_assert(!curves->has_reference);
    ck_assert_int_eq(curves->count, 1);
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "one.csv:1: "));
    ck_assert_ptr_nonnull(strstr(lesson_problems->str, "take that file from there again"));
    g_autoptr(GString) table = g_string_new(NULL);
    learning_curves_table(curves, table);
    ck_assert_ptr_nonnull(strstr(table->str, "| loss at step | mine |\n"));
    ck_assert_msg(learning_curves_draw(curves, "alone", curves_folder, lesson_problems), "%s",
                  lesson_problems->str);
    learning_curves_free(curves);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("learning_curves");
    TCase *tests = tcase_create("learning_curves");
    tcase_add_checked_fixture(tests, lesson_begin, lesson_end);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, curves_are_drawn_and_listed);
    tcase_add_test(tests, every_curve_is_seen_from_where_it_begins);
    tcase_add_test(tests, no_curve_is_no_problem);
    tcase_add_test(tests, what_cannot_be_used_is_left_out);
    tcase_add_test(tests, a_damaged_reference_is_done_without);
    suite_add_tcase(suite, tests);
    return suite;
}
