/*
 * What calls cost that wait and need not: runs of two ranks written by hand, with makespans that can be
 * worked out in the head.
 */
#include "assignments/pipeline/judges/parallel_waits.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#define RANKS 2

static struct script builder[RANKS];
static struct log_file logs[RANKS];
static struct outcome outcome;

static void begin(void)
{
    for (int r = 0; r < RANKS; r++) {
        script_init(&builder[r], r, RANKS);
        script_step(&builder[r], LOG_STEP_BEGIN, 0);
    }
}

/* A forward that takes so many FLOPs, on a tensor of this fingerprint. */
static void forward(int rank, int micro_batch, uint64_t flops, uint64_t tensor)
{
    struct log_record record = log_record_new(LOG_FORWARD, LOG_BEGIN);
    record.stage = rank;
    record.micro_batch = micro_batch;
    record.own_number = tensor;
    script_put(&builder[rank], record);
    builder[rank].flops += flops;
    record.phase = LOG_END;
    record.own_number = 0;
    script_put(&builder[rank], record);
}

static void pass(enum log_operation operation, int rank, uint64_t caller, uint64_t tensor)
{
    builder[rank].caller = caller;
    struct log_record record = script_message(&builder[rank], operation, 1 - rank, 7, 64);
    record.fingerprint = operation == LOG_RECV ? 0 : tensor;
    script_put(&builder[rank], record);
    record.fingerprint = tensor;
    script_end(&builder[rank], record);
}

static void barrier(int rank, uint64_t caller)
{
    builder[rank].caller = caller;
    script_collective(&builder[rank], LOG_BARRIER, -1, RANKS, true);
}

static GArray *find(double makespan)
{
    for (int r = 0; r < RANKS; r++) {
        script_step(&builder[r], LOG_STEP_END, 0);
        script_final(&builder[r]);
        logs[r] = builder[r].log;
    }
    outcome = (struct outcome){.ranks = RANKS, .log = logs};
    struct replay_options options = {.step = 0};
    struct matching *matching = matching_new(logs, RANKS);
    struct replay *replay = replay_run(logs, RANKS, matching, options);
    ck_assert_double_eq(replay->makespan, makespan);
    GArray *sites = wait_sites_find(&outcome, matching, replay, options);
    replay_free(replay);
    matching_free(matching);
    for (int r = 0; r < RANKS; r++)
        free(builder[r].log.record);
    return sites;
}

static void expect(const GArray *sites, guint k, enum log_operation operation, uint64_t caller,
                   int calls, bool early, double saves)
{
    ck_assert_uint_gt(sites->len, k);
    const struct wait_site *site = &g_array_index(sites, struct wait_site, k);
    ck_assert_int_eq(site->operation, operation);
    ck_assert_uint_eq(site->caller, caller);
    ck_assert_int_eq(site->calls, calls);
    ck_assert_int_eq(site->early, early);
    ck_assert_double_eq(site->saves, saves);
}

/* Rank 0: 10, meet, 30. Rank 1: 20, meet, 10. They meet at 20; without that rank 0 is done at 40. */
START_TEST(a_barrier_costs_what_it_costs)
{
    forward(0, 0, 10, 1);
    barrier(0, 55);
    forward(0, 1, 30, 2);
    forward(1, 0, 20, 3);
    barrier(1, 55);
    forward(1, 1, 10, 4);
    EVIDENCE_ARRAY sites = find(50);
    ck_assert_uint_eq(sites->len, 1);
    expect(sites, 0, LOG_BARRIER, 55, 2, false, 10);
    ck_assert_int_eq(g_array_index(sites, struct wait_site, 0).ranks, 2);
    g_autofree char *text = wait_site_text(&outcome, &g_array_index(sites, struct wait_site, 0));
    ck_assert_str_eq(text, "MPI_Barrier, called 2 times");
}
END_TEST

/* A barrier at which the slower rank arrives last and goes on to be the last costs nothing. */
START_TEST(a_barrier_may_cost_nothing)
{
    forward(0, 0, 10, 1);
    barrier(0, 55);
    forward(1, 0, 20, 3);
    barrier(1, 55);
    forward(1, 1, 10, 4);
    EVIDENCE_ARRAY sites = find(30);
    ck_assert_uint_eq(sites->len, 0);
}
END_TEST

/* Rank 0 sends at 30. Rank 1 waits for it, computes 30 on something else, and 10 on what came: 70
 * instead of 40. */
START_TEST(a_receive_may_wait_too_early)
{
    forward(0, 0, 30, 1);
    pass(LOG_SEND, 0, 44, 99);
    pass(LOG_RECV, 1, 66, 99);
    forward(1, 1, 30, 5);
    forward(1, 0, 10, 99);
    EVIDENCE_ARRAY sites = find(70);
    ck_assert_uint_eq(sites->len, 1);
    expect(sites, 0, LOG_RECV, 66, 1, true, 30);
}
END_TEST

/* What the next computation uses has to be waited for, and so has what nobody can say. */
START_TEST(a_receive_that_is_needed_costs_nothing)
{
    forward(0, 0, 30, 1);
    pass(LOG_SEND, 0, 44, 99);
    pass(LOG_RECV, 1, 66, 99);
    forward(1, 1, 30, _i ? 99 : 5);
    EVIDENCE_ARRAY sites = find(60);
    ck_assert_uint_eq(sites->len, 0);
}
END_TEST

/* A synchronous send waits for its receive: rank 0 has 10, waits until 30, 10 more. */
START_TEST(a_send_may_be_waited_for)
{
    forward(0, 0, 10, 1);
    pass(LOG_SSEND, 0, 44, 99);
    forward(0, 1, 40, 2);
    forward(1, 1, 30, 5);
    pass(LOG_RECV, 1, 66, 99);
    forward(1, 0, 10, 99);
    EVIDENCE_ARRAY sites = find(70);
    ck_assert_uint_eq(sites->len, 1);
    expect(sites, 0, LOG_SSEND, 44, 1, false, 20);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("calls that wait and need not");
    TCase *cases = tcase_create("waits");
    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, a_barrier_costs_what_it_costs);
    tcase_add_test(cases, a_barrier_may_cost_nothing);
    tcase_add_test(cases, a_receive_may_wait_too_early);
    tcase_add_loop_test(cases, a_receive_that_is_needed_costs_nothing, 0, 2);
    tcase_add_test(cases, a_send_may_be_waited_for);
    suite_add_tcase(suite, cases);
    return suite;
}
