/*
 * Tests that a timeline's picture fits its column and says what it shows: width, frame, numbers and
 * legend, counted by hand beside what the script draws.
 */
#include "grader/pictures/picture_timeline.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN 930 /* of a report, points */

static char *folder, *script, *svg;

static void set_up(void)
{
    folder = test_folder_new();
}

static void tear_down(void)
{
    g_clear_pointer(&script, g_free);
    g_clear_pointer(&svg, g_free);
    test_folder_free(folder);
}

/* All forwards, then all backwards: a forward takes 1, a backward 2, on the last rank by `last` of that;
 * then a step of the optimizer that takes no time. halves: backwards are two. */
static struct replay *example(int ranks, int micro_batches, double last, bool halves)
{
    const double turn = micro_batches + ranks - 1;
    const int of_each = halves ? 3 : 2;
    struct replay *replay = g_new0(struct replay, 1);
    *replay = (struct replay){.makespan = 3 * turn,
                              .ranks = ranks,
                              .rank = g_new0(struct replay_rank, ranks),
                              .steps_found = ranks};
    for (int s = 0; s < ranks; s++) {
        struct replay_rank *rank = &replay->rank[s];
        const double length = s == ranks - 1 ? last : 1;
        *rank = (struct replay_rank){.interval = g_new0(struct interval, 3 * micro_batches + 1),
                                     .stuck_in = NO_RECORD,
                                     .waits_for = LOG_NO_PEER};
        for (int i = 0; i < micro_batches; i++) {
            const double forward = s + i, backward = turn + 2 * (ranks - 1 - s + i);
            struct interval *own = &rank->interval[of_each * i];
            own[0] = (struct interval){LOG_FORWARD, s, i, forward, forward + length};
            own[1] = (struct interval){halves ? LOG_BACKWARD_INPUT : LOG_BACKWARD, s, i, backward,
                                       backward + (halves ? 1 : 2) * length};
            if (halves)
                own[2] = (struct interval){LOG_BACKWARD_WEIGHT, s, i, backward + 1,
                                           backward + 1 + length};
        }
        rank->count = of_each * micro_batches + 1;
        const double end = rank->interval[rank->count - 2].end;
        rank->interval[rank->count - 1] = (struct interval){LOG_OPTIMIZER_STEP, s, -1, end, end};
        rank->busy = 3 * length * micro_batches;
    }
    return replay;
}

static void draw(struct replay *replay)
{
    g_autofree char *path = g_build_filename(folder, "picture", NULL);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    g_autofree char *svg_path = g_strconcat(path, ".svg", NULL);
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert_msg(timeline_picture_of_replay(replay, NULL, (struct timeline_panel){0}, NULL,
                                             "a title", path, error),
                  "%s", error->str);
    ck_assert(g_file_get_contents(script_path, &script, NULL, NULL));
    ck_assert(g_file_get_contents(svg_path, &svg, NULL, NULL));
    replay_free(replay);
}

static double value_behind(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    ck_assert_msg(at, "no \"%s\" in %.2000s", words, text);
    return g_ascii_strtod(at + strlen(words), NULL);
}

/* The lines of all data blocks whose names begin like that; calls `look` with the numbers of each. */
static int for_each_line(const char *name, void (*look)(const double *number, void *data),
                         void *data)
{
    g_auto(GStrv) lines = g_strsplit(script, "\n", -1);
    bool inside = false;
    int count = 0;
    for (char **line = lines; *line; line++) {
        if (g_str_has_suffix(*line, " << END")) {
            inside = g_str_has_prefix(*line, name);
        } else if (g_str_equal(*line, "END")) {
            inside = false;
        } else if (inside) {
            double number[4] = {0};
            char *at = *line;
            for (int i = 0; i < 4; i++)
                number[i] = g_ascii_strtod(at, &at);
            look(number, data);
            count++;
        }
    }
    return count;
}

struct found {
    double most; /* the axis' end */
    double time; /* of all boxes together */
    int number[256];
    bool outside;
};

static void look_at_box(const double *number, void *data)
{
    struct found *found = data;
    found->time += number[1] - number[0];
    found->outside |= number[0] < 0 || number[1] > found->most * (1 + 1e-6);
}

static void look_at_number(const double *number, void *data)
{
    struct found *found = data;
    found->outside |= number[0] < 0 || number[0] > found->most;
    ck_assert_double_lt(number[2], 256);
    found->number[(int)number[2]]++;
}

static struct found look(void)
{
    struct found found = {.most = value_behind(script, "set xrange [0:")};
    for_each_line("$boxes", look_at_box, &found);
    for_each_line("$numbers", look_at_number, &found);
    return found;
}

/* Each box has its number wherever that is possible on a page: so a long time goes on below. All boxes
 * lie in the frame, and together they are as long as what was computed, but for a gap each. */
static const struct {
    int ranks, micro_batches;
    bool halves;
    int hidden; /* at most: where one band ends in a box and the next begins */
} shapes[] = {{4, 8, false, 0}, {4, 8, true, 0},   {2, 32, false, 0},
              {4, 24, true, 8}, {8, 16, false, 0}, {1, 99, false, 4}};

START_TEST(pictures_fit_the_column_with_all_their_numbers)
{
    const int ranks = shapes[_i].ranks, m = shapes[_i].micro_batches;
    const int boxes = ranks * m * (shapes[_i].halves ? 3 : 2);
    draw(example(ranks, m, 1, shapes[_i].halves));
    ck_assert_double_le(value_behind(svg, "width=\""), COLUMN);
    const struct found found = look();
    int hidden = boxes;
    for (int i = 0; i < m; i++) {
        ck_assert_int_le(found.number[i], boxes / m);
        hidden -= found.number[i];
    }
    ck_assert_int_le(hidden, shapes[_i].hidden);
    g_autofree char *words =
        g_strdup_printf("boxes too narrow for their number: %d of %d", hidden, boxes);
    ck_assert_int_eq(strstr(svg, words) != NULL, hidden > 0);
    ck_assert(!found.outside);
    ck_assert_double_le(found.time, 3 * ranks * m + 1);
    ck_assert_double_ge(found.time, 0.9 * 3 * ranks * m);
}
END_TEST

/* A rank that takes next to no time: its boxes have no room for numbers, and the picture says so. */
START_TEST(what_has_no_room_for_its_number_is_said)
{
    draw(example(4, 8, 0.01, false));
    const struct found found = look();
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(found.number[i], 6);
    ck_assert_ptr_nonnull(
        strstr(svg, "boxes too narrow for their number: 16 of 64 (all of rank 3); the trace"));
}
END_TEST

START_TEST(a_picture_without_numbers_says_why)
{
    draw(example(16, 200, 1, false));
    ck_assert_double_le(value_behind(svg, "width=\""), COLUMN);
    const struct found found = look();
    int numbers = 0;
    for (int i = 0; i < 256; i++)
        numbers += found.number[i];
    ck_assert_int_eq(numbers, 0);
    ck_assert_ptr_nonnull(strstr(svg, "boxes too narrow for their number: 6400 of 6400; "));
    ck_assert_ptr_null(strstr(svg, "number: micro-batch"));
}
END_TEST

/* Boxes that are put together because there are too many are said, too. */
START_TEST(what_is_put_together_is_said)
{
    draw(example(64, 1024, 1, false));
    ck_assert_ptr_nonnull(strstr(svg, "neighbours are put together, without numbers"));
    ck_assert_double_le(value_behind(svg, "width=\""), COLUMN);
}
END_TEST

START_TEST(the_legend_says_what_signs_mean)
{
    static const char *const meanings[] = {
        ">forward<",        ">backward for the input<", ">backward for the weights<",
        ">optimizer step<", ">number: micro-batch<",    ">white: idle<"};
    draw(example(3, 5, 1, true));
    for (guint i = 0; i < G_N_ELEMENTS(meanings); i++)
        ck_assert_msg(strstr(svg, meanings[i]), "no %s", meanings[i]);
    ck_assert_ptr_null(strstr(svg, ">sending<"));
    ck_assert_ptr_null(strstr(svg, ">backward<"));
}
END_TEST

/* The optimizer's steps of a run end behind its last backward: the frame goes on to their end. */
START_TEST(the_frame_holds_what_comes_last)
{
    struct replay *replay = example(2, 3, 1, false);
    struct interval *step = &replay->rank[0].interval[replay->rank[0].count - 1];
    step->end += 3;
    draw(replay);
    /* 12 of makespan, 3 of the step */
    const struct found found = look();
    ck_assert_double_eq_tol(found.most, 15, 1e-6);
    ck_assert(!found.outside);
    ck_assert_ptr_nonnull(strstr(script, "set arrow from 15,"));
    ck_assert_ptr_nonnull(strstr(script, "set arrow from 12,"));
    ck_assert_ptr_nonnull(strstr(svg, ">end of the last backward<"));
}
END_TEST

/* A title that is longer than the picture is wide takes two lines. */
START_TEST(long_titles_are_broken)
{
    g_autoptr(GString) title = g_string_new(NULL);
    for (int i = 0; i < 30; i++)
        g_string_append_printf(title, "word%d ", i);
    struct replay *replay = example(2, 3, 1, false);
    g_autofree char *path = g_build_filename(folder, "picture", NULL);
    g_autofree char *svg_path = g_strconcat(path, ".svg", NULL);
    ck_assert(timeline_picture_of_replay(replay, NULL, (struct timeline_panel){0}, NULL, title->str,
                                         path, title));
    ck_assert(g_file_get_contents(svg_path, &svg, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(svg, "word0 "));
    ck_assert_ptr_nonnull(strstr(svg, "word29"));
    ck_assert_ptr_null(strstr(svg, title->str));
    replay_free(replay);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pictures fit");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, pictures_fit_the_column_with_all_their_numbers, 0,
                        G_N_ELEMENTS(shapes));
    tcase_add_test(tests, what_has_no_room_for_its_number_is_said);
    tcase_add_test(tests, a_picture_without_numbers_says_why);
    tcase_add_test(tests, what_is_put_together_is_said);
    tcase_add_test(tests, the_legend_says_what_signs_mean);
    tcase_add_test(tests, the_frame_holds_what_comes_last);
    tcase_add_test(tests, long_titles_are_broken);
    suite_add_tcase(suite, tests);
    return suite;
}
