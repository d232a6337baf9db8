/*
 * Tests of timelines: who did what, when, from clocks.
 */
#include "grader/trace/timeline.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

static void at(struct script *builder, uint64_t clock)
{
    builder->log.record[builder->log.count - 1].clock = clock;
}

/* Two ranks, one micro-batch: F 10, message 5, F 20, B 30 (message 5), B 40; rank 1 waits. */
static void two_ranks(struct script *rank0, struct script *rank1, bool hang)
{
    const uint64_t origin = 1000;
    script_init(rank0, 0, 2);
    script_init(rank1, 1, 2);
    script_step(rank0, LOG_STEP_BEGIN, 7), at(rank0, origin - 2);
    script_step(rank1, LOG_STEP_BEGIN, 7), at(rank1, origin - 2);
    script_compute(rank0, LOG_FORWARD, 0, 0, 1);
    rank0->log.record[1].clock = origin, rank0->log.record[2].clock = origin + 10;
    script_call(rank0, LOG_SEND, 1, 0, 8, true);
    rank0->log.record[3].clock = origin + 10, rank0->log.record[4].clock = origin + 11;
    script_call(rank1, LOG_RECV, 0, 0, 8, true);
    rank1->log.record[1].clock = origin - 1, rank1->log.record[2].clock = origin + 15;
    script_compute(rank1, LOG_FORWARD, 1, 0, 1);
    rank1->log.record[3].clock = origin + 15, rank1->log.record[4].clock = origin + 35;
    script_compute(rank1, LOG_BACKWARD, 1, 0, 1);
    rank1->log.record[5].clock = origin + 35, rank1->log.record[6].clock = origin + 65;
    script_call(rank0, LOG_RECV, 1, 1, 8, !hang);
    rank0->log.record[5].clock = origin + 11;
    if (hang)
        return;
    at(rank0, origin + 70);
    script_compute(rank0, LOG_BACKWARD, 0, 0, 1);
    rank0->log.record[7].clock = origin + 70, rank0->log.record[8].clock = origin + 110;
    script_step(rank0, LOG_STEP_END, 7), at(rank0, origin + 111);
    script_step(rank1, LOG_STEP_END, 7), at(rank1, origin + 66);
}

static const struct timeline_bar *bar_of(const struct timeline *timeline, int rank, guint i)
{
    ck_assert_uint_lt(i, timeline->bar[rank]->len);
    return &g_array_index(timeline->bar[rank], struct timeline_bar, i);
}

START_TEST(clocks_are_taken_from_the_first_forward)
{
    struct script builder[2];
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
    timeline_free(timeline);
    free(logs[0].record);
    free(logs[1].record);
}
END_TEST

/* A forward [100, 400] with all-reduces in [150, 200], which takes time, and in [250, 250], which takes none; a
 * backward [400, 900] that is left in an all-reduce at 700. */
static struct script a_rank_with_calls_inside(bool returns)
{
    struct script script;
    script_init(&script, 0, 1);
    script_step(&script, LOG_STEP_BEGIN, 0), at(&script, 50);
    script_compute(&script, LOG_FORWARD, 0, 0, 1);
    const struct log_record end = script.log.record[--script.log.count];
    at(&script, 100);
    script_collective(&script, LOG_ALLREDUCE, LOG_NO_PEER, 1, true);
    script.log.record[2].clock = 150, at(&script, 200);
    script_collective(&script, LOG_ALLREDUCE, LOG_NO_PEER, 1, true);
    script.log.record[4].clock = 250, at(&script, 250);
    script_put(&script, end), at(&script, 400);
    script_compute(&script, LOG_BACKWARD, 0, 0, 1);
    const struct log_record last = script.log.record[--script.log.count];
    at(&script, 400);
    script_collective(&script, LOG_ALLREDUCE, LOG_NO_PEER, 1, returns);
    script.log.record[8].clock = 700;
    if (!returns)
        return script;
    at(&script, 800);
    script_put(&script, last), at(&script, 900);
    script_step(&script, LOG_STEP_END, 0), at(&script, 900);
    return script;
}

static void expect_bar(const struct timeline *timeline, guint i, enum timeline_kind kind,
                       double begin, double end)
{
    const struct timeline_bar *bar = bar_of(timeline, 0, i);
    ck_assert_msg(bar->kind == kind && fabs(bar->begin - begin) + fabs(bar->end - end) <= 0,
                  "bar %u: kind %d from %g to %g, expected %d from %g to %g", i, bar->kind,
                  bar->begin, bar->end, kind, begin, end);
}

START_TEST(a_call_inside_of_a_computation_interrupts_it)
{
    struct script script = a_rank_with_calls_inside(true);
    struct timeline *timeline = timeline_of_logs(&script.log, 1, TIMELINE_LAST_STEP);
    ck_assert_uint_eq(timeline->bar[0]->len, 7);
    expect_bar(timeline, 0, TIMELINE_FORWARD, 0, 50);
    expect_bar(timeline, 1, TIMELINE_COMMUNICATING, 50, 100);
    expect_bar(timeline, 2, TIMELINE_FORWARD, 100, 300);
    expect_bar(timeline, 3, TIMELINE_COMMUNICATING, 150, 150);
    expect_bar(timeline, 4, TIMELINE_BACKWARD, 300, 600);
    expect_bar(timeline, 5, TIMELINE_COMMUNICATING, 600, 700);
    expect_bar(timeline, 6, TIMELINE_BACKWARD, 700, 800);
    ck_assert_double_eq(timeline->busy[0], 50 + 200 + 300 + 100);
    ck_assert_double_eq_tol(timeline_bubble(timeline), 150.0 / 800, 1e-12);
    timeline_free(timeline);
    free(script.log.record);
}
END_TEST

static void put_transfer(struct script *script, struct log_transfer transfer, uint64_t clock)
{
    script_put(script, log_record_of_transfer(transfer));
    at(script, clock);
}

/* A forward [100, 400] in which two transfers to the device are begun at 150 that move in [150, 250] and
 * [250, 330]; the first is waited for in [200, 250], the second at 350, when it is there. One more, to the host,
 * moves from 400 on under a backward [400, 900] and is never waited for: it is drawn to the end. */
static struct script a_rank_with_transfers(void)
{
    struct script script;
    script_init(&script, 0, 1);
    script_step(&script, LOG_STEP_BEGIN, 0), at(&script, 50);
    script_compute(&script, LOG_FORWARD, 0, 0, 1);
    const struct log_record end = script.log.record[--script.log.count];
    at(&script, 100);
    put_transfer(&script, (struct log_transfer){.number = 1, .clock = 150}, 150);
    put_transfer(&script, (struct log_transfer){.number = 2, .clock = 250}, 150);
    put_transfer(
        &script,
        (struct log_transfer){.number = 1, .ended = true, .clock = 250, .waited_since = 200}, 250);
    put_transfer(
        &script,
        (struct log_transfer){.number = 2, .ended = true, .clock = 330, .waited_since = 350}, 350);
    script_put(&script, end), at(&script, 400);
    put_transfer(&script, (struct log_transfer){.number = 3, .to_host = true, .clock = 400}, 400);
    script_compute(&script, LOG_BACKWARD, 0, 0, 1);
    script.log.record[script.log.count - 2].clock = 400, at(&script, 900);
    script_step(&script, LOG_STEP_END, 0), at(&script, 950);
    return script;
}

START_TEST(transfers_go_on_beside_computation)
{
    struct script script = a_rank_with_transfers();
    struct timeline *timeline = timeline_of_logs(&script.log, 1, TIMELINE_LAST_STEP);
    ck_assert_uint_eq(timeline->bar[0]->len, 7);
    expect_bar(timeline, 0, TIMELINE_FORWARD, 0, 100);
    expect_bar(timeline, 1, TIMELINE_TRANSFER, 50, 150);
    expect_bar(timeline, 2, TIMELINE_WAITING, 100, 150);
    expect_bar(timeline, 3, TIMELINE_TRANSFER, 150, 230);
    expect_bar(timeline, 4, TIMELINE_FORWARD, 150, 300);
    expect_bar(timeline, 5, TIMELINE_TRANSFER, 300, 800);
    expect_bar(timeline, 6, TIMELINE_BACKWARD, 300, 800);
    ck_assert_int_eq(timeline->lanes, 1);
    ck_assert_double_eq(timeline->busy[0], 100 + 150 + 500);
    ck_assert_double_eq(timeline->makespan, 800);
    timeline_free(timeline);
    free(script.log.record);
}
END_TEST

START_TEST(a_computation_ends_with_the_call_that_never_returned)
{
    struct script script = a_rank_with_calls_inside(false);
    script_put(&script, (struct log_record){.operation = LOG_PROBE, .phase = LOG_INSTANT});
    at(&script, 1000);
    struct timeline *timeline = timeline_of_logs(&script.log, 1, TIMELINE_LAST_STEP);
    ck_assert(timeline->stuck);
    expect_bar(timeline, 4, TIMELINE_BACKWARD, 300, 600);
    ck_assert_double_eq(timeline->busy[0], 50 + 200 + 300);
    timeline_free(timeline);
    free(script.log.record);
}
END_TEST

START_TEST(a_call_that_never_returned_lasts_to_the_end)
{
    struct script builder[2];
    two_ranks(&builder[0], &builder[1], true);
    struct log_file logs[2] = {builder[0].log, builder[1].log};
    struct timeline *timeline = timeline_of_logs(logs, 2, 7);
    ck_assert(timeline->stuck);
    const struct timeline_bar *pending = bar_of(timeline, 0, 2);
    ck_assert_int_eq(pending->kind, TIMELINE_WAITING);
    ck_assert_double_eq(pending->begin, 11);
    ck_assert_double_eq(pending->end, 65); /* the last record of rank 1 */
    timeline_free(timeline);
    free(logs[0].record);
    free(logs[1].record);
}
END_TEST

START_TEST(nonsense_is_survived)
{
    struct script builder[3];
    for (int rank = 0; rank < 3; rank++)
        script_init(&builder[rank], rank, 3);
    script_nonsense(builder, 3, (unsigned)_i);
    struct log_file logs[3] = {builder[0].log, builder[1].log, builder[2].log};
    struct timeline *timeline = timeline_of_logs(logs, 3, TIMELINE_LAST_STEP);
    ck_assert(!isnan(timeline_bubble(timeline)));
    timeline_free(timeline);
    for (int rank = 0; rank < 3; rank++)
        free(logs[rank].record);
}
END_TEST

/* Stages 4 and 1 on one rank: 1 is the first of them. */
START_TEST(the_stages_of_a_rank_are_counted)
{
    static const int stage[] = {4, 1, 1};
    struct interval interval[3] = {{0}};
    for (int i = 0; i < 3; i++)
        interval[i] = (struct interval){LOG_FORWARD, stage[i], i, i, i + 1};
    struct replay_rank rank = {.count = 3, .interval = interval};
    const struct replay replay = {.ranks = 1, .rank = &rank, .makespan = 3};
    struct timeline *timeline = timeline_of_replay(&replay, TIMELINE_FLOPS);
    ck_assert_int_eq(timeline->stages, 5);
    ck_assert_int_eq(timeline->stages_of_rank, 2);
    ck_assert_int_eq(bar_of(timeline, 0, 0)->stage_of_rank, 1);
    ck_assert_int_eq(bar_of(timeline, 0, 1)->stage_of_rank, 0);
    ck_assert_int_eq(bar_of(timeline, 0, 2)->stage_of_rank, 0);
    timeline_free(timeline);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("timeline");
    TCase *tests = tcase_create("timeline");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, clocks_are_taken_from_the_first_forward);
    tcase_add_test(tests, a_call_inside_of_a_computation_interrupts_it);
    tcase_add_test(tests, transfers_go_on_beside_computation);
    tcase_add_test(tests, a_computation_ends_with_the_call_that_never_returned);
    tcase_add_test(tests, a_call_that_never_returned_lasts_to_the_end);
    tcase_add_test(tests, the_stages_of_a_rank_are_counted);
    tcase_add_loop_test(tests, nonsense_is_survived, 0, 50);
    suite_add_tcase(suite, tests);
    return suite;
}
