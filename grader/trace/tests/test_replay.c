/*
 * Tests of matching and replay. The truth is the closed formula of
 * all forwards before all backwards, and a recurrence written here.
 */
#include "grader/trace/replay.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#define MAX_RANKS 8

/* ---- logs ------------------------------------------------------------------------------------ */

static struct script rank[MAX_RANKS];
static struct log_file logs[MAX_RANKS];

static void begin(int ranks)
{
    for (int r = 0; r < ranks; r++) {
        free(rank[r].log.record);
        script_init(&rank[r], r, ranks);
    }
}

static struct replay *replay(int ranks, bool synchronous, int step)
{
    for (int r = 0; r < ranks; r++)
        logs[r] = rank[r].log;
    return replay_run(logs, ranks, NULL,
                      (struct replay_options){.synchronous = synchronous, .step = step});
}

/* All forwards, then all backwards, as students write it: receive, wait, compute, send; sends are waited for last. */
static void run_step(int p, int m, uint64_t (*cost)(int stage, int micro_batch, bool backward))
{
    for (int s = 0; s < p; s++) {
        uint64_t sent[64];
        int pending = 0;
        for (int i = 0; i < m; i++) {
            if (s > 0)
                script_wait(&rank[s], script_irecv(&rank[s], s - 1, i, 100));
            script_compute(&rank[s], LOG_FORWARD, s, i, cost(s, i, false));
            if (s < p - 1)
                sent[pending++] = script_isend(&rank[s], s + 1, i, 100);
        }
        for (int i = 0; i < m; i++) {
            if (s < p - 1)
                script_wait(&rank[s], script_irecv(&rank[s], s + 1, i, 100));
            script_compute(&rank[s], LOG_BACKWARD, s, i, cost(s, i, true));
            if (s > 0)
                sent[pending++] = script_isend(&rank[s], s - 1, i, 100);
        }
        if (pending > 0)
            script_waitall(&rank[s], sent, pending, true);
    }
}

static uint64_t equal_cost(int stage, int micro_batch, bool backward)
{
    (void)stage, (void)micro_batch;
    return backward ? 20 : 10;
}

/* Any numbers, always the same. */
static uint64_t uneven_cost(int stage, int micro_batch, bool backward)
{
    return 5 + (uint64_t)((stage * 37 + micro_batch * 11 + backward * 17) % 23);
}

/* Its makespan by the recurrence of its definition. */
static double makespan(int p, int m, uint64_t (*cost)(int, int, bool))
{
    double forward[MAX_RANKS][64], backward[MAX_RANKS][64], end = 0;
    for (int s = 0; s < p; s++)
        for (int i = 0; i < m; i++) {
            double own = i > 0 ? forward[s][i - 1] : 0, other = s > 0 ? forward[s - 1][i] : 0;
            forward[s][i] = fmax(own, other) + (double)cost(s, i, false);
        }
    for (int s = p - 1; s >= 0; s--)
        for (int i = 0; i < m; i++) {
            double own = i > 0 ? backward[s][i - 1] : forward[s][m - 1];
            double other = s < p - 1 ? backward[s + 1][i] : 0;
            backward[s][i] = fmax(own, other) + (double)cost(s, i, true);
            end = fmax(end, backward[s][i]);
        }
    return end;
}

START_TEST(a_step_takes_what_the_formula_says)
{
    for (int p = 1; p <= 6; p++)
        for (int m = 1; m <= 12; m++) {
            begin(p);
            run_step(p, m, equal_cost);
            for (int synchronous = 0; synchronous < 2; synchronous++) {
                struct replay *result = replay(p, synchronous, REPLAY_ALL_STEPS);
                ck_assert(!result->deadlock);
                ck_assert_double_eq(result->makespan, (m + p - 1) * 30.0);
                ck_assert_double_eq_tol(replay_bubble(result), (p - 1.0) / (m + p - 1), 1e-12);
                for (int r = 0; r < p; r++) {
                    ck_assert_int_eq(result->rank[r].count, 2 * m);
                    ck_assert_double_eq(result->rank[r].busy, m * 30.0);
                    ck_assert_double_eq(result->rank[r].idle, (p - 1) * 30.0);
                }
                replay_free(result);
            }
        }
}
END_TEST

START_TEST(uneven_stages_follow_the_recurrence)
{
    for (int p = 1; p <= 5; p++)
        for (int m = 1; m <= 7; m++) {
            begin(p);
            run_step(p, m, uneven_cost);
            struct replay *result = replay(p, false, REPLAY_ALL_STEPS);
            double expected = makespan(p, m, uneven_cost);
            ck_assert_double_eq(result->makespan, expected);
            replay_free(result);
        }
}
END_TEST

/* Two micro-batches that wait for each other's backward: no parallelism at all. */
START_TEST(one_after_the_other_takes_as_long_as_the_sum)
{
    begin(3);
    for (int i = 0; i < 4; i++)
        run_step(3, 1, equal_cost);
    struct replay *result = replay(3, false, REPLAY_ALL_STEPS);
    ck_assert_double_eq(result->makespan, 4 * 3 * 30.0);
    replay_free(result);
}
END_TEST

START_TEST(one_step_of_many)
{
    begin(3);
    for (int step = 0; step < 3; step++) {
        for (int r = 0; r < 3; r++)
            script_step(&rank[r], LOG_STEP_BEGIN, (uint64_t)step);
        run_step(3, step + 2, equal_cost);
        for (int r = 0; r < 3; r++) {
            script_compute(&rank[r], LOG_OPTIMIZER_STEP, -1, -1, 7);
            script_step(&rank[r], LOG_STEP_END, (uint64_t)step);
        }
    }
    for (int step = 0; step < 3; step++) {
        struct replay *result = replay(3, false, step);
        ck_assert_int_eq(result->steps_found, 3);
        ck_assert_double_eq(result->makespan, (step + 2 + 2) * 30.0);
        replay_free(result);
    }
    struct replay *none = replay(3, false, 17);
    ck_assert_int_eq(none->steps_found, 0);
    ck_assert_double_eq(none->makespan, 0);
    replay_free(none);
    struct replay *with_optimizer =
        replay_run(logs, 3, NULL, (struct replay_options){.step = 0, .optimizer = true});
    ck_assert_double_eq(with_optimizer->makespan, 4 * 30.0 + 7);
    replay_free(with_optimizer);
}
END_TEST

/* One micro-batch through all stages and back, with blocking calls. */
START_TEST(blocking_calls)
{
    begin(2);
    script_compute(&rank[0], LOG_FORWARD, 0, 0, 10);
    script_call(&rank[0], LOG_SEND, 1, 0, 100, true);
    script_call(&rank[0], LOG_RECV, 1, 1, 100, true);
    script_compute(&rank[0], LOG_BACKWARD, 0, 0, 20);
    script_call(&rank[1], LOG_RECV, 0, 0, 100, true);
    script_compute(&rank[1], LOG_FORWARD, 1, 0, 11);
    script_compute(&rank[1], LOG_BACKWARD, 1, 0, 21);
    script_call(&rank[1], LOG_SEND, 0, 1, 100, true);
    for (int synchronous = 0; synchronous < 2; synchronous++) {
        struct replay *result = replay(2, synchronous, REPLAY_ALL_STEPS);
        ck_assert(!result->deadlock);
        ck_assert_double_eq(result->makespan, 62);
        ck_assert_double_eq(result->rank[0].interval[1].begin, 42);
        replay_free(result);
    }
}
END_TEST

START_TEST(both_send_first_works_only_by_luck)
{
    begin(2);
    for (int r = 0; r < 2; r++) {
        script_compute(&rank[r], LOG_FORWARD, r, 0, 10);
        script_call(&rank[r], LOG_SEND, 1 - r, 0, 100, true);
        script_call(&rank[r], LOG_RECV, 1 - r, 0, 100, true);
    }
    struct replay *lucky = replay(2, false, REPLAY_ALL_STEPS);
    ck_assert(!lucky->deadlock);
    ck_assert_double_eq(lucky->makespan, 10);
    replay_free(lucky);
    struct replay *result = replay(2, true, REPLAY_ALL_STEPS);
    ck_assert(result->deadlock);
    for (int r = 0; r < 2; r++) {
        ck_assert(result->rank[r].stuck);
        ck_assert_uint_eq(result->rank[r].stuck_in, 2);
        ck_assert_int_eq(result->rank[r].waits_for, 1 - r);
    }
    replay_free(result);
}
END_TEST

/* MPI_Sendrecv in a ring never blocks; neither does a receive that is posted early. */
START_TEST(exchanges_that_are_right)
{
    begin(3);
    for (int r = 0; r < 3; r++) {
        script_compute(&rank[r], LOG_FORWARD, r, 0, (uint64_t)(10 + r));
        struct log_record record = script_message(&rank[r], LOG_SENDRECV, (r + 2) % 3, 0, 4);
        script_put(&rank[r], record);
        struct log_record part = script_message(&rank[r], LOG_SEND_PART, (r + 1) % 3, 0, 4);
        part.phase = LOG_INSTANT;
        script_put(&rank[r], part);
        part = script_message(&rank[r], LOG_RECV_PART, (r + 2) % 3, 0, 4);
        part.phase = LOG_INSTANT;
        script_put(&rank[r], part);
        script_end(&rank[r], record);
        script_compute(&rank[r], LOG_BACKWARD, r, 0, 10);
        uint64_t early = script_irecv(&rank[r], (r + 2) % 3, 1, 4);
        script_call(&rank[r], LOG_SEND, (r + 1) % 3, 1, 4, true);
        script_wait(&rank[r], early);
    }
    struct replay *result = replay(3, true, REPLAY_ALL_STEPS);
    ck_assert(!result->deadlock);
    /* Rank 0 waits for 2 (12), rank 1 for its own (11) and that of rank 2's posting (12). */
    ck_assert_double_eq(result->makespan, 22);
    replay_free(result);
}
END_TEST

START_TEST(collectives_bring_ranks_together)
{
    begin(3);
    for (int r = 0; r < 3; r++) {
        script_compute(&rank[r], LOG_FORWARD, r, 0, (uint64_t)(10 * (r + 1)));
        script_collective(&rank[r], LOG_BCAST, 0, 3, true);
        script_compute(&rank[r], LOG_BACKWARD, r, 0, 1);
        script_collective(&rank[r], LOG_BARRIER, LOG_NO_PEER, 3, true);
        script_compute(&rank[r], LOG_BACKWARD, r, 1, 5);
    }
    struct replay *result = replay(3, false, REPLAY_ALL_STEPS);
    ck_assert_double_eq(result->rank[0].interval[1].begin, 10); /* the root did not wait */
    ck_assert_double_eq(result->rank[2].interval[1].begin, 30);
    for (int r = 0; r < 3; r++)
        ck_assert_double_eq(result->rank[r].interval[2].begin, 31);
    replay_free(result);

    begin(2);
    script_collective(&rank[0], LOG_BARRIER, LOG_NO_PEER, 2, false);
    script_call(&rank[1], LOG_RECV, 0, 3, 4, false);
    result = replay(2, false, REPLAY_ALL_STEPS);
    ck_assert(result->deadlock);
    ck_assert_int_eq(result->rank[0].waits_for, 1);
    ck_assert_int_eq(result->rank[1].waits_for, 0);
    replay_free(result);
}
END_TEST

/* ---- matching ---------------------------------------------------------------------------------- */

static struct matching *match(int ranks)
{
    for (int r = 0; r < ranks; r++)
        logs[r] = rank[r].log;
    return matching_new(logs, ranks);
}

/* Sends without a receive, and receives without a send. */
static int halves_alone(const struct matching *matching)
{
    int alone = 0;
    for (int i = 0; i < matching->count; i++)
        alone += matching->message[i].send.posted == NO_RECORD ||
                 matching->message[i].receive.posted == NO_RECORD;
    return alone;
}

START_TEST(matching_by_order_and_tag)
{
    begin(2);
    script_isend(&rank[0], 1, 5, 1); /* messages of 1, 2, 3, 4 bytes */
    script_isend(&rank[0], 1, 6, 2);
    script_isend(&rank[0], 1, 5, 3);
    script_isend(&rank[0], LOG_PEER_NULL, 5, 99);
    script_call(&rank[0], LOG_SEND, 1, 7, 4, true);
    script_call(&rank[1], LOG_RECV, 0, 6, 2, true);
    script_receive_any(&rank[1], 0, 5, 1);
    uint64_t late = script_irecv(&rank[1], 0, 5, 3);
    script_wait(&rank[1], late);
    script_call(&rank[1], LOG_RECV, 0, 8, 9, false);
    struct matching *matching = match(2);
    ck_assert_int_eq(matching->count, 5);
    ck_assert_int_eq(halves_alone(matching), 2); /* the last two, below */
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(matching->message[i].send.bytes, matching->message[i].receive.bytes);
    ck_assert_uint_eq(matching->message[3].receive.posted, NO_RECORD);
    ck_assert_int_eq(matching->message[3].tag, 7);
    ck_assert_uint_eq(matching->message[4].send.posted, NO_RECORD);
    ck_assert_int_eq(matching->message[4].tag, 8);
    matching_free(matching);
}
END_TEST

/* Same ranks and tag, two communicators: order holds in each of them only. */
START_TEST(matching_by_communicator)
{
    begin(2);
    for (int i = 0; i < 2; i++) {
        struct log_record record = script_message(&rank[0], LOG_SEND, 1, 0, (uint64_t)(10 + i));
        record.communicator = (uint64_t)(1 + i);
        script_put(&rank[0], record);
        script_end(&rank[0], record);
        record = script_message(&rank[1], LOG_RECV, 0, 0, (uint64_t)(11 - i));
        record.communicator = (uint64_t)(2 - i);
        script_put(&rank[1], record);
        script_end(&rank[1], record);
    }
    struct matching *matching = match(2);
    ck_assert_int_eq(matching->count, 2);
    for (int i = 0; i < 2; i++)
        ck_assert_uint_eq(matching->message[i].send.bytes, matching->message[i].receive.bytes);
    matching_free(matching);
}
END_TEST

/* A persistent request is started many times; each start is a message. */
START_TEST(matching_of_persistent_requests)
{
    begin(2);
    for (int r = 0; r < 2; r++)
        script_start(&rank[r], r == 0 ? LOG_SEND_INIT : LOG_RECV_INIT, 1 - r, 0, 8);
    for (int i = 0; i < 3; i++)
        for (int r = 0; r < 2; r++) {
            struct log_record record = log_record_new(LOG_START, LOG_BEGIN);
            script_put(&rank[r], record);
            script_about(&rank[r], r == 0 ? LOG_SEND_PART : LOG_RECV_PART, 1);
            script_end(&rank[r], record);
            script_compute(&rank[r], LOG_FORWARD, r, i, 10);
            script_wait(&rank[r], 1);
        }
    struct matching *matching = match(2);
    ck_assert_int_eq(matching->count, 3);
    ck_assert_int_eq(halves_alone(matching), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_lt(matching->message[i].send.posted, matching->message[i].send.completed);
    matching_free(matching);
    struct replay *result = replay(2, true, REPLAY_ALL_STEPS);
    ck_assert(!result->deadlock);
    ck_assert_double_eq(result->makespan, 30);
    replay_free(result);
}
END_TEST

/* A log that only pretends must not bring the grader down. */
START_TEST(logs_that_make_no_sense)
{
    for (unsigned seed = 1; seed < 300; seed++) {
        begin(2);
        script_nonsense(rank, 2, seed);
        for (int way = 0; way < 4; way++) {
            struct replay *result = replay(2, way & 1, way & 2 ? 1 : REPLAY_ALL_STEPS);
            replay_free(result);
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("replay");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, a_step_takes_what_the_formula_says);
    tcase_add_test(tests, uneven_stages_follow_the_recurrence);
    tcase_add_test(tests, one_after_the_other_takes_as_long_as_the_sum);
    tcase_add_test(tests, one_step_of_many);
    tcase_add_test(tests, blocking_calls);
    tcase_add_test(tests, both_send_first_works_only_by_luck);
    tcase_add_test(tests, exchanges_that_are_right);
    tcase_add_test(tests, collectives_bring_ranks_together);
    tcase_add_test(tests, matching_by_order_and_tag);
    tcase_add_test(tests, matching_by_communicator);
    tcase_add_test(tests, matching_of_persistent_requests);
    tcase_add_test(tests, logs_that_make_no_sense);
    suite_add_tcase(suite, tests);
    return suite;
}
