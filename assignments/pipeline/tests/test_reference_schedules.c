/*
 * Tests of what is drawn and compared beside a run: the schedule as it should be
 * with the run's own durations. The truths are the published makespans and
 * bubbles, and runs written by hand.
 */
#include "assignments/pipeline/schedules/schedule_timeline.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#define MOST_RANKS 5

static struct script rank[MOST_RANKS];
static struct log_file logs[MOST_RANKS];

static void begin(int ranks)
{
    for (int r = 0; r < ranks; r++)
        script_init(&rank[r], r, ranks);
}

/* The logs of the first ranks, to be freed by end(). */
static const struct log_file *written(int ranks)
{
    for (int r = 0; r < ranks; r++)
        logs[r] = rank[r].log;
    return logs;
}

static void end(int ranks)
{
    for (int r = 0; r < ranks; r++)
        free(rank[r].log.record);
}

/* ---- from replays ------------------------------------------------------------------------------ */

/* Any numbers, always the same. */
static uint64_t cost(int stage, int micro_batch, bool backward)
{
    return 5 + (uint64_t)((stage * 37 + micro_batch * 11 + backward * 17) % 23);
}

/* Forwards and backwards of a step on all ranks, with their messages. */
static void afab_step(int p, int m)
{
    for (int s = 0; s < p; s++) {
        for (int i = 0; i < m; i++) {
            if (s > 0)
                script_wait(&rank[s], script_irecv(&rank[s], s - 1, i, 100));
            script_compute(&rank[s], LOG_FORWARD, s, i, cost(s, i, false));
            if (s < p - 1)
                script_isend(&rank[s], s + 1, i, 100);
        }
        for (int i = 0; i < m; i++) {
            if (s < p - 1)
                script_wait(&rank[s], script_irecv(&rank[s], s + 1, i, 100));
            script_compute(&rank[s], LOG_BACKWARD, s, i, cost(s, i, true));
            if (s > 0)
                script_isend(&rank[s], s - 1, i, 100);
        }
    }
}

static struct replay *replay_of(int ranks)
{
    return replay_run(written(ranks), ranks, NULL,
                      (struct replay_options){.step = REPLAY_ALL_STEPS});
}

/* A right run takes as long as its schedule with its own durations. */
START_TEST(a_schedule_like_the_run_lasts_as_long)
{
    for (int p = 1; p <= 5; p++)
        for (int m = 1; m <= 7; m++) {
            begin(p);
            afab_step(p, m);
            struct replay *replay = replay_of(p);
            struct schedule *same = schedule_like(replay, 1, schedule_afab);
            ck_assert_ptr_nonnull(same);
            struct replay *reference = schedule_run(same);
            ck_assert(!reference->deadlock);
            ck_assert_double_eq(reference->makespan, replay->makespan);
            schedule_free(same);
            replay_free(reference);
            replay_free(replay);
            end(p);
        }
}
END_TEST

START_TEST(several_steps_are_no_schedule)
{
    begin(3);
    for (int i = 0; i < 4; i++)
        afab_step(3, 1);
    struct replay *replay = replay_of(3);
    ck_assert_ptr_null(schedule_like(replay, 1, schedule_afab));
    replay_free(replay);
    end(3);
}
END_TEST

/* ---- timelines ----------------------------------------------------------------------------------- */

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
    ck_assert_double_eq_tol(
        schedule_timeline_bubble(timeline, kind,
                                 (struct schedule_shape){4, published[_i].chunks, 8}),
        published[_i].bubble, 1e-9);
    /* Its own reference is itself. */
    struct timeline *reference = schedule_timeline(timeline, kind);
    ck_assert_ptr_nonnull(reference);
    ck_assert_double_eq_tol(reference->makespan, published[_i].makespan, 1e-9);
    timeline_free(reference);
    timeline_free(timeline);
}
END_TEST

/* Two ranks, one micro-batch: F 10, F 20, B 30, B 40, with messages between them. */
static void write_two_ranks(bool hang)
{
    begin(2);
    script_step(&rank[0], LOG_STEP_BEGIN, 7);
    script_step(&rank[1], LOG_STEP_BEGIN, 7);
    script_compute(&rank[0], LOG_FORWARD, 0, 0, 1);
    script_call(&rank[0], LOG_SEND, 1, 0, 8, true);
    script_call(&rank[0], LOG_RECV, 1, 1, 8, !hang);
    if (!hang) {
        script_compute(&rank[0], LOG_BACKWARD, 0, 0, 1);
        script_step(&rank[0], LOG_STEP_END, 7);
    }
    script_call(&rank[1], LOG_RECV, 0, 0, 8, true);
    script_compute(&rank[1], LOG_FORWARD, 1, 0, 1);
    script_compute(&rank[1], LOG_BACKWARD, 1, 0, 1);
    script_step(&rank[1], LOG_STEP_END, 7);
    static const uint64_t clock[2][10] = {
        {998, 1000, 1010, 1010, 1011, 1011, 1070, 1070, 1110, 1111},
        {998, 999, 1015, 1015, 1035, 1035, 1065, 1066}};
    for (int r = 0; r < 2; r++)
        for (size_t i = 0; i < rank[r].log.count; i++)
            rank[r].log.record[i].clock = clock[r][i];
}

/* A run that failed half-way is no other schedule: the formula is that of the shape that it was to have,
 * with the durations that were seen. Here each rank did its first forwards and backwards only. */
START_TEST(the_formula_of_half_a_run_is_that_of_the_whole)
{
    struct timeline *timeline = timeline_by_name(published[_i].name, published[_i].chunks);
    for (int r = 0; r < timeline->ranks; r++) {
        GArray *bars = timeline->bar[r];
        guint kept = 0;
        for (guint i = 0; i < bars->len; i++) {
            const struct timeline_bar *bar = &g_array_index(bars, struct timeline_bar, i);
            if (bar->stage == r && bar->micro_batch < 2)
                g_array_index(bars, struct timeline_bar, kept++) = *bar;
        }
        g_array_set_size(bars, kept);
    }
    timeline->stages = timeline->ranks;
    timeline->micro_batches = 2;
    ck_assert_double_eq_tol(
        schedule_timeline_bubble(timeline, schedule_find(published[_i].name),
                                 (struct schedule_shape){4, published[_i].chunks, 8}),
        published[_i].bubble, 1e-9);
    timeline_free(timeline);
}
END_TEST

/* What an order is called, however the run was started; one that is none of them has no name. */
START_TEST(orders_are_told_by_what_was_computed_when)
{
    static const struct {
        const char *made, *told; /* PipeDream's order is that of 1F1B */
        int chunks;
    } orders[] = {{"afab", "afab", 1},
                  {"1f1b", "1f1b", 1},
                  {"bounded", "bounded", 1},
                  {"zero-bubble", "zero-bubble", 1},
                  {"interleaved", "interleaved", 2},
                  {"pipedream", "1f1b", 1}};
    for (guint i = 0; i < G_N_ELEMENTS(orders); i++) {
        struct schedule *schedule =
            schedule_equal(schedule_find(orders[i].made)->make, 4, orders[i].chunks, 8, 1, 1, 1);
        struct replay *replay = schedule_run(schedule);
        const struct schedule_kind *told = schedule_of_order(replay, orders[i].chunks);
        ck_assert_ptr_nonnull(told);
        ck_assert_str_eq(told->facts->name, orders[i].told);
        /* One change, and it is none of them. */
        struct interval *interval = replay->rank[0].interval;
        const struct interval first = interval[0];
        interval[0].micro_batch = interval[1].micro_batch;
        interval[1].micro_batch = first.micro_batch;
        told = schedule_of_order(replay, orders[i].chunks);
        ck_assert_msg(!told, "%s, changed, is taken for %s", orders[i].made, told->facts->name);
        replay_free(replay);
        schedule_free(schedule);
    }
}
END_TEST

START_TEST(messages_are_free_in_the_reference)
{
    write_two_ranks(false);
    struct timeline *timeline = timeline_of_logs(written(2), 2, TIMELINE_LAST_STEP);
    ck_assert_double_eq(timeline->makespan, 110);
    struct timeline *reference = schedule_timeline(timeline, schedule_find("afab"));
    ck_assert_ptr_nonnull(reference);
    ck_assert_double_eq_tol(reference->makespan, 10 + 20 + 30 + 40, 1e-9);
    timeline_free(reference);
    timeline_free(timeline);
    end(2);
}
END_TEST

START_TEST(what_got_stuck_has_no_reference)
{
    write_two_ranks(true);
    struct timeline *timeline = timeline_of_logs(written(2), 2, 7);
    ck_assert(timeline->stuck);
    ck_assert_ptr_null(schedule_timeline(timeline, schedule_find("afab")));
    timeline_free(timeline);
    end(2);
}
END_TEST

START_TEST(nonsense_is_survived)
{
    begin(3);
    script_nonsense(rank, 3, (unsigned)_i);
    struct timeline *timeline = timeline_of_logs(written(3), 3, TIMELINE_LAST_STEP);
    timeline_free(schedule_timeline(timeline, schedule_find("interleaved")));
    timeline_free(timeline);
    struct replay *replay = replay_of(3);
    schedule_free(schedule_like(replay, 1, schedule_afab));
    replay_free(replay);
    end(3);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("reference schedules");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_schedule_like_the_run_lasts_as_long);
    tcase_add_test(tests, several_steps_are_no_schedule);
    tcase_add_loop_test(tests, bubbles_are_those_of_the_formulas, 0, G_N_ELEMENTS(published));
    tcase_add_loop_test(tests, the_formula_of_half_a_run_is_that_of_the_whole, 0,
                        G_N_ELEMENTS(published));
    tcase_add_test(tests, orders_are_told_by_what_was_computed_when);
    tcase_add_test(tests, messages_are_free_in_the_reference);
    tcase_add_test(tests, what_got_stuck_has_no_reference);
    tcase_add_loop_test(tests, nonsense_is_survived, 0, 150);
    suite_add_tcase(suite, tests);
    return suite;
}
