/*
 * Tests of matching where nobody knows which message a receive would have taken: from anybody, or with any tag, and
 * never completed.
 */
#include "grader/trace/match.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <stdlib.h>

static struct script rank[3];

static struct matching *match(struct log_file logs[3])
{
    for (int r = 0; r < 3; r++)
        logs[r] = rank[r].log;
    return matching_new(logs, 3);
}

static void begin(void)
{
    for (int r = 0; r < 3; r++)
        script_init(&rank[r], r, 3);
}

static void end(void)
{
    for (int r = 0; r < 3; r++)
        free(rank[r].log.record);
}

static void post(int receiver, int peer, int tag)
{
    struct log_record begin = script_message(&rank[receiver], LOG_IRECV, peer, tag, 8);
    begin.own_number = 1 + rank[receiver].log.count;
    script_put(&rank[receiver], begin);
    script_end(&rank[receiver], begin);
}

static void send(int sender, int receiver, int tag)
{
    script_call(&rank[sender], LOG_SEND, receiver, tag, 8, true);
}

/* Of the sends of a rank, in its order: which receive record of rank 2 each has; -1: none. */
static int received(const struct matching *matching, int sender, int number)
{
    int seen = 0;
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        if (message->source == sender && message->send.posted != NO_RECORD && seen++ == number)
            return message->receive.posted == NO_RECORD ? -1 : (int)message->receive.posted;
    }
    return -2;
}

START_TEST(each_takes_the_first_that_fits_and_is_left)
{
    struct log_file logs[3];
    send(0, 2, 5);
    send(0, 2, 6);
    send(0, 2, 7);
    send(1, 2, 6);
    send(1, 2, 8);
    post(2, 0, 5);                        /* records 0 and 1: no wildcard */
    post(2, LOG_ANY_SOURCE, 6);           /* 2 and 3 */
    post(2, 1, LOG_ANY_TAG);              /* 4 and 5 */
    post(2, LOG_ANY_SOURCE, LOG_ANY_TAG); /* 6 and 7 */
    struct matching *matching = match(logs);
    ck_assert_int_eq(received(matching, 0, 0), 0);
    /* Those that take anything choose first, then those that want one tag, then those that want one sender. */
    ck_assert_int_eq(received(matching, 0, 1), 6);
    ck_assert_int_eq(received(matching, 0, 2), -1);
    ck_assert_int_eq(received(matching, 1, 0), 2);
    ck_assert_int_eq(received(matching, 1, 1), 4);
    matching_free(matching);
}
END_TEST

/* What takes a step per pair would take hours. */
START_TEST(many_are_matched_in_no_time)
{
    struct log_file logs[3];
    enum { MANY = 150000 };
    for (int i = 0; i < MANY; i++) {
        send(0, 2, i % 7);
        post(2, LOG_ANY_SOURCE, i % 2 ? LOG_ANY_TAG : 9);
    }
    struct matching *matching = match(logs);
    int joined = 0;
    for (int i = 0; i < matching->count; i++)
        joined += matching->message[i].send.posted != NO_RECORD &&
                  matching->message[i].receive.posted != NO_RECORD;
    ck_assert_int_eq(joined, MANY / 2);
    matching_free(matching);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("match");
    TCase *tests = tcase_create("match");
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, each_takes_the_first_that_fits_and_is_left);
    tcase_add_test(tests, many_are_matched_in_no_time);
    suite_add_tcase(suite, tests);
    return suite;
}
