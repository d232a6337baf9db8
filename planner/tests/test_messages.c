/* Tests of what counts as sent: every kind of call that sends, within training steps. */
#include "planner/planner.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <stdlib.h>

static struct script rank1;

static void setup(void)
{
    rank1 = (struct script){0};
    script_init(&rank1, 1, 3);
    script_call(&rank1, LOG_SEND, 0, 0, 1000, true); /* before the first step */
    script_step(&rank1, LOG_STEP_BEGIN, 0);
}

static void expect(int messages, double bytes)
{
    struct rank_use use = {0};
    script_step(&rank1, LOG_STEP_END, 0);
    script_final(&rank1);
    plan_add_messages(&rank1.log, &use);
    ck_assert_int_eq(use.messages, messages);
    ck_assert_double_eq(use.message_bytes, bytes);
    free(rank1.log.record);
}

START_TEST(blocking_sends_count)
{
    static const enum log_operation calls[] = {LOG_SEND, LOG_SSEND, LOG_BSEND, LOG_RSEND};
    script_call(&rank1, calls[_i], 2, 0, 8, true);
    script_call(&rank1, LOG_RECV, 2, 0, 16, true);
    expect(1, 8);
}
END_TEST

START_TEST(started_sends_count)
{
    static const enum log_operation calls[] = {LOG_ISEND, LOG_ISSEND, LOG_IBSEND, LOG_IRSEND};
    script_wait(&rank1, script_start(&rank1, calls[_i], 0, 0, 8));
    script_wait(&rank1, script_irecv(&rank1, 0, 0, 16));
    expect(1, 8);
}
END_TEST

/* A sendrecv, or the start of a persistent request, records its halves. */
START_TEST(halves_count)
{
    struct log_record begin = script_message(&rank1, LOG_SENDRECV, 2, 0, 8);
    script_put(&rank1, begin);
    struct log_record half = script_message(&rank1, LOG_SEND_PART, 2, 0, 8);
    half.phase = LOG_INSTANT;
    script_put(&rank1, half);
    half = script_message(&rank1, LOG_RECV_PART, 0, 0, 16);
    half.phase = LOG_INSTANT;
    script_put(&rank1, half);
    script_end(&rank1, begin);
    expect(1, 8);
}
END_TEST

START_TEST(what_goes_into_a_collective_counts)
{
    static const struct {
        enum log_operation operation;
        int root, messages;
    } calls[] = {{LOG_ALLREDUCE, LOG_NO_PEER, 1},
                 {LOG_IALLREDUCE, LOG_NO_PEER, 1},
                 {LOG_REDUCE, 0, 1},
                 {LOG_BCAST, 1, 1},
                 {LOG_BCAST, 0, 0}, /* another rank's */
                 {LOG_SCATTER, 0, 0}};
    struct log_record begin = script_message(&rank1, calls[_i].operation, calls[_i].root, 0, 8);
    script_put(&rank1, begin);
    script_end(&rank1, begin);
    begin = script_message(&rank1, LOG_BARRIER, LOG_NO_PEER, 0, 0); /* nothing goes into it */
    script_put(&rank1, begin);
    script_end(&rank1, begin);
    expect(calls[_i].messages, 8 * calls[_i].messages);
}
END_TEST

START_TEST(nobody_gets_what_goes_nowhere)
{
    script_call(&rank1, LOG_SEND, LOG_PEER_NULL, 0, 8, true);
    expect(0, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("messages");
    TCase *tests = tcase_create("messages");
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_loop_test(tests, blocking_sends_count, 0, 4);
    tcase_add_loop_test(tests, started_sends_count, 0, 4);
    tcase_add_test(tests, halves_count);
    tcase_add_loop_test(tests, what_goes_into_a_collective_counts, 0, 6);
    tcase_add_test(tests, nobody_gets_what_goes_nowhere);
    suite_add_tcase(suite, tests);
    return suite;
}
