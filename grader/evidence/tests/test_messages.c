/* Tests of messages: what one rank sent is what another got, unchanged, and was waited for. */
#include "grader/evidence/messages.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

static struct logged_run *run;
static struct matching *matching;

static void setup(void)
{
    run = logged_run_new(2);
    for (int rank = 0; rank < 2; rank++)
        script_step(&run->script[rank], LOG_STEP_BEGIN, 3);
}

static void teardown(void)
{
    matching_free(matching);
    logged_run_free(run);
}

static void finish(void)
{
    logged_run_end(run);
    matching = matching_new(run->log, 2);
}

static struct log_record *record_of(int rank, enum log_operation operation, enum log_phase phase)
{
    for (size_t i = 0; i < run->log[rank].count; i++) {
        struct log_record *record = &run->log[rank].record[i];
        if (record->operation == operation && record->phase == phase)
            return record;
    }
    ck_abort_msg("rank %d: no record of %s", rank, log_operation_name(operation));
    return NULL;
}

/* A message of 64 bytes from rank 0 to rank 1, both ends of which are waited for. */
static void exchange(void)
{
    const uint64_t sent = script_isend(&run->script[0], 1, 5, 64);
    script_wait(&run->script[0], sent);
    const uint64_t received = script_irecv(&run->script[1], 0, 5, 64);
    script_wait(&run->script[1], received);
    logged_run_end(run);
    record_of(0, LOG_ISEND, LOG_BEGIN)->fingerprint = 0xabc;
    record_of(0, LOG_COMPLETED, LOG_INSTANT)->fingerprint = 0xabc;
    record_of(1, LOG_COMPLETED, LOG_INSTANT)->fingerprint = 0xabc;
}

/* Sets the fingerprint of rank 0's last record of an operation. */
static void record_of_now(enum log_operation operation, uint64_t fingerprint)
{
    struct log_file *log = &run->script[0].log;
    for (size_t i = log->count; i-- > 0;)
        if (log->record[i].operation == operation && log->record[i].phase != LOG_END) {
            log->record[i].fingerprint = fingerprint;
            return;
        }
}

static void expect_agreement(bool agree, const char *says)
{
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "fine");
    matching = matching_new(run->log, 2);
    ck_assert(messages_agree(matching, verdict) == agree);
    logged_run_expect(verdict, agree ? VERDICT_PASS : VERDICT_FAIL, says);
}

/* ---- both ends agree ----------------------------------------------------------------------------- */

START_TEST(equal_ends_agree)
{
    exchange();
    expect_agreement(true, "fine");
    ck_assert_int_eq(messages_changed(matching), NO_MESSAGE);
}
END_TEST

START_TEST(other_bytes_do_not)
{
    exchange();
    record_of(1, LOG_COMPLETED, LOG_INSTANT)->bytes = 60;
    expect_agreement(false, "tag 5 from rank 0 to rank 1 did not arrive as it was sent (64 bytes "
                            "sent, 60 received)");
}
END_TEST

START_TEST(other_contents_do_not)
{
    exchange();
    record_of(1, LOG_COMPLETED, LOG_INSTANT)->fingerprint = 0xdef;
    expect_agreement(false, "a buffer was used again too early");
    ck_assert_int_eq(messages_changed(matching), 0);
}
END_TEST

/* What arrived is what the buffer held in the end: the sender changed it, and the logs are true. */
START_TEST(a_buffer_that_was_changed_agrees_and_is_found)
{
    exchange();
    record_of(0, LOG_COMPLETED, LOG_INSTANT)->fingerprint = 0xdef;
    record_of(1, LOG_COMPLETED, LOG_INSTANT)->fingerprint = 0xdef;
    expect_agreement(true, "fine");
    ck_assert_int_eq(messages_changed(matching), 0);
}
END_TEST

/* Two sends under way at once; when the first is waited for, its buffer holds `held`. */
static void two_under_way(uint64_t held)
{
    const uint64_t first = script_isend(&run->script[0], 1, 5, 64);
    record_of_now(LOG_ISEND, 0xabc);
    const uint64_t second = script_isend(&run->script[0], 1, 6, 64);
    record_of_now(LOG_ISEND, 0xdef);
    script_wait(&run->script[0], first);
    record_of_now(LOG_COMPLETED, held);
    script_wait(&run->script[0], second);
    record_of_now(LOG_COMPLETED, 0xdef);
    finish();
}

START_TEST(one_buffer_for_two_sends_is_found)
{
    two_under_way(0xdef);
    ck_assert_int_eq(messages_overwritten_by(matching, 0), 1);
    ck_assert_int_eq(messages_overwritten_by(matching, 1), NO_MESSAGE);
}
END_TEST

START_TEST(a_buffer_of_its_own_is_not)
{
    two_under_way(0xabc);
    ck_assert_int_eq(messages_overwritten_by(matching, 0), NO_MESSAGE);
}
END_TEST

START_TEST(a_buffer_changed_to_something_else_is_not)
{
    two_under_way(0x123);
    ck_assert_int_eq(messages_changed(matching), 0);
    ck_assert_int_eq(messages_overwritten_by(matching, 0), NO_MESSAGE);
}
END_TEST

START_TEST(a_buffer_that_is_gone_is_found)
{
    exchange();
    record_of(0, LOG_COMPLETED, LOG_INSTANT)->flag |= LOG_FLAG_BUFFER_GONE;
    expect_agreement(true, "fine");
    ck_assert_int_eq(messages_changed(matching), 0);
}
END_TEST

START_TEST(what_nobody_sent_was_not_received)
{
    script_call(&run->script[1], LOG_RECV, 0, 9, 64, true);
    logged_run_end(run);
    expect_agreement(false, "rank 1 received a message with tag 9 from rank 0, whose log does not");
}
END_TEST

/* Sent and never received is no contradiction, and neither is a receive that never completed. */
START_TEST(half_a_message_is_no_contradiction)
{
    script_call(&run->script[0], LOG_SEND, 1, 5, 64, true);
    script_irecv(&run->script[1], 0, 6, 64);
    logged_run_end(run);
    expect_agreement(true, "fine");
}
END_TEST

/* ---- waited for ----------------------------------------------------------------------------------- */

static void expect_wait(bool waited, const char *says)
{
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "fine");
    finish();
    ck_assert(messages_waited_for(&run->outcome, matching, verdict) == waited);
    logged_run_expect(verdict, waited ? VERDICT_PASS : VERDICT_FAIL, says);
}

START_TEST(a_send_that_nobody_waits_for)
{
    script_isend(&run->script[0], 1, 5, 64);
    script_call(&run->script[1], LOG_RECV, 0, 5, 64, true);
    expect_wait(false, "rank 0 never waited for a message that it sent to rank 1 (tag 5, step 3)");
}
END_TEST

START_TEST(a_receive_that_nobody_waits_for)
{
    script_call(&run->script[0], LOG_SEND, 1, 5, 64, true);
    script_irecv(&run->script[1], 0, 5, 64);
    expect_wait(false, "rank 1 never waited for a message that it receives from rank 0 (tag 5");
}
END_TEST

START_TEST(blocking_calls_and_waits_are_enough)
{
    script_wait(&run->script[0], script_isend(&run->script[0], 1, 5, 64));
    script_call(&run->script[1], LOG_RECV, 0, 5, 64, true);
    expect_wait(true, "fine");
}
END_TEST

/* Who frees a request says that it knows from something else. */
START_TEST(a_freed_request_needs_no_wait)
{
    const uint64_t sent = script_isend(&run->script[0], 1, 5, 64);
    script_about(&run->script[0], LOG_REQUEST_FREE, sent);
    script_call(&run->script[1], LOG_RECV, 0, 5, 64, true);
    expect_wait(true, "fine");
}
END_TEST

START_TEST(only_steps_count)
{
    script_step(&run->script[0], LOG_STEP_END, 3);
    script_isend(&run->script[0], 1, 5, 64);
    expect_wait(true, "fine");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("messages");
    TCase *tests = tcase_create("messages");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, equal_ends_agree);
    tcase_add_test(tests, other_bytes_do_not);
    tcase_add_test(tests, other_contents_do_not);
    tcase_add_test(tests, a_buffer_that_was_changed_agrees_and_is_found);
    tcase_add_test(tests, one_buffer_for_two_sends_is_found);
    tcase_add_test(tests, a_buffer_of_its_own_is_not);
    tcase_add_test(tests, a_buffer_changed_to_something_else_is_not);
    tcase_add_test(tests, a_buffer_that_is_gone_is_found);
    tcase_add_test(tests, what_nobody_sent_was_not_received);
    tcase_add_test(tests, half_a_message_is_no_contradiction);
    tcase_add_test(tests, a_send_that_nobody_waits_for);
    tcase_add_test(tests, a_receive_that_nobody_waits_for);
    tcase_add_test(tests, blocking_calls_and_waits_are_enough);
    tcase_add_test(tests, a_freed_request_needs_no_wait);
    tcase_add_test(tests, only_steps_count);
    suite_add_tcase(suite, tests);
    return suite;
}
