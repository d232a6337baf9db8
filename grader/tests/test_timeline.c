/*
 * Tests of the picture of a schedule: what is drawn is counted in the SVG.
 */
#include "grader/picture_timeline.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], path[96];
static GString *error;

static void set_up(void)
{
    strcpy(folder, "/tmp/test_timeline_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a_picture", folder);
    error = g_string_new(NULL);
}

static void tear_down(void)
{
    const char *const endings[] = {"svg", "png", "gnuplot"};
    for (int i = 0; i < 3; i++) {
        char *file = g_strdup_printf("%s.%s", path, endings[i]);
        unlink(file);
        g_free(file);
    }
    rmdir(folder);
    g_string_free(error, TRUE);
}

static char *contents(const char *ending)
{
    char *file = g_strdup_printf("%s.%s", path, ending), *text = NULL;
    ck_assert_msg(g_file_get_contents(file, &text, NULL, NULL), "no %s", file);
    g_free(file);
    return text;
}

static int occurrences(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

static struct replay *example(int stages, int micro_batches)
{
    gsize places = (gsize)stages * (gsize)micro_batches;
    double *forward = g_new(double, places), *backward = g_new(double, places);
    for (gsize i = 0; i < places; i++) {
        forward[i] = 1e6;
        backward[i] = 2e6;
    }
    struct schedule *schedule = schedule_afab(stages, micro_batches, forward, backward);
    struct replay *replay = schedule_run(schedule);
    schedule_free(schedule);
    g_free(forward);
    g_free(backward);
    return replay;
}

START_TEST(boxes_numbers_and_title)
{
    struct replay *replay = example(3, 5);
    ck_assert_msg(timeline_picture_of(replay, "a \"title\" with_signs {here}", path, error), "%s",
                  error->str);
    char *svg = contents("svg"), *png = contents("png");
    /* 15 boxes each and one in the key; a pale row per rank. The colour stands once per box. */
    ck_assert_int_ge(occurrences(svg, "rgb(  0, 114, 178)"), 15);
    ck_assert_int_ge(occurrences(svg, "rgb(230, 159,   0)"), 15);
    for (int i = 0; i < 5; i++) {
        char number[32];
        snprintf(number, sizeof number, "<![CDATA[%d]]>", i);
        char plain[32];
        snprintf(plain, sizeof plain, ">%d<", i);
        /* Three ranks, forward and backward. */
        ck_assert_int_ge(occurrences(svg, number) + occurrences(svg, plain), 6);
    }
    /* (p-1)/(m+p-1) = 2/7 */
    ck_assert_ptr_nonnull(strstr(svg, "28.6 %"));
    ck_assert_ptr_nonnull(strstr(svg, "with_signs {here}"));
    ck_assert_int_eq(memcmp(png, "\x89PNG", 4), 0);
    g_free(svg);
    g_free(png);
    replay_free(replay);
}
END_TEST

START_TEST(narrow_boxes_have_no_numbers)
{
    struct replay *replay = example(4, 200);
    ck_assert_msg(timeline_picture_of(replay, "many", path, error), "%s", error->str);
    char *svg = contents("svg");
    ck_assert_ptr_null(strstr(svg, ">150<"));
    ck_assert_ptr_null(strstr(svg, "[150]"));
    g_free(svg);
    replay_free(replay);
}
END_TEST

START_TEST(nothing_to_draw_is_an_error)
{
    struct log_file logs[2] = {{.ranks = 2}, {.rank = 1, .ranks = 2}};
    ck_assert(!timeline_picture(logs, 2, REPLAY_ALL_STEPS, "title", path, error));
    ck_assert_str_eq(error->str, "no computation was recorded");
    struct replay *replay = example(2, 2);
    g_string_truncate(error, 0);
    ck_assert(!timeline_picture_of(replay, "title", "/nonexistent/folder/picture", error));
    ck_assert_uint_gt(error->len, 0);
    replay_free(replay);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timeline");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, boxes_numbers_and_title);
    tcase_add_test(tests, narrow_boxes_have_no_numbers);
    tcase_add_test(tests, nothing_to_draw_is_an_error);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
