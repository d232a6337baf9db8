/*
 * Tests of memory over time: logs by hand.
 */
#include "grader/trace/live_memory.h"

#include "common/log/log_fields.h"
#include "grader/trace/replay.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#define RANKS 2

static struct script builder[RANKS];
static struct log_file logs[RANKS];
static struct live_memory *memory;

static void set_up(void)
{
    for (int rank = 0; rank < RANKS; rank++)
        script_init(&builder[rank], rank, RANKS);
}

static void tear_down(void)
{
    live_memory_free(memory, RANKS);
    memory = NULL;
    for (int rank = 0; rank < RANKS; rank++)
        free(builder[rank].log.record);
}

static void change(int rank, enum memory_kind kind, uint64_t bytes, bool released, double live)
{
    script_put(&builder[rank],
               log_record_of_allocation((struct log_allocation){
                   .kind = kind, .bytes = bytes, .released = released, .live = live}));
}

static void read_memory(int step)
{
    for (int rank = 0; rank < RANKS; rank++)
        logs[rank] = builder[rank].log;
    memory = live_memory_new(logs, RANKS, step);
}

static void expect_doing(int rank, guint moment, int step, const char *what)
{
    g_autofree char *doing =
        live_moment_doing(&logs[rank], live_moment(&memory[rank], moment), step);
    ck_assert_str_eq(doing, what);
}

/* Rank 0: 100 of parameters before the step; in it 10 before, 20 more in F 3, 5 given back behind it, 1 in a
 * receive. A clock is the number of the record. */
START_TEST(a_step_begins_with_what_is_live)
{
    change(0, MEMORY_PARAMETER, 100, false, 100);
    script_step(&builder[0], LOG_STEP_BEGIN, 0);
    change(0, MEMORY_ACTIVATION, 10, false, 10);
    struct log_record forward = log_record_new(LOG_FORWARD, LOG_BEGIN);
    forward.micro_batch = 3;
    script_put(&builder[0], forward);
    change(0, MEMORY_ACTIVATION, 20, false, 30);
    forward.phase = LOG_END;
    script_put(&builder[0], forward);
    change(0, MEMORY_ACTIVATION, 5, true, 25);
    struct log_record receive = script_message(&builder[0], LOG_RECV, 1, 0, 8);
    script_put(&builder[0], receive);
    change(0, MEMORY_WORKSPACE, 1, false, 1);
    script_end(&builder[0], receive);
    script_step(&builder[0], LOG_STEP_END, 0);
    change(0, MEMORY_GRADIENT, 9000, false, 9000);
    read_memory(0);
    ck_assert_ptr_nonnull(memory);
    const struct live_memory *own = &memory[0];
    static const double bytes[] = {100, 110, 130, 125, 126, 126}, time[] = {0, 1, 3, 5, 7, 9};
    ck_assert_uint_eq(own->moments->len, G_N_ELEMENTS(bytes));
    for (guint i = 0; i < G_N_ELEMENTS(bytes); i++) {
        ck_assert_double_eq(live_moment_bytes(live_moment(own, i)), bytes[i]);
        ck_assert_double_eq(live_moment(own, i)->time, time[i]);
    }
    ck_assert_uint_eq(own->peak, 2);
    ck_assert_double_eq(live_moment(own, 2)->live[MEMORY_PARAMETER], 100);
    ck_assert(own->complete && !own->cut);
    expect_doing(0, 1, 0, "before the first computation");
    expect_doing(0, 2, 0, "F of micro-batch 3");
    expect_doing(0, 3, 0, "after F of micro-batch 3");
    expect_doing(0, 4, 0, "MPI_Recv");
    /* Rank 1 never began the step. */
    ck_assert_uint_eq(memory[1].moments->len, 0);
}
END_TEST

/* 10 on the device while 5,000 are on the host, and then 20 there while 100 are: the second is the peak. */
START_TEST(the_host_s_memory_is_not_in_the_peak)
{
    script_step(&builder[0], LOG_STEP_BEGIN, 0);
    change(0, MEMORY_OPTIMIZER, 10, false, 10);
    change(0, MEMORY_HOST, 5000, false, 5000);
    change(0, MEMORY_HOST, 4900, true, 100);
    change(0, MEMORY_OPTIMIZER, 10, false, 20);
    script_step(&builder[0], LOG_STEP_END, 0);
    read_memory(0);
    const struct live_moment *peak = live_moment(&memory[0], memory[0].peak);
    ck_assert_uint_eq(memory[0].peak, 4);
    ck_assert_double_eq(live_moment_bytes(peak), 20);
    ck_assert_double_eq(peak->live[MEMORY_HOST], 100);
    ck_assert_double_eq(live_moment_bytes(live_moment(&memory[0], 2)), 10);
}
END_TEST

START_TEST(a_run_without_records_has_no_memory)
{
    script_compute(&builder[0], LOG_FORWARD, 0, 0, 1);
    read_memory(REPLAY_ALL_STEPS);
    ck_assert_ptr_null(memory);
}
END_TEST

START_TEST(what_was_left_out_is_known)
{
    script_put(&builder[1], log_record_of_allocation((struct log_allocation){
                                .kind = MEMORY_GRADIENT, .bytes = 7, .live = 7, .cut = true}));
    read_memory(REPLAY_ALL_STEPS);
    ck_assert(memory[1].cut && !memory[0].cut);
}
END_TEST

/* Kinds that there are not, and bytes that nobody has. */
START_TEST(nonsense_is_survived)
{
    script_nonsense(builder, RANKS, (unsigned)_i);
    change(0, (enum memory_kind)(MEMORY_KINDS + _i), 3, false, 3);
    change(0, MEMORY_GRADIENT, UINT64_MAX, _i % 2, _i % 3 ? NAN : -INFINITY);
    read_memory(REPLAY_ALL_STEPS);
    for (int rank = 0; memory && rank < RANKS; rank++)
        for (guint i = 0; i < memory[rank].moments->len; i++) {
            const double bytes = live_moment_bytes(live_moment(&memory[rank], i));
            ck_assert(bytes >= 0 && isfinite(bytes));
            g_free(live_moment_doing(&logs[rank], live_moment(&memory[rank], i), REPLAY_ALL_STEPS));
        }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("live memory");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_step_begins_with_what_is_live);
    tcase_add_test(tests, the_host_s_memory_is_not_in_the_peak);
    tcase_add_test(tests, a_run_without_records_has_no_memory);
    tcase_add_test(tests, what_was_left_out_is_known);
    tcase_add_loop_test(tests, nonsense_is_survived, 0, 50);
    suite_add_tcase(suite, tests);
    return suite;
}
