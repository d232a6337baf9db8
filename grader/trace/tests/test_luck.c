/*
 * Tests of the size from which on a program would hang: logs written by hand,
 * whose sizes are known.
 */
#include "grader/trace/luck.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

static struct script rank[3];
static struct log_file logs[3];

static void begin(int ranks)
{
    for (int r = 0; r < ranks; r++) {
        free(rank[r].log.record);
        script_init(&rank[r], r, ranks);
    }
}

static uint64_t hanging_bytes(int ranks)
{
    for (int r = 0; r < ranks; r++)
        logs[r] = rank[r].log;
    struct matching *matching = matching_new(logs, ranks);
    uint64_t bytes = luck_hanging_bytes(logs, ranks, matching);
    matching_free(matching);
    return bytes;
}

/* Both send first, `bytes` there and `back`. */
static void cross(int tag, uint64_t bytes, uint64_t back)
{
    script_call(&rank[0], LOG_SEND, 1, tag, bytes, true);
    script_call(&rank[1], LOG_SEND, 0, tag, back, true);
    script_call(&rank[0], LOG_RECV, 1, tag, back, true);
    script_call(&rank[1], LOG_RECV, 0, tag, bytes, true);
}

START_TEST(both_send_first)
{
    static const struct {
        uint64_t there, back, expected;
    } cases[] = {{8192, 8192, 8192}, /* one is enough to go on */
                 {100, 8192, 100},
                 {8192, 100, 100},
                 {0, 0, 1}};
    begin(2);
    cross(5, cases[_i].there, cases[_i].back);
    ck_assert_uint_eq(hanging_bytes(2), cases[_i].expected);
}
END_TEST

/* Of several places where it would hang, the one with the largest messages comes first. */
START_TEST(the_largest_counts)
{
    begin(2);
    cross(1, 64, 64);
    cross(2, 5000, 6000);
    cross(3, 700, 800);
    ck_assert_uint_eq(hanging_bytes(2), 5000);
}
END_TEST

START_TEST(never)
{
    begin(2);
    script_call(&rank[0], LOG_SEND, 1, 5, 64, true);
    script_call(&rank[1], LOG_RECV, 0, 5, 64, true);
    uint64_t request[2] = {script_irecv(&rank[0], 1, 6, 1 << 20),
                           script_isend(&rank[0], 1, 6, 1 << 20)};
    script_waitall(&rank[0], request, 2, true);
    script_call(&rank[1], LOG_SEND, 0, 6, 1 << 20, true);
    script_call(&rank[1], LOG_RECV, 0, 6, 1 << 20, true);
    ck_assert_uint_eq(hanging_bytes(2), 0);
}
END_TEST

/* ---- timing ------------------------------------------------------------------------------------ */

static bool depends_on_timing(bool complete)
{
    for (int r = 0; r < 2; r++) {
        logs[r] = rank[r].log;
        logs[r].complete = complete;
    }
    return luck_depends_on_timing(logs, 2);
}

/* A message is sent; who receives it does so with one more call, or from anybody. */
START_TEST(what_depends_on_timing)
{
    static const struct {
        enum log_operation call; /* besides */
        int source;
        bool depends;
    } cases[] = {{LOG_WAIT, 0, false},
                 {LOG_WAITALL, 0, false},
                 {LOG_PROBE_MESSAGE, 0, false},
                 {LOG_BARRIER, LOG_NO_PEER, false},
                 {LOG_WAIT, LOG_ANY_SOURCE, true},
                 {LOG_PROBE_MESSAGE, LOG_ANY_SOURCE, true},
                 {LOG_WAITANY, 0, true},
                 {LOG_WAITSOME, 0, true},
                 {LOG_TEST, 0, true},
                 {LOG_TESTALL, 0, true},
                 {LOG_TESTANY, 0, true},
                 {LOG_TESTSOME, 0, true},
                 {LOG_IPROBE, 0, true},
                 {LOG_IMPROBE, 0, true},
                 {LOG_CANCEL, 0, true}};
    begin(2);
    script_call(&rank[0], LOG_SEND, 1, 5, 64, true);
    script_call(&rank[1], cases[_i].call, cases[_i].source, 5, 0, true);
    script_call(&rank[1], LOG_RECV, 0, LOG_ANY_TAG, 64, true);
    ck_assert_int_eq(depends_on_timing(true), cases[_i].depends);
    ck_assert(depends_on_timing(false));
}
END_TEST

/* The root of a broadcast goes on before the others come, who wait for its message. */
START_TEST(collectives_count)
{
    begin(2);
    struct log_record record = script_message(&rank[0], LOG_BCAST, 0, LOG_ANY_TAG, 2000);
    record.own_value = 2;
    script_put(&rank[0], record);
    script_end(&rank[0], record);
    script_call(&rank[0], LOG_SEND, 1, 5, 64, true);
    script_call(&rank[1], LOG_RECV, 0, 5, 64, true);
    script_put(&rank[1], record);
    script_end(&rank[1], record);
    ck_assert_uint_eq(hanging_bytes(2), 2000);
}
END_TEST

START_TEST(the_run_as_it_would_have_hung)
{
    begin(3);
    script_compute(&rank[0], LOG_FORWARD, 0, 0, 10);
    cross(5, 64, 64);
    script_final(&rank[2]);
    for (int r = 0; r < 3; r++)
        logs[r] = rank[r].log;
    struct outcome run = {.ranks = 3, .end = RUN_FINISHED, .log = logs};
    struct replay *replay = replay_run(
        logs, 3, NULL, (struct replay_options){.synchronous = true, .step = REPLAY_ALL_STEPS});
    ck_assert(replay->deadlock);
    struct outcome stuck = luck_stuck(&run, replay);
    ck_assert_int_eq(stuck.end, RUN_HUNG);
    ck_assert_uint_eq(stuck.log[0].count, 3); /* begin and end of F, begin of the send */
    ck_assert_uint_eq(stuck.log[1].count, 1);
    ck_assert_uint_eq(stuck.log[2].count, 1);
    ck_assert(stuck.log[2].complete);
    g_free(stuck.log);
    replay_free(replay);
}
END_TEST

START_TEST(numbers)
{
    static const struct {
        uint64_t number;
        const char *text;
    } cases[] = {{0, "0"}, {999, "999"}, {8192, "8,192"}, {1234567, "1,234,567"}};
    g_autofree char *text = luck_number(cases[_i].number);
    ck_assert_str_eq(text, cases[_i].text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("luck");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, both_send_first, 0, 4);
    tcase_add_test(tests, the_largest_counts);
    tcase_add_test(tests, never);
    tcase_add_loop_test(tests, what_depends_on_timing, 0, 15);
    tcase_add_test(tests, collectives_count);
    tcase_add_test(tests, the_run_as_it_would_have_hung);
    tcase_add_loop_test(tests, numbers, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}
