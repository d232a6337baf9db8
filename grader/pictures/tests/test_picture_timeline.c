/*
 * Tests of the pictures of timelines: what is drawn is counted in the SVG.
 */
#include "grader/pictures/gnuplot.h"
#include "grader/pictures/picture_timeline.h"
#include "tests/support/test.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* All forwards, then all backwards: a forward takes 1 MFLOP, a backward 2. */
static struct replay *example(int stages, int micro_batches)
{
    const double unit = 1e6, turn = (micro_batches + stages - 1) * unit;
    struct replay *replay = g_new0(struct replay, 1);
    *replay = (struct replay){.makespan = 3 * turn,
                              .ranks = stages,
                              .rank = g_new0(struct replay_rank, stages),
                              .steps_found = stages};
    for (int s = 0; s < stages; s++) {
        struct replay_rank *rank = &replay->rank[s];
        *rank = (struct replay_rank){.count = 2 * micro_batches,
                                     .interval = g_new0(struct interval, 2 * micro_batches),
                                     .busy = 3 * unit * micro_batches,
                                     .idle = 3 * unit * (stages - 1),
                                     .stuck_in = NO_RECORD,
                                     .waits_for = LOG_NO_PEER};
        for (int i = 0; i < micro_batches; i++) {
            const double forward = (s + i) * unit,
                         backward = turn + 2 * (stages - 1 - s + i) * unit;
            rank->interval[i] = (struct interval){LOG_FORWARD, s, i, forward, forward + unit};
            rank->interval[micro_batches + i] =
                (struct interval){LOG_BACKWARD, s, i, backward, backward + 2 * unit};
        }
    }
    return replay;
}

static bool draw(const struct replay *own, const struct replay *reference, const char *title,
                 const char *where)
{
    return timeline_picture_of_replay(own, reference, (struct timeline_panel){0}, NULL, title,
                                      where, error);
}

START_TEST(boxes_numbers_and_title)
{
    struct replay *replay = example(3, 5);
    ck_assert_msg(draw(replay, NULL, "a \"title\" with_signs {here}", path), "%s", error->str);
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

/* The same SVG; and the script that stays draws both. (Check runs each test in a process of its own.) */
START_TEST(png_can_be_left_out)
{
    struct replay *replay = example(3, 5);
    ck_assert_msg(draw(replay, NULL, "a title", path), "%s", error->str);
    g_autofree char *svg = contents("svg"), *png = contents("png"), *script = contents("gnuplot");
    g_autofree char *png_file = g_strconcat(path, ".png", NULL);
    ck_assert_int_eq(unlink(png_file), 0);
    gnuplot_leave_png_out();
    ck_assert_msg(draw(replay, NULL, "a title", path), "%s", error->str);
    g_autofree char *svg_alone = contents("svg"), *its_script = contents("gnuplot");
    ck_assert_str_eq(svg_alone, svg);
    ck_assert_str_eq(its_script, script);
    ck_assert(!g_file_test(png_file, G_FILE_TEST_EXISTS));
    char *words[] = {"gnuplot", "-d", "a_picture.gnuplot", NULL};
    int status = -1;
    ck_assert(g_spawn_sync(folder, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           &status, NULL));
    ck_assert_int_eq(status, 0);
    g_autofree char *png_of_script = contents("png");
    ck_assert_mem_eq(png_of_script, png, 24); /* signature, and the header with its size */
    replay_free(replay);
}
END_TEST

START_TEST(narrow_boxes_have_no_numbers)
{
    struct replay *replay = example(4, 200);
    ck_assert_msg(draw(replay, NULL, "many", path), "%s", error->str);
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
    struct timeline *timeline = timeline_of_logs(logs, 2, REPLAY_ALL_STEPS);
    struct timeline_panel panel = {.timeline = timeline, .label = "nothing"};
    ck_assert(!timeline_picture(&panel, 1, "title", path, error));
    ck_assert_str_eq(error->str, "no computation was recorded");
    timeline_free(timeline);
    struct replay *replay = example(2, 2);
    g_string_truncate(error, 0);
    ck_assert(!draw(replay, NULL, "title", "/nonexistent/folder/picture"));
    ck_assert_uint_gt(error->len, 0);
    replay_free(replay);
}
END_TEST

START_TEST(a_pair_shares_an_axis_and_shows_both)
{
    struct replay *own = example(4, 8), *reference = example(4, 8);
    ck_assert_msg(draw(own, reference, "title", path), "%s", error->str);
    char *svg = contents("svg");
    ck_assert_int_ge(occurrences(svg, "rgb(  0, 114, 178)"), 64);
    /* 33 MFLOP and 3/11, twice */
    ck_assert_int_eq(occurrences(svg, "33 MFLOP; bubble (idle / makespan) 27.3 %"), 2);
    ck_assert_int_eq(occurrences(svg, ">rank 3<"), 2);
    g_free(svg);
    replay_free(own);
    replay_free(reference);
}
END_TEST

/* A log may say anything of a stage: the key stays as short as with a few stages. */
START_TEST(senseless_stages_do_not_fill_the_key)
{
    struct replay *replay = example(2, 20);
    for (int i = 0; i < 40; i++)
        replay->rank[0].interval[i].stage = _i == 0 ? i : INT_MAX - i;
    replay->rank[1].interval[1].micro_batch = INT_MAX;
    ck_assert_msg(draw(replay, NULL, "title", path), "%s", error->str);
    char *script = contents("gnuplot");
    ck_assert_uint_lt(strlen(script), 20000);
    ck_assert_ptr_nonnull(strstr(script, "/…"));
    g_free(script);
    replay_free(replay);
}
END_TEST

/* The key says which of its rank's stages a shade stands for, in the word of whoever draws. */
START_TEST(the_key_takes_the_word_for_stages)
{
    static const char *const words[] = {"floor", NULL};
    static const char *const keys[][2] = {{"\"forward, floor 0\"", "\"forward, floor 1\""},
                                          {"\"forward, own stage 0\"", "\"forward, own stage 1\""}};
    struct replay *replay = example(2, 4);
    for (int rank = 0; rank < 2; rank++)
        for (int i = 2; i < 4; i++)
            replay->rank[rank].interval[i].stage += 2;
    const struct timeline_panel beside = {.stage_word = words[_i]};
    ck_assert_msg(timeline_picture_of_replay(replay, NULL, beside, NULL, "title", path, error),
                  "%s", error->str);
    char *script = contents("gnuplot");
    for (int k = 0; k < 2; k++)
        ck_assert_msg(strstr(script, keys[_i][k]), "%s", script);
    g_free(script);
    replay_free(replay);
}
END_TEST

START_TEST(a_run_that_got_stuck_says_so)
{
    struct replay *replay = example(2, 2);
    replay->deadlock = true;
    ck_assert_msg(draw(replay, NULL, "title", path), "%s", error->str);
    char *svg = contents("svg");
    ck_assert_ptr_nonnull(strstr(svg, "got stuck"));
    g_free(svg);
    replay_free(replay);
}
END_TEST

/* A full disk, which gnuplot itself takes no notice of, leaves no half of a picture behind. */
START_TEST(half_a_picture_is_an_error)
{
    struct replay *replay = example(4, 8);
    ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    /* room for the script, but not for the picture */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){20000, RLIM_INFINITY}), 0);
    ck_assert(!draw(replay, NULL, "title", path));
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), 0);
    ck_assert_msg(strstr(error->str, "a_picture.svg can't be written as a whole"), "%s",
                  error->str);
    char *file = g_strdup_printf("%s.svg", path);
    ck_assert_int_ne(access(file, F_OK), 0);
    g_free(file);
    replay_free(replay);
}
END_TEST

START_TEST(large_runs_are_drawn_coarsely)
{
    struct replay *own = example(64, 1024), *reference = example(64, 256);
    ck_assert_msg(draw(own, NULL, "title", path), "%s", error->str);
    ck_assert_msg(draw(own, reference, "title", path), "%s", error->str);
    char *svg = contents("svg");
    ck_assert_uint_lt(strlen(svg), 4000000);
    g_free(svg);
    replay_free(own);
    replay_free(reference);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("picture_timeline");
    TCase *tests = tcase_create("picture_timeline");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, boxes_numbers_and_title);
    tcase_add_test(tests, png_can_be_left_out);
    tcase_add_test(tests, narrow_boxes_have_no_numbers);
    tcase_add_test(tests, nothing_to_draw_is_an_error);
    tcase_add_test(tests, a_pair_shares_an_axis_and_shows_both);
    tcase_add_loop_test(tests, senseless_stages_do_not_fill_the_key, 0, 2);
    tcase_add_loop_test(tests, the_key_takes_the_word_for_stages, 0, 2);
    tcase_add_test(tests, a_run_that_got_stuck_says_so);
    tcase_add_test(tests, half_a_picture_is_an_error);
    tcase_add_test(tests, large_runs_are_drawn_coarsely);
    suite_add_tcase(suite, tests);
    return suite;
}
