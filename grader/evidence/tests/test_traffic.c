/*
 * Tests of what ranks hand in. The truth for what has to move is counted from the messages of an
 * algorithm that reaches the bound, and published formulas for a step of training.
 */
#include "grader/evidence/traffic.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define RANKS 4

static struct script rank[RANKS];
static struct log_file logs[RANKS];

static void begin(void)
{
    for (int r = 0; r < RANKS; r++) {
        free(rank[r].log.record);
        script_init(&rank[r], r, RANKS);
    }
}

static struct traffic *read_logs(void)
{
    for (int r = 0; r < RANKS; r++)
        logs[r] = rank[r].log;
    return traffic_new(logs, RANKS);
}

static void call(int r, enum log_operation operation, uint64_t communicator, int root,
                 uint64_t bytes)
{
    script_call_record(&rank[r],
                       script_collective_on(&rank[r], operation, communicator, root, bytes), true);
}

/* ---- what has to move ------------------------------------------------------------------------------ */

/* Bytes of the messages that algorithms send which are known to send as few as possible, with n bytes
 * handed in by each rank (or the root). Rings: in each of so many rounds every rank passes on a part. */
static double messages_of(enum log_operation operation, int p, double n)
{
    double bytes = 0;
    switch (operation) {
    case LOG_ALLREDUCE: /* a ring for the sums, and a ring for the results */
        for (int round = 0; round < 2 * (p - 1); round++)
            for (int r = 0; r < p; r++)
                bytes += n / p;
        return bytes;
    case LOG_REDUCE_SCATTER_BLOCK:
    case LOG_ALLTOALL:
        for (int r = 0; r < p; r++)
            for (int to = 0; to < p; to++)
                bytes += to != r ? n / p : 0;
        return bytes;
    case LOG_ALLGATHER:
        for (int round = 0; round < p - 1; round++)
            for (int r = 0; r < p; r++)
                bytes += n;
        return bytes;
    case LOG_BCAST: /* a binomial tree */
        for (int have = 1; have < p; have *= 2)
            for (int r = 0; r < have && have + r < p; r++)
                bytes += n;
        return bytes;
    case LOG_GATHER:
        for (int r = 1; r < p; r++)
            bytes += n;
        return bytes;
    case LOG_SCATTER:
        for (int r = 1; r < p; r++)
            bytes += n / p;
        return bytes;
    default:
        return bytes;
    }
}

START_TEST(as_much_as_the_best_algorithms_send)
{
    static const enum log_operation operations[] = {
        LOG_BARRIER, LOG_BCAST,     LOG_ALLREDUCE, LOG_GATHER,
        LOG_SCATTER, LOG_ALLGATHER, LOG_ALLTOALL,  LOG_REDUCE_SCATTER_BLOCK};
    const enum log_operation operation = operations[_i];
    const bool gives = collectives_root_gives(operation);
    for (int p = 1; p <= 9; p++) {
        const double n = operation == LOG_BARRIER ? 0 : 2520 * 8, total = gives ? n : n * p;
        const double own =
            operation == LOG_GATHER || operation == LOG_SCATTER || operation == LOG_ALLTOALL
                ? total / p
                : 0;
        ck_assert_double_eq_tol(traffic_volume(operation, p, n, total, own),
                                messages_of(operation, p, n), 1e-6);
        ck_assert_double_eq(traffic_volume(operation + 32, p, n, total, own),
                            traffic_volume(operation, p, n, total, own));
    }
}
END_TEST

/* Rajbhandari et al. 2020: all × (N-1)/N elements per rank: plain 2Ψ; stages 1 and 2, by
 * reduce-scatter and all-gather, 2Ψ; stage 3 3Ψ. */
START_TEST(a_step_of_data_parallel_training)
{
    const uint64_t elements = 1000, all = 4 * elements, shard = all / RANKS;
    const double unit = 4.0 * (double)elements * (RANKS - 1) / RANKS;
    static const int expected[] = {2, 2, 3};
    begin();
    for (int r = 0; r < RANKS; r++) {
        if (_i == 0) {
            call(r, LOG_ALLREDUCE, LOG_WORLD, -1, all);
        } else {
            for (int i = 0; i < _i; i++)
                call(r, LOG_ALLGATHER, LOG_WORLD, -1, shard);
            call(r, LOG_REDUCE_SCATTER_BLOCK, LOG_WORLD, -1, all);
        }
    }
    struct traffic *traffic = read_logs();
    double volume = 0;
    for (guint i = 0; i < traffic->entries->len; i++)
        volume += g_array_index(traffic->entries, struct traffic_entry, i).volume;
    ck_assert_double_eq_tol(volume / RANKS, expected[_i] * unit, 1e-9);
    traffic_free(traffic);
}
END_TEST

/* ---- tables ------------------------------------------------------------------------------------------ */

/* Two groups that add up in each of three steps; in the last, rank 0 also gives parts of different
 * sizes, and sends a message. */
START_TEST(a_table)
{
    begin();
    for (int r = 0; r < RANKS; r++) {
        script_member(&rank[r], 50 + (uint64_t)(r % 2), r / 2, 2);
        call(r, LOG_BCAST, LOG_WORLD, 0, 4096);
        for (int step = 0; step < 3; step++) {
            script_step(&rank[r], LOG_STEP_BEGIN, step);
            for (int i = 0; i < 4; i++) {
                struct log_record record =
                    script_collective_on(&rank[r], i == 0 ? LOG_IALLREDUCE : LOG_ALLREDUCE,
                                         50 + (uint64_t)(r % 2), -1, 1024);
                if (i == 0)
                    script_start_record(&rank[r], record);
                else
                    script_call_record(&rank[r], record, true);
            }
            if (step == 2) {
                struct log_record record =
                    script_collective_on(&rank[r], LOG_SCATTERV, LOG_WORLD, 0, 0);
                script_put(&rank[r], record);
                for (int i = 0; i < RANKS && r == 0; i++)
                    script_part(&rank[r], i, LOG_GIVES, (uint64_t)(512 * (i + 1)));
                script_end(&rank[r], record);
                if (r == 0)
                    script_call(&rank[r], LOG_SEND, 3, 0, 2048, true);
            }
            script_step(&rank[r], LOG_STEP_END, step);
        }
    }
    struct traffic *traffic = read_logs();
    g_autoptr(GString) text = g_string_new(NULL);
    traffic_describe(traffic, text);
    static const char *const groups[] = {"0, 2", "1, 3"};
    g_autoptr(GString) expected =
        g_string_new("outside of steps: broadcast among all ranks: 1 time, 4 KiB handed in by the "
                     "root, at least 12 KiB between ranks\n");
    for (int step = 0; step < 3; step += 2)
        for (int i = 0; i < 2; i++) {
            g_string_append_printf(expected,
                                   "step%s: all-reduce among {%s}: 4 times, 4 KiB handed in per "
                                   "rank, at least 8 KiB between ranks\n",
                                   step == 0 ? "s 0 to 1" : " 2", groups[i]);
        }
    g_string_append(expected, "step 2: scatter (v) among all ranks: 1 time, 5 KiB handed in by the "
                              "root, at least 4.5 KiB between ranks\n"
                              "step 2: messages from rank 0: 1, 2 KiB\n");
    ck_assert_str_eq(text->str, expected->str);
    traffic_free(traffic);
}
END_TEST

START_TEST(what_a_rank_sends_itself_does_not_move)
{
    begin();
    for (int to = 0; to < RANKS; to++)
        script_call(&rank[2], LOG_SEND, to, 0, 1024, true);
    struct traffic *traffic = read_logs();
    ck_assert_uint_eq(traffic->entries->len, 1);
    const struct traffic_entry *entry = &g_array_index(traffic->entries, struct traffic_entry, 0);
    ck_assert_int_eq(entry->count, RANKS);
    ck_assert_double_eq(entry->most, 1024 * RANKS);
    ck_assert_double_eq(entry->volume, 1024 * (RANKS - 1));
    traffic_free(traffic);
}
END_TEST

/* 100 doubles and 50 floats, each added up by all: what moves of the first is of doubles. */
START_TEST(doubles_are_known)
{
    begin();
    for (int r = 0; r < RANKS; r++)
        for (int i = 0; i < 2; i++) {
            struct log_record record =
                script_collective_on(&rank[r], LOG_ALLREDUCE, LOG_WORLD, -1, i == 0 ? 800 : 200);
            log_set_elements(&record,
                             (struct log_elements){i == 0 ? LOG_TYPE_FLOAT64 : LOG_TYPE_FLOAT32,
                                                   LOG_REDUCTION_SUM});
            script_call_record(&rank[r], record, true);
        }
    struct traffic *traffic = read_logs();
    ck_assert_uint_eq(traffic->entries->len, 1);
    const struct traffic_entry *entry = &g_array_index(traffic->entries, struct traffic_entry, 0);
    ck_assert_double_eq(entry->volume, 2 * (RANKS - 1) * 1000);
    ck_assert_double_eq(entry->of_doubles, 2 * (RANKS - 1) * 800);
    traffic_free(traffic);
}
END_TEST

START_TEST(nonsense_does_no_harm)
{
    for (unsigned seed = 0; seed < 200; seed++) {
        begin();
        script_nonsense(rank, RANKS, seed);
        struct traffic *traffic = read_logs();
        g_autoptr(GString) text = g_string_new(NULL);
        traffic_describe(traffic, text);
        traffic_free(traffic);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("traffic");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, as_much_as_the_best_algorithms_send, 0, 8);
    tcase_add_loop_test(tests, a_step_of_data_parallel_training, 0, 3);
    tcase_add_test(tests, a_table);
    tcase_add_test(tests, what_a_rank_sends_itself_does_not_move);
    tcase_add_test(tests, doubles_are_known);
    tcase_add_test(tests, nonsense_does_no_harm);
    suite_add_tcase(suite, tests);
    return suite;
}
