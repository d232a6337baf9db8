/*
 * Tests of matching, replay and reference schedules. The truth is the closed
 * formula, the table of published makespans, and a recurrence written here.
 */
#include "grader/replay.h"
#include "grader/tests/log_builder.h"

#include <check.h>
#include <math.h>
#include <stdio.h>

#define MAX_RANKS 8

/* ---- logs ------------------------------------------------------------------------------------ */

static struct builder rank[MAX_RANKS];
static struct log_file logs[MAX_RANKS];

static void begin(int ranks)
{
    for (int r = 0; r < ranks; r++) {
        free(rank[r].log.record);
        builder_init(&rank[r], r, ranks);
    }
}

static struct replay *replay(int ranks, bool synchronous, int step)
{
    for (int r = 0; r < ranks; r++)
        logs[r] = rank[r].log;
    return replay_run(logs, ranks, NULL,
                      (struct replay_options){.synchronous = synchronous, .step = step});
}

/* One AFAB step as students write it: receive, wait, compute, send; sends are waited for last. */
static void afab_step(int p, int m, uint64_t (*cost)(int stage, int micro_batch, bool backward))
{
    for (int s = 0; s < p; s++) {
        uint64_t sent[64];
        int pending = 0;
        for (int i = 0; i < m; i++) {
            if (s > 0)
                wait_for(&rank[s], irecv(&rank[s], s - 1, i, 100));
            compute(&rank[s], LOG_FORWARD, s, i, cost(s, i, false));
            if (s < p - 1)
                sent[pending++] = isend(&rank[s], s + 1, i, 100);
        }
        for (int i = 0; i < m; i++) {
            if (s < p - 1)
                wait_for(&rank[s], irecv(&rank[s], s + 1, i, 100));
            compute(&rank[s], LOG_BACKWARD, s, i, cost(s, i, true));
            if (s > 0)
                sent[pending++] = isend(&rank[s], s - 1, i, 100);
        }
        if (pending > 0)
            waitall(&rank[s], sent, pending, true);
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

/* The makespan of AFAB by the recurrence of its definition. */
static double afab_makespan(int p, int m, uint64_t (*cost)(int, int, bool))
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

START_TEST(afab_takes_what_the_formula_says)
{
    for (int p = 1; p <= 6; p++)
        for (int m = 1; m <= 12; m++) {
            begin(p);
            afab_step(p, m, equal_cost);
            for (int synchronous = 0; synchronous < 2; synchronous++) {
                struct replay *result = replay(p, synchronous, REPLAY_ALL_STEPS);
                ck_assert(!result->deadlock);
                ck_assert_double_eq(result->makespan, (m + p - 1) * 30.0);
                ck_assert_double_eq(makespan_formula(p, m, 10, 20), (m + p - 1) * 30.0);
                ck_assert_double_eq_tol(replay_bubble(result), (p - 1.0) / (m + p - 1), 1e-12);
                ck_assert_double_eq_tol(bubble_formula(p, m), (p - 1.0) / (m + p - 1), 1e-12);
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
            afab_step(p, m, uneven_cost);
            struct replay *result = replay(p, false, REPLAY_ALL_STEPS);
            double expected = afab_makespan(p, m, uneven_cost);
            ck_assert_double_eq(result->makespan, expected);
            struct schedule *same = schedule_like(result, schedule_afab);
            ck_assert_ptr_nonnull(same);
            struct replay *reference = schedule_run(same);
            ck_assert(!reference->deadlock);
            ck_assert_double_eq(reference->makespan, expected);
            schedule_free(same);
            replay_free(reference);
            replay_free(result);
        }
}
END_TEST

/* Two micro-batches that wait for each other's backward: no parallelism at all. */
START_TEST(one_after_the_other_takes_as_long_as_the_sum)
{
    begin(3);
    for (int i = 0; i < 4; i++)
        afab_step(3, 1, equal_cost);
    struct replay *result = replay(3, false, REPLAY_ALL_STEPS);
    ck_assert_double_eq(result->makespan, 4 * 3 * 30.0);
    ck_assert_ptr_null(schedule_like(result, schedule_afab));
    replay_free(result);
}
END_TEST

START_TEST(one_step_of_many)
{
    begin(3);
    for (int step = 0; step < 3; step++) {
        for (int r = 0; r < 3; r++)
            fact(&rank[r], LOG_STEP_BEGIN, (uint64_t)step);
        afab_step(3, step + 2, equal_cost);
        for (int r = 0; r < 3; r++) {
            compute(&rank[r], LOG_OPTIMIZER_STEP, -1, -1, 7);
            fact(&rank[r], LOG_STEP_END, (uint64_t)step);
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

/* The naive schedule, with blocking calls. */
START_TEST(blocking_calls)
{
    begin(2);
    compute(&rank[0], LOG_FORWARD, 0, 0, 10);
    call(&rank[0], LOG_SEND, 1, 0, 100, true);
    call(&rank[0], LOG_RECV, 1, 1, 100, true);
    compute(&rank[0], LOG_BACKWARD, 0, 0, 20);
    call(&rank[1], LOG_RECV, 0, 0, 100, true);
    compute(&rank[1], LOG_FORWARD, 1, 0, 11);
    compute(&rank[1], LOG_BACKWARD, 1, 0, 21);
    call(&rank[1], LOG_SEND, 0, 1, 100, true);
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
        compute(&rank[r], LOG_FORWARD, r, 0, 10);
        call(&rank[r], LOG_SEND, 1 - r, 0, 100, true);
        call(&rank[r], LOG_RECV, 1 - r, 0, 100, true);
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
        compute(&rank[r], LOG_FORWARD, r, 0, (uint64_t)(10 + r));
        struct log_record record = message_record(&rank[r], LOG_SENDRECV, (r + 2) % 3, 0, 4);
        put(&rank[r], record);
        struct log_record part = message_record(&rank[r], LOG_SEND_PART, (r + 1) % 3, 0, 4);
        part.phase = LOG_INSTANT;
        put(&rank[r], part);
        part = message_record(&rank[r], LOG_RECV_PART, (r + 2) % 3, 0, 4);
        part.phase = LOG_INSTANT;
        put(&rank[r], part);
        end_call(&rank[r], record);
        compute(&rank[r], LOG_BACKWARD, r, 0, 10);
        uint64_t early = irecv(&rank[r], (r + 2) % 3, 1, 4);
        call(&rank[r], LOG_SEND, (r + 1) % 3, 1, 4, true);
        wait_for(&rank[r], early);
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
        compute(&rank[r], LOG_FORWARD, r, 0, (uint64_t)(10 * (r + 1)));
        collective(&rank[r], LOG_BCAST, 0, 3, true);
        compute(&rank[r], LOG_BACKWARD, r, 0, 1);
        collective(&rank[r], LOG_BARRIER, LOG_NO_PEER, 3, true);
        compute(&rank[r], LOG_BACKWARD, r, 1, 5);
    }
    struct replay *result = replay(3, false, REPLAY_ALL_STEPS);
    ck_assert_double_eq(result->rank[0].interval[1].begin, 10); /* the root did not wait */
    ck_assert_double_eq(result->rank[2].interval[1].begin, 30);
    for (int r = 0; r < 3; r++)
        ck_assert_double_eq(result->rank[r].interval[2].begin, 31);
    replay_free(result);

    begin(2);
    collective(&rank[0], LOG_BARRIER, LOG_NO_PEER, 2, false);
    call(&rank[1], LOG_RECV, 0, 3, 4, false);
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

START_TEST(matching_by_order_and_tag)
{
    begin(2);
    isend(&rank[0], 1, 5, 1); /* messages of 1, 2, 3, 4 bytes */
    isend(&rank[0], 1, 6, 2);
    isend(&rank[0], 1, 5, 3);
    isend(&rank[0], LOG_PEER_NULL, 5, 99);
    call(&rank[0], LOG_SEND, 1, 7, 4, true);
    call(&rank[1], LOG_RECV, 0, 6, 2, true);
    receive_any(&rank[1], 0, 5, 1);
    uint64_t late = irecv(&rank[1], 0, 5, 3);
    wait_for(&rank[1], late);
    call(&rank[1], LOG_RECV, 0, 8, 9, false);
    struct matching *matching = match(2);
    ck_assert_int_eq(matching->count, 5);
    ck_assert_int_eq(matching->unreceived, 1);
    ck_assert_int_eq(matching->unsent, 1);
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
        struct log_record record = message_record(&rank[0], LOG_SEND, 1, 0, (uint64_t)(10 + i));
        record.communicator = (uint64_t)(1 + i);
        put(&rank[0], record);
        end_call(&rank[0], record);
        record = message_record(&rank[1], LOG_RECV, 0, 0, (uint64_t)(11 - i));
        record.communicator = (uint64_t)(2 - i);
        put(&rank[1], record);
        end_call(&rank[1], record);
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
        start(&rank[r], r == 0 ? LOG_SEND_INIT : LOG_RECV_INIT, 1 - r, 0, 8);
    for (int i = 0; i < 3; i++)
        for (int r = 0; r < 2; r++) {
            struct log_record record = log_record_new(LOG_START, LOG_BEGIN);
            put(&rank[r], record);
            about(&rank[r], r == 0 ? LOG_SEND_PART : LOG_RECV_PART, 1);
            end_call(&rank[r], record);
            compute(&rank[r], LOG_FORWARD, r, i, 10);
            wait_for(&rank[r], 1);
        }
    struct matching *matching = match(2);
    ck_assert_int_eq(matching->count, 3);
    ck_assert_int_eq(matching->unreceived + matching->unsent, 0);
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
        write_nonsense(rank, 2, seed);
        for (int way = 0; way < 4; way++) {
            struct replay *result = replay(2, way & 1, way & 2 ? 1 : REPLAY_ALL_STEPS);
            struct schedule *same = schedule_like(result, schedule_afab);
            schedule_free(same);
            replay_free(result);
        }
    }
}
END_TEST

/* ---- reference schedules ---------------------------------------------------------------------- */

/* "F0 B0 …" or "F0.4 B0.4 …" (micro-batch.stage), every operation of duration 1, B of 2. */
static void add_line(struct schedule *schedule, int r, const char *line, double scale)
{
    int used, micro_batch, stage;
    char kind;
    while (sscanf(line, " %c%d%n", &kind, &micro_batch, &used) == 2) {
        line += used;
        stage = r;
        if (sscanf(line, ".%d%n", &stage, &used) == 1)
            line += used;
        enum log_operation operation = kind == 'F'   ? LOG_FORWARD
                                       : kind == 'B' ? LOG_BACKWARD
                                       : kind == 'I' ? LOG_BACKWARD_INPUT
                                                     : LOG_BACKWARD_WEIGHT;
        schedule_add(schedule, r,
                     (struct schedule_operation){operation, stage, micro_batch,
                                                 scale * (kind == 'B' ? 2 : 1)});
    }
}

static double makespan_of(const char *const line[4], double scale)
{
    struct schedule *schedule = schedule_new(4);
    for (int r = 0; r < 4; r++)
        add_line(schedule, r, line[r], scale);
    struct replay *result = schedule_run(schedule);
    ck_assert(!result->deadlock);
    double makespan = result->makespan;
    replay_free(result);
    schedule_free(schedule);
    return makespan;
}

START_TEST(published_makespans)
{
    const char *afab = "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7";
    const char *const all_afab[] = {afab, afab, afab, afab};
    ck_assert_double_eq(makespan_of(all_afab, 1), 33);
    const char *const one_f_one_b[] = {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
                                       "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
                                       "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
                                       "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"};
    ck_assert_double_eq(makespan_of(one_f_one_b, 1), 33);
    const char *const interleaved[] = {
        "F0.0 F1.0 F2.0 F3.0 F0.4 F1.4 F2.4 F3.4 F4.0 F5.0 F6.0 B0.4 F7.0 B1.4 F4.4 B2.4 F5.4 B3.4 "
        "F6.4 B0.0 F7.4 B1.0 B2.0 B3.0 B4.4 B5.4 B6.4 B7.4 B4.0 B5.0 B6.0 B7.0",
        "F0.1 F1.1 F2.1 F3.1 F0.5 F1.5 F2.5 F3.5 F4.1 B0.5 F5.1 B1.5 F6.1 B2.5 F7.1 B3.5 F4.5 B0.1 "
        "F5.5 B1.1 F6.5 B2.1 F7.5 B3.1 B4.5 B5.5 B6.5 B7.5 B4.1 B5.1 B6.1 B7.1",
        "F0.2 F1.2 F2.2 F3.2 F0.6 F1.6 F2.6 B0.6 F3.6 B1.6 F4.2 B2.6 F5.2 B3.6 F6.2 B0.2 F7.2 B1.2 "
        "F4.6 B2.2 F5.6 B3.2 F6.6 B4.6 F7.6 B5.6 B6.6 B7.6 B4.2 B5.2 B6.2 B7.2",
        "F0.3 F1.3 F2.3 F3.3 F0.7 B0.7 F1.7 B1.7 F2.7 B2.7 F3.7 B3.7 F4.3 B0.3 F5.3 B1.3 F6.3 B2.3 "
        "F7.3 B3.3 F4.7 B4.7 F5.7 B5.7 F6.7 B6.7 F7.7 B7.7 B4.3 B5.3 B6.3 B7.3"};
    ck_assert_double_eq(makespan_of(interleaved, 0.5), 28.5);
    const char *const zero_bubble[] = {
        "F0 F1 F2 F3 I0 W0 F4 I1 W1 F5 I2 W2 F6 I3 W3 F7 I4 W4 I5 W5 I6 W6 I7 W7",
        "F0 F1 F2 I0 F3 I1 W0 F4 I2 W1 F5 I3 W2 F6 I4 W3 F7 I5 W4 I6 W5 I7 W6 W7",
        "F0 F1 I0 F2 I1 F3 I2 W0 F4 I3 W1 F5 I4 W2 F6 I5 W3 F7 I6 W4 I7 W5 W6 W7",
        "F0 I0 F1 I1 F2 I2 F3 I3 W0 F4 I4 W1 F5 I5 W2 F6 I6 W3 F7 I7 W4 W5 W6 W7"};
    ck_assert_double_eq(makespan_of(zero_bubble, 1), 27);
}
END_TEST

START_TEST(reference_schedules_take_what_the_formula_says)
{
    schedule_maker *const makers[] = {schedule_afab, schedule_1f1b};
    for (int k = 0; k < 2; k++)
        for (int p = 1; p <= 8; p++)
            for (int m = 1; m <= 4 * p; m++) {
                double forward[8 * 32], backward[8 * 32];
                for (int i = 0; i < p * m; i++) {
                    forward[i] = 3;
                    backward[i] = 5;
                }
                struct schedule *schedule = makers[k](p, m, forward, backward);
                struct replay *result = schedule_run(schedule);
                ck_assert_double_eq(result->makespan, (m + p - 1) * 8.0);
                replay_free(result);
                schedule_free(schedule);
            }
}
END_TEST

START_TEST(an_impossible_order_is_a_deadlock)
{
    struct schedule *schedule = schedule_new(2);
    add_line(schedule, 0, "F0 B0 F1 B1", 1);
    add_line(schedule, 1, "F0 F1 B0 B1", 1);
    struct replay *result = schedule_run(schedule);
    ck_assert(result->deadlock);
    ck_assert_uint_eq(result->rank[0].stuck_in, 1);
    ck_assert_uint_eq(result->rank[1].stuck_in, 1);
    replay_free(result);
    schedule_free(schedule);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, afab_takes_what_the_formula_says);
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
    tcase_add_test(tests, published_makespans);
    tcase_add_test(tests, reference_schedules_take_what_the_formula_says);
    tcase_add_test(tests, an_impossible_order_is_a_deadlock);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
