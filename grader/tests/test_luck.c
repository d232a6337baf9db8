/*
 * Tests of the size from which on a program would hang: logs written by hand,
 * whose sizes are known.
 */
#include "grader/luck.h"
#include "grader/tests/log_builder.h"

#include <check.h>

static struct builder rank[3];
static struct log_file logs[3];

static void begin(int ranks)
{
    for (int r = 0; r < ranks; r++) {
        free(rank[r].log.record);
        builder_init(&rank[r], r, ranks);
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
    call(&rank[0], LOG_SEND, 1, tag, bytes, true);
    call(&rank[1], LOG_SEND, 0, tag, back, true);
    call(&rank[0], LOG_RECV, 1, tag, back, true);
    call(&rank[1], LOG_RECV, 0, tag, bytes, true);
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
    call(&rank[0], LOG_SEND, 1, 5, 64, true);
    call(&rank[1], LOG_RECV, 0, 5, 64, true);
    uint64_t request[2] = {irecv(&rank[0], 1, 6, 1 << 20), isend(&rank[0], 1, 6, 1 << 20)};
    waitall(&rank[0], request, 2, true);
    call(&rank[1], LOG_SEND, 0, 6, 1 << 20, true);
    call(&rank[1], LOG_RECV, 0, 6, 1 << 20, true);
    ck_assert_uint_eq(hanging_bytes(2), 0);
}
END_TEST

/* The root of a broadcast goes on before the others come, who wait for its message. */
START_TEST(collectives_count)
{
    begin(2);
    struct log_record record = message_record(&rank[0], LOG_BCAST, 0, LOG_ANY_TAG, 2000);
    record.value = 2;
    put(&rank[0], record);
    end_call(&rank[0], record);
    call(&rank[0], LOG_SEND, 1, 5, 64, true);
    call(&rank[1], LOG_RECV, 0, 5, 64, true);
    put(&rank[1], record);
    end_call(&rank[1], record);
    ck_assert_uint_eq(hanging_bytes(2), 2000);
}
END_TEST

START_TEST(the_run_as_it_would_have_hung)
{
    begin(3);
    compute(&rank[0], LOG_FORWARD, 0, 0, 10);
    cross(5, 64, 64);
    final(&rank[2]);
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

int main(void)
{
    Suite *suite = suite_create("luck");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, both_send_first, 0, 4);
    tcase_add_test(tests, the_largest_counts);
    tcase_add_test(tests, never);
    tcase_add_test(tests, collectives_count);
    tcase_add_test(tests, the_run_as_it_would_have_hung);
    tcase_add_loop_test(tests, numbers, 0, 4);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
