/*
 * Tests of collective calls in time, and of their sums: logs by hand, whose times are known.
 */
#include "grader/trace/collective_calls.h"
#include "grader/trace/collective_summary.h"
#include "grader/trace/replay.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <stdlib.h>

#define RANKS 4
#define GROUP 77 /* of ranks 1, 3 and 2, in that order */

static struct script builder[RANKS];
static struct log_file logs[RANKS];
static struct collectives *collectives;
static struct collective_calls *calls;

static void set_up(void)
{
    static const int member[] = {1, 3, 2};
    for (int rank = 0; rank < RANKS; rank++)
        script_init(&builder[rank], rank, RANKS);
    for (int i = 0; i < 3; i++)
        script_put(&builder[member[i]],
                   log_record_of_member((struct log_member){
                       .communicator = GROUP, .parent = LOG_WORLD, .rank = i, .size = 3}));
}

static void tear_down(void)
{
    collective_calls_free(calls);
    collectives_free(collectives);
    calls = NULL;
    collectives = NULL;
    for (int rank = 0; rank < RANKS; rank++)
        free(builder[rank].log.record);
}

static void read_calls(int step)
{
    for (int rank = 0; rank < RANKS; rank++)
        logs[rank] = builder[rank].log;
    collectives = collectives_new(logs, RANKS);
    calls = collective_calls_new(logs, RANKS, collectives, step);
}

static void put_at(int rank, struct log_record record, uint64_t clock)
{
    script_put(&builder[rank], record);
    builder[rank].log.record[builder[rank].log.count - 1].clock = clock;
}

static struct log_record begin_of(int rank, enum log_operation operation, int root,
                                  uint64_t communicator, uint64_t request)
{
    struct log_record record =
        script_message(&builder[rank], operation, root, LOG_ANY_TAG, 100 * (uint64_t)(rank + 1));
    record.communicator = communicator;
    record.own_number = request;
    builder[rank].started[request] = record; /* of 0 nobody asks */
    return record;
}

/* A blocking call; end 0: it never returns. */
static void call(int rank, enum log_operation operation, int root, uint64_t communicator,
                 uint64_t begin, uint64_t end)
{
    struct log_record record = begin_of(rank, operation, root, communicator, 0);
    put_at(rank, record, begin);
    record.phase = LOG_END;
    if (end > 0)
        put_at(rank, record, end);
}

/* One that starts and returns at once. */
static void start(int rank, enum log_operation operation, uint64_t communicator, uint64_t request,
                  uint64_t clock)
{
    struct log_record record = begin_of(rank, operation, LOG_NO_PEER, communicator, request);
    put_at(rank, record, clock);
    record.phase = LOG_END;
    put_at(rank, record, clock);
}

static void compute(int rank, uint64_t begin, uint64_t end)
{
    struct log_record record = log_record_new(LOG_BACKWARD, LOG_BEGIN);
    put_at(rank, record, begin);
    record.phase = LOG_END;
    put_at(rank, record, end);
}

/* A wait for some requests; end 0: it never returns. */
static void wait_for(int rank, const uint64_t *request, int count, uint64_t begin, uint64_t end)
{
    const size_t before = builder[rank].log.count;
    script_waitall(&builder[rank], request, count, end > 0);
    for (size_t i = before; i < builder[rank].log.count; i++)
        builder[rank].log.record[i].clock =
            i <= before + (size_t)count ? begin : end; /* begin, and what it waits for */
}

static const struct collective_call *call_of(int rank, int n)
{
    for (int i = 0; i < calls->count; i++)
        if (calls->call[i].rank == rank && n-- == 0)
            return &calls->call[i];
    ck_abort_msg("rank %d has not so many calls", rank);
    return NULL;
}

static void expect(int rank, int n, int waits_for, uint64_t waiting, uint64_t communicating)
{
    const struct collective_call *one = call_of(rank, n);
    ck_assert_int_eq(one->waits_for, waits_for);
    ck_assert_uint_eq(one->waiting, waiting);
    ck_assert_uint_eq(one->communicating, communicating);
}

START_TEST(all_wait_for_the_last)
{
    call(0, LOG_ALLREDUCE, LOG_NO_PEER, LOG_WORLD, 100, 450);
    call(1, LOG_ALLREDUCE, LOG_NO_PEER, LOG_WORLD, 200, 460);
    call(2, LOG_ALLREDUCE, LOG_NO_PEER, LOG_WORLD, 400, 440);
    call(3, LOG_ALLREDUCE, LOG_NO_PEER, LOG_WORLD, 300, 470);
    read_calls(REPLAY_ALL_STEPS);
    expect(0, 0, 2, 300, 50);
    expect(1, 0, 2, 200, 60);
    expect(2, 0, LOG_NO_PEER, 0, 40);
    expect(3, 0, 2, 100, 70);
    ck_assert_uint_eq(call_of(3, 0)->bytes, 400);
}
END_TEST

/* Rank 0, who comes last of all, is no member. */
START_TEST(a_group_waits_for_its_own_members)
{
    call(0, LOG_BARRIER, LOG_NO_PEER, LOG_WORLD, 9000, 0);
    call(1, LOG_BARRIER, LOG_NO_PEER, GROUP, 100, 500);
    call(2, LOG_BARRIER, LOG_NO_PEER, GROUP, 200, 500);
    call(3, LOG_BARRIER, LOG_NO_PEER, GROUP, 300, 500);
    read_calls(REPLAY_ALL_STEPS);
    expect(1, 0, 3, 200, 200);
    expect(2, 0, 3, 100, 200);
    expect(3, 0, LOG_NO_PEER, 0, 200);
    g_autofree char *among = group_among(collective_call_group(calls, call_of(1, 0)), RANKS);
    ck_assert_str_eq(among, "among {1, 2, 3}");
}
END_TEST

/* From a root nobody needs any other; a root that gathers needs all; those who give to it don't need it
 * if their call returned before it came. */
START_TEST(a_root_is_needed_or_needs)
{
    call(1, LOG_BCAST, 2, GROUP, 100, 350);
    call(2, LOG_BCAST, 2, GROUP, 200, 220);
    call(3, LOG_BCAST, 2, GROUP, 900, 950);
    call(1, LOG_GATHER, 2, GROUP, 1000, 1010);
    call(2, LOG_GATHER, 2, GROUP, 1100, 1500);
    call(3, LOG_GATHER, 2, GROUP, 1400, 1450);
    call(1, LOG_REDUCE, 2, GROUP, 2000, 2500);
    call(2, LOG_REDUCE, 2, GROUP, 2300, 2500);
    call(3, LOG_REDUCE, 2, GROUP, 2200, 2210);
    read_calls(REPLAY_ALL_STEPS);
    expect(1, 0, 2, 100, 150);
    expect(2, 0, LOG_NO_PEER, 0, 20);
    expect(3, 0, LOG_NO_PEER, 0, 50);
    expect(1, 1, LOG_NO_PEER, 0, 10);
    expect(2, 1, 3, 300, 100);
    expect(3, 1, LOG_NO_PEER, 0, 50);
    expect(1, 2, 2, 300, 200);
    expect(2, 2, LOG_NO_PEER, 0, 200);
    expect(3, 2, LOG_NO_PEER, 0, 10);
}
END_TEST

/* The group's order is 1, 3, 2. */
START_TEST(a_scan_needs_those_before)
{
    call(1, LOG_SCAN, LOG_NO_PEER, GROUP, 300, 310);
    call(3, LOG_SCAN, LOG_NO_PEER, GROUP, 100, 330);
    call(2, LOG_SCAN, LOG_NO_PEER, GROUP, 900, 950);
    read_calls(REPLAY_ALL_STEPS);
    expect(1, 0, LOG_NO_PEER, 0, 10);
    expect(3, 0, 1, 200, 30);
    expect(2, 0, LOG_NO_PEER, 0, 50);
}
END_TEST

/* In flight from 100 to 1000; computed in it: 200 … 500 and 600 … 900. Then it waits, for rank 3 until 950. */
/* Rank 2 gets something from rank 1 only, rank 3 only from itself; rank 1, which comes last, from both. */
START_TEST(neighbours_need_those_from_whom_they_get)
{
    static const uint64_t begin[] = {0, 300, 100, 200};
    static const int givers[RANKS][2] = {{-1, -1}, {2, 3}, {1, -1}, {3, -1}};
    for (int rank = 1; rank < RANKS; rank++) {
        struct log_record record = begin_of(rank, LOG_NEIGHBOR_ALLTOALL, LOG_NO_PEER, GROUP, 0);
        put_at(rank, record, begin[rank]);
        for (int other = 1; other < RANKS; other++)
            script_part(&builder[rank], other, LOG_GIVES, 8);
        for (int i = 0; i < 2 && givers[rank][i] >= 0; i++)
            script_part(&builder[rank], givers[rank][i], LOG_GETS, 8);
        record.phase = LOG_END;
        put_at(rank, record, 400);
    }
    read_calls(REPLAY_ALL_STEPS);
    expect(1, 0, LOG_NO_PEER, 0, 100);
    expect(2, 0, 1, 200, 100);
    expect(3, 0, LOG_NO_PEER, 0, 200);
}
END_TEST

START_TEST(what_is_not_blocking_is_hidden_behind_computation)
{
    for (int rank = 1; rank < RANKS; rank++)
        start(rank, LOG_IALLREDUCE, GROUP, 1, rank == 3 ? 950 : 100);
    compute(1, 200, 500);
    compute(1, 600, 900);
    wait_for(1, (uint64_t[]){1}, 1, 910, 1000);
    read_calls(REPLAY_ALL_STEPS);
    const struct collective_call *one = call_of(1, 0);
    expect(1, 0, 3, 40, 50);
    ck_assert_uint_eq(one->begin, 100);
    ck_assert_uint_eq(one->end, 1000);
    ck_assert_uint_eq(one->hidden, 600);
    /* Nobody told rank 2 that it was complete. */
    ck_assert_uint_eq(call_of(2, 0)->ends, NO_RECORD);
    ck_assert_uint_eq(call_of(2, 0)->end, 1000);
}
END_TEST

/* A computation [200, 900] in which the rank waits for the message, [600, 700], and calls another collective,
 hidden is [200, 600]. */
START_TEST(a_call_inside_of_a_computation_hides_nothing)
{
    for (int rank = 1; rank < RANKS; rank++)
        start(rank, LOG_IALLREDUCE, GROUP, 1, 100);
    struct log_record record = log_record_new(LOG_BACKWARD, LOG_BEGIN);
    put_at(1, record, 200);
    wait_for(1, (uint64_t[]){1}, 1, 600, 700);
    record.phase = LOG_END;
    put_at(1, record, 900);
    read_calls(REPLAY_ALL_STEPS);
    ck_assert_uint_eq(call_of(1, 0)->end, 700);
    ck_assert_uint_eq(call_of(1, 0)->hidden, 400);
}
END_TEST

/* Two in flight at one time, [100, 800] and [300, 800], and one computation, [200, 600]: in flight 700, of it
 * hidden 400. The wait for both counts for the one that was ready last. */
START_TEST(what_overlaps_counts_once)
{
    for (int rank = 1; rank < RANKS; rank++) {
        start(rank, LOG_IALLREDUCE, GROUP, 1, 100);
        if (rank != 3)
            start(rank, LOG_IALLREDUCE, GROUP, 2, 300);
    }
    start(3, LOG_IALLREDUCE, GROUP, 2, 700);
    compute(1, 200, 300);
    compute(1, 300, 600);
    wait_for(1, (uint64_t[]){1, 2}, 2, 650, 800);
    read_calls(REPLAY_ALL_STEPS);
    expect(1, 0, LOG_NO_PEER, 0, 0);
    expect(1, 1, 3, 50, 100);
    GArray *rows = collective_rows(calls);
    ck_assert_uint_eq(rows->len, 1);
    const struct collective_row *row = &g_array_index(rows, struct collective_row, 0);
    ck_assert_str_eq(row->group, "{1, 2, 3}");
    ck_assert_int_eq(row->operation, LOG_IALLREDUCE);
    ck_assert_int_eq(row->calls, 6);
    ck_assert_int_eq(row->ranks, 3);
    ck_assert_double_eq(row->bytes, 2 * (200 + 300 + 400));
    ck_assert_double_eq(row->waiting, 50);
    ck_assert_double_eq(row->communicating, 100);
    ck_assert_double_eq(row->hidden, 400);
    /* Those that nobody was told of last until the end: 700 of each of the others, but for rank 3. */
    ck_assert_double_eq(row->in_flight, 700 + 700 + 700);
    ck_assert_int_eq(row->pending, 4);
    ck_assert_int_eq(row->last, 3);
    ck_assert_int_eq(row->times_last, 1);
    ck_assert_int_eq(row->collectives, 2);
    collective_rows_free(rows);
}
END_TEST

/* Two communicators of ranks 1 and 2, in either order, are one row; one of ranks 1 and 3 is another. */
START_TEST(equal_groups_are_one_row)
{
    static const int pair[][2] = {{1, 2}, {2, 1}, {1, 3}};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 2; k++) {
            const uint64_t communicator = 100 + (uint64_t)i;
            script_put(&builder[pair[i][k]],
                       log_record_of_member((struct log_member){
                           .communicator = communicator, .rank = k, .size = 2}));
            call(pair[i][k], LOG_BARRIER, LOG_NO_PEER, communicator, 10, 20);
        }
    read_calls(REPLAY_ALL_STEPS);
    GArray *rows = collective_rows(calls);
    ck_assert_uint_eq(rows->len, 2);
    ck_assert_str_eq(g_array_index(rows, struct collective_row, 0).group, "{1, 2}");
    ck_assert_int_eq(g_array_index(rows, struct collective_row, 0).calls, 4);
    ck_assert_str_eq(g_array_index(rows, struct collective_row, 1).group, "{1, 3}");
    collective_rows_free(rows);
}
END_TEST

/* A wait for a message, too, says nothing about a collective. */
START_TEST(a_wait_for_messages_too_counts_for_none)
{
    start(1, LOG_IBARRIER, GROUP, 1, 100);
    builder[1].requests = 1;
    const uint64_t receive = script_irecv(&builder[1], 0, 0, 8);
    wait_for(1, (uint64_t[]){1, receive}, 2, 200, 300);
    read_calls(REPLAY_ALL_STEPS);
    ck_assert_uint_eq(call_of(1, 0)->waiting + call_of(1, 0)->communicating, 0);
}
END_TEST

/* Rank 3 never calls: the others wait for it to the end of the logs, in a call or in a wait. */
START_TEST(a_hung_run_waits_to_the_end)
{
    call(1, LOG_ALLGATHER, LOG_NO_PEER, GROUP, 100, 0);
    start(2, LOG_IALLGATHER, GROUP, 1, 200);
    wait_for(2, (uint64_t[]){1}, 1, 300, 0);
    compute(0, 0, 1000);
    read_calls(REPLAY_ALL_STEPS);
    expect(1, 0, 3, 900, 0);
    expect(2, 0, 3, 700, 0);
    ck_assert_uint_eq(call_of(1, 0)->ready, NEVER_READY);
    ck_assert_uint_eq(call_of(1, 0)->end, 1000);
}
END_TEST

START_TEST(a_step_has_its_own_calls)
{
    for (int step = 0; step < 2; step++)
        for (int rank = 0; rank < RANKS; rank++) {
            const uint64_t begin = 1000 * (uint64_t)step;
            put_at(rank, log_record_of_step(LOG_STEP_BEGIN, step), begin);
            call(rank, LOG_BARRIER, LOG_NO_PEER, LOG_WORLD, begin + 10, begin + 20);
            put_at(rank, log_record_of_step_end(step, 0), begin + 30);
        }
    read_calls(1);
    ck_assert_int_eq(calls->count, RANKS);
    ck_assert_uint_eq(call_of(2, 0)->begin, 1010);
    ck_assert_int_eq(calls->call[0].collective, 1);
}
END_TEST

START_TEST(names_are_those_of_the_field)
{
    ck_assert_str_eq(collective_call_name(LOG_IALLREDUCE), "all-reduce");
    ck_assert_str_eq(collective_call_name(LOG_REDUCE_SCATTER), "reduce-scatter");
    ck_assert_str_eq(collective_call_name(LOG_INEIGHBOR_ALLTOALLW), "neighbour all-to-all (w)");
    ck_assert_str_eq(collective_call_name(LOG_COMM_SPLIT), "MPI_Comm_split");
}
END_TEST

START_TEST(nonsense_is_survived)
{
    script_nonsense(builder, RANKS, (unsigned)_i);
    read_calls(_i % 2 ? REPLAY_ALL_STEPS : 0);
    for (int i = 0; i < calls->count; i++) {
        const struct collective_call *one = &calls->call[i];
        ck_assert_uint_le(one->begin, one->end);
        ck_assert_uint_le(one->hidden, one->end - one->begin);
        if (!one->nonblocking)
            ck_assert_uint_eq(one->waiting + one->communicating, one->end - one->begin);
    }
    GArray *rows = collective_rows(calls);
    for (guint i = 0; i < rows->len; i++) {
        const struct collective_row *row = &g_array_index(rows, struct collective_row, i);
        ck_assert_double_le(row->hidden, row->in_flight);
        ck_assert_int_le(row->ranks, RANKS);
    }
    collective_rows_free(rows);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("collective calls");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, all_wait_for_the_last);
    tcase_add_test(tests, a_group_waits_for_its_own_members);
    tcase_add_test(tests, a_root_is_needed_or_needs);
    tcase_add_test(tests, a_scan_needs_those_before);
    tcase_add_test(tests, neighbours_need_those_from_whom_they_get);
    tcase_add_test(tests, what_is_not_blocking_is_hidden_behind_computation);
    tcase_add_test(tests, a_call_inside_of_a_computation_hides_nothing);
    tcase_add_test(tests, what_overlaps_counts_once);
    tcase_add_test(tests, equal_groups_are_one_row);
    tcase_add_test(tests, a_wait_for_messages_too_counts_for_none);
    tcase_add_test(tests, a_hung_run_waits_to_the_end);
    tcase_add_test(tests, a_step_has_its_own_calls);
    tcase_add_test(tests, names_are_those_of_the_field);
    tcase_add_loop_test(tests, nonsense_is_survived, 0, 100);
    suite_add_tcase(suite, tests);
    return suite;
}
