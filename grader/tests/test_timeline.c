/*
 * Tests of timelines and of their pictures: what is drawn is counted in the SVG.
 */
#include "grader/picture_timeline.h"
#include "grader/tests/log_builder.h"
#include "grader/timeline_reference.h"

#include <check.h>
#include <limits.h>
#include <math.h>
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

static struct replay *example(int stages, int micro_batches)
{
    struct schedule *schedule =
        schedule_equal(schedule_afab, stages, 1, micro_batches, 1e6, 1e6, 1e6);
    struct replay *replay = schedule_run(schedule);
    schedule_free(schedule);
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
    struct timeline *timeline = timeline_of_logs(logs, 2, REPLAY_ALL_STEPS);
    struct timeline_panel panel = {.timeline = timeline, .label = "nothing"};
    ck_assert(!timeline_picture(&panel, 1, "title", path, error));
    ck_assert_str_eq(error->str, "no computation was recorded");
    timeline_free(timeline);
    struct replay *replay = example(2, 2);
    g_string_truncate(error, 0);
    ck_assert(!timeline_picture_of(replay, "title", "/nonexistent/folder/picture", error));
    ck_assert_uint_gt(error->len, 0);
    replay_free(replay);
}
END_TEST

/* 4 ranks, 8 micro-batches, F=I=W=1: the makespans and bubbles of the schedules' published
 * formulas. The names are those of --schedule. */
static const struct {
    const char *name;
    int chunks;
    double makespan, bubble;
} published[] = {
    {"afab", 1, 33, 9.0 / 33},
    {"1f1b", 1, 33, 9.0 / 33},
    {"interleaved", 2, 28.5, 4.5 / 28.5},
    {"zero-bubble", 1, 27, 3.0 / 27},
    {"pipedream", 1, 33, 9.0 / 33},
};

static struct timeline *timeline_by_name(const char *name, int chunks)
{
    const struct schedule_kind *kind = schedule_find(name);
    ck_assert_ptr_nonnull(kind);
    struct schedule *schedule =
        schedule_equal(kind->make, 4, chunks, 8, 1.0 / chunks, 1.0 / chunks, 1.0 / chunks);
    ck_assert_ptr_nonnull(schedule);
    struct replay *replay = schedule_run(schedule);
    struct timeline *timeline = timeline_of_replay(replay, TIMELINE_FORWARDS);
    replay_free(replay);
    schedule_free(schedule);
    return timeline;
}

START_TEST(bubbles_are_those_of_the_formulas)
{
    struct timeline *timeline = timeline_by_name(published[_i].name, published[_i].chunks);
    const struct schedule_kind *kind = schedule_find(published[_i].name);
    ck_assert_double_eq_tol(timeline->makespan, published[_i].makespan, 1e-9);
    ck_assert_double_eq_tol(timeline_bubble(timeline), published[_i].bubble, 1e-9);
    ck_assert_double_eq_tol(timeline_formula_bubble(timeline, kind), published[_i].bubble, 1e-9);
    /* Its own reference is itself. */
    struct timeline *reference = timeline_reference(timeline, kind);
    ck_assert_ptr_nonnull(reference);
    ck_assert_double_eq_tol(reference->makespan, published[_i].makespan, 1e-9);
    timeline_free(reference);
    timeline_free(timeline);
}
END_TEST

START_TEST(a_pair_shares_an_axis_and_shows_both)
{
    struct replay *own = example(4, 8), *reference = example(4, 8);
    ck_assert_msg(timeline_picture_pair(own, reference, "title", path, error), "%s", error->str);
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

/* A log may say anything of a stage: the key stays as short as with a few chunks. */
START_TEST(senseless_stages_do_not_fill_the_key)
{
    static const int stages[] = {1 << 20, INT_MAX};
    struct replay *replay = example(2, 2);
    replay->rank[0].interval[0].stage = stages[_i];
    replay->rank[1].interval[1].micro_batch = INT_MAX;
    ck_assert_msg(timeline_picture_of(replay, "title", path, error), "%s", error->str);
    char *script = contents("gnuplot");
    ck_assert_uint_lt(strlen(script), 20000);
    ck_assert_ptr_nonnull(strstr(script, "/…"));
    g_free(script);
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
    ck_assert(!timeline_picture_of(replay, "title", path, error));
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
    ck_assert_msg(timeline_picture_of(own, "title", path, error), "%s", error->str);
    ck_assert_msg(timeline_picture_pair(own, reference, "title", path, error), "%s", error->str);
    char *svg = contents("svg");
    ck_assert_uint_lt(strlen(svg), 4000000);
    g_free(svg);
    replay_free(own);
    replay_free(reference);
}
END_TEST

/* ---- from clocks -------------------------------------------------------------------------- */

static void at(struct builder *builder, uint64_t clock)
{
    builder->log.record[builder->log.count - 1].clock = clock;
}

/* Two ranks, one micro-batch: F 10, message 5, F 20, B 30 (message 5), B 40; rank 1 waits. */
static void two_ranks(struct builder *rank0, struct builder *rank1, bool hang)
{
    const uint64_t origin = 1000;
    builder_init(rank0, 0, 2);
    builder_init(rank1, 1, 2);
    fact(rank0, LOG_STEP_BEGIN, 7), at(rank0, origin - 2);
    fact(rank1, LOG_STEP_BEGIN, 7), at(rank1, origin - 2);
    compute(rank0, LOG_FORWARD, 0, 0, 1);
    rank0->log.record[1].clock = origin, rank0->log.record[2].clock = origin + 10;
    call(rank0, LOG_SEND, 1, 0, 8, true);
    rank0->log.record[3].clock = origin + 10, rank0->log.record[4].clock = origin + 11;
    call(rank1, LOG_RECV, 0, 0, 8, true);
    rank1->log.record[1].clock = origin - 1, rank1->log.record[2].clock = origin + 15;
    compute(rank1, LOG_FORWARD, 1, 0, 1);
    rank1->log.record[3].clock = origin + 15, rank1->log.record[4].clock = origin + 35;
    compute(rank1, LOG_BACKWARD, 1, 0, 1);
    rank1->log.record[5].clock = origin + 35, rank1->log.record[6].clock = origin + 65;
    call(rank0, LOG_RECV, 1, 1, 8, !hang);
    rank0->log.record[5].clock = origin + 11;
    if (hang)
        return;
    at(rank0, origin + 70);
    compute(rank0, LOG_BACKWARD, 0, 0, 1);
    rank0->log.record[7].clock = origin + 70, rank0->log.record[8].clock = origin + 110;
    fact(rank0, LOG_STEP_END, 7), at(rank0, origin + 111);
    fact(rank1, LOG_STEP_END, 7), at(rank1, origin + 66);
}

static const struct timeline_bar *bar_of(const struct timeline *timeline, int rank, guint i)
{
    ck_assert_uint_lt(i, timeline->bar[rank]->len);
    return &g_array_index(timeline->bar[rank], struct timeline_bar, i);
}

START_TEST(clocks_are_taken_from_the_first_forward)
{
    struct builder builder[2];
    two_ranks(&builder[0], &builder[1], false);
    struct log_file logs[2] = {builder[0].log, builder[1].log};
    struct timeline *timeline = timeline_of_logs(logs, 2, TIMELINE_LAST_STEP);
    ck_assert(!timeline->stuck);
    ck_assert_double_eq(timeline->makespan, 110);
    ck_assert_double_eq(timeline->busy[0], 50);
    ck_assert_double_eq(timeline->busy[1], 50);
    ck_assert_double_eq_tol(timeline_bubble(timeline), 60.0 / 110, 1e-12);
    /* The wait began before the first forward: what is drawn of it begins at 0. */
    const struct timeline_bar *wait = bar_of(timeline, 1, 0);
    ck_assert_int_eq(wait->kind, TIMELINE_WAITING);
    ck_assert_double_eq(wait->begin, 0);
    ck_assert_double_eq(wait->end, 15);
    ck_assert_int_eq(bar_of(timeline, 0, 1)->kind, TIMELINE_SENDING);
    /* With free messages: 10 + 20 + 30 + 40. */
    struct timeline *reference = timeline_reference(timeline, schedule_find("afab"));
    ck_assert_ptr_nonnull(reference);
    ck_assert_double_eq_tol(reference->makespan, 100, 1e-9);
    timeline_free(reference);
    timeline_free(timeline);
    free(logs[0].record);
    free(logs[1].record);
}
END_TEST

START_TEST(a_call_that_never_returned_lasts_to_the_end)
{
    struct builder builder[2];
    two_ranks(&builder[0], &builder[1], true);
    struct log_file logs[2] = {builder[0].log, builder[1].log};
    struct timeline *timeline = timeline_of_logs(logs, 2, 7);
    ck_assert(timeline->stuck);
    const struct timeline_bar *pending = bar_of(timeline, 0, 2);
    ck_assert_int_eq(pending->kind, TIMELINE_WAITING);
    ck_assert_double_eq(pending->begin, 11);
    ck_assert_double_eq(pending->end, 65); /* the last record of rank 1 */
    ck_assert_ptr_null(timeline_reference(timeline, schedule_find("afab")));
    struct timeline_panel panel = {.timeline = timeline, .label = "it"};
    ck_assert_msg(timeline_picture(&panel, 1, "title", path, error), "%s", error->str);
    char *svg = contents("svg");
    ck_assert_ptr_nonnull(strstr(svg, "got stuck"));
    g_free(svg);
    timeline_free(timeline);
    free(logs[0].record);
    free(logs[1].record);
}
END_TEST

START_TEST(nonsense_is_survived)
{
    struct builder builder[3];
    for (int rank = 0; rank < 3; rank++)
        builder_init(&builder[rank], rank, 3);
    write_nonsense(builder, 3, (unsigned)_i);
    struct log_file logs[3] = {builder[0].log, builder[1].log, builder[2].log};
    struct timeline *timeline = timeline_of_logs(logs, 3, TIMELINE_LAST_STEP);
    struct timeline *reference = timeline_reference(timeline, schedule_find("interleaved"));
    ck_assert(!isnan(timeline_bubble(timeline)));
    timeline_free(reference);
    timeline_free(timeline);
    for (int rank = 0; rank < 3; rank++)
        free(logs[rank].record);
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
    tcase_add_loop_test(tests, bubbles_are_those_of_the_formulas, 0, G_N_ELEMENTS(published));
    tcase_add_test(tests, a_pair_shares_an_axis_and_shows_both);
    tcase_add_loop_test(tests, senseless_stages_do_not_fill_the_key, 0, 2);
    tcase_add_test(tests, half_a_picture_is_an_error);
    tcase_add_test(tests, large_runs_are_drawn_coarsely);
    tcase_add_test(tests, clocks_are_taken_from_the_first_forward);
    tcase_add_test(tests, a_call_that_never_returned_lasts_to_the_end);
    tcase_add_loop_test(tests, nonsense_is_survived, 0, 50);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
