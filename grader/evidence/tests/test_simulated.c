/* Tests of the simulator's clock beside the replay. */
#include "grader/evidence/simulated.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#define COST 100000 /* FLOPs of a computation */

static struct logged_run *run;

static void put_at(struct script *script, uint64_t clock)
{
    script->log.record[script->log.count - 1].clock = clock;
}

static void compute_at(struct script *script, int rank, uint64_t begin)
{
    script_compute(script, LOG_FORWARD, rank, 0, COST);
    script->log.record[script->log.count - 2].clock = begin;
    put_at(script, begin + COST);
}

static void begin_step(struct script *script, uint64_t clock)
{
    script_step(script, LOG_STEP_BEGIN, 0);
    put_at(script, clock);
}

/* Rank 0 computes and sends; rank 1 waits for that, lets `pastime` nanoseconds pass, with a poll in
 * front of them or not, and computes. As the simulator says on `free`, but for the end of the step,
 * which is `late`. */
static void setup_run(uint64_t pastime, bool polls, uint64_t late)
{
    const uint64_t begin = 5000, sent = begin + COST;
    run = logged_run_new(2);
    run->outcome.simulated = true;
    run->outcome.platform = (char *)"free";
    for (int rank = 0; rank < 2; rank++)
        begin_step(&run->script[rank], begin);
    compute_at(&run->script[0], 0, begin);
    script_call(&run->script[0], LOG_SEND, 1, 0, 8, true);
    run->script[0].log.record[run->script[0].log.count - 2].clock = sent;
    put_at(&run->script[0], sent);
    script_step(&run->script[0], LOG_STEP_END, 0);
    put_at(&run->script[0], sent);
    script_call(&run->script[1], LOG_RECV, 0, 0, 8, true);
    run->script[1].log.record[run->script[1].log.count - 2].clock = begin;
    put_at(&run->script[1], sent);
    if (polls) {
        script_call(&run->script[1], LOG_TEST, -1, -1, 0, true);
        run->script[1].log.record[run->script[1].log.count - 2].clock = sent;
        put_at(&run->script[1], sent);
    }
    compute_at(&run->script[1], 1, sent + pastime);
    if (late > 0) /* inside of the computation, where nothing but it may take time */
        put_at(&run->script[1], sent + pastime + COST + late);
    script_step(&run->script[1], LOG_STEP_END, 0);
    put_at(&run->script[1], sent + pastime + COST + late);
    for (int rank = 0; rank < 2; rank++) {
        script_final(&run->script[rank]);
        struct log_file *log = &run->script[rank].log;
        log->record[log->count - 1].clock = log->record[log->count - 2].clock;
        run->log[rank] = *log;
        run->log[rank].seed = run->outcome.options.seed;
    }
}

static void teardown(void)
{
    logged_run_free(run);
    run = NULL;
}

static void expect(bool agrees, enum verdict_kind kind, const char *says)
{
    struct matching *matching = matching_new(run->log, 2);
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "fine");
    ck_assert(simulated_agrees(&run->outcome, matching, 0, verdict) == agrees);
    logged_run_expect(verdict, kind, says);
    matching_free(matching);
}

START_TEST(clocks_of_a_step)
{
    struct simulated_step step;
    setup_run(0, false, 0);
    ck_assert(simulated_step(&run->outcome, 0, &step));
    ck_assert_double_eq(step.began, 5000);
    ck_assert_double_eq(step.begin[0], 0);
    ck_assert_double_eq(step.begin[1], 0);
    ck_assert_double_eq(step.makespan, 2 * COST);
    g_free(step.begin);
    ck_assert(!simulated_step(&run->outcome, 1, &step));
    ck_assert_ptr_null(step.begin);
}
END_TEST

START_TEST(equal_clocks_agree)
{
    setup_run(0, false, 0);
    expect(true, VERDICT_PASS, "fine");
}
END_TEST

/* Nothing in the logs says where the time went: then one of the clocks is wrong. */
START_TEST(different_clocks_are_nobodys_fault)
{
    setup_run(0, false, COST);
    expect(false, VERDICT_NOT_JUDGED, "one of the grader's two clocks is wrong");
}
END_TEST

START_TEST(messages_cost_something_elsewhere)
{
    setup_run(0, false, COST);
    run->outcome.platform = (char *)"another";
    expect(true, VERDICT_PASS, "fine");
    run->outcome.platform = (char *)"free";
    run->outcome.simulated = false;
    expect(true, VERDICT_PASS, "fine");
}
END_TEST

/* Tests and MPI_Wtime take a little simulated time, and sleeping takes what it takes: neither is a
 * defect of the grader's. */
START_TEST(own_time_is_the_runs_own)
{
    static const struct {
        bool polls;
        uint64_t pastime;
        enum verdict_kind kind;
        const char *says;
    } cases[] = {{false, COST / 100, VERDICT_PASS, "fine"},
                 {true, COST / 100, VERDICT_PASS, "fine"},
                 {false, COST, VERDICT_FAIL, "rank 1 lets 100000 ns pass in its own code"},
                 {true, COST, VERDICT_FAIL, "ranks test for messages too rarely"}};
    setup_run(cases[_i].pastime, cases[_i].polls, 0);
    expect(cases[_i].kind == VERDICT_PASS, cases[_i].kind, cases[_i].says);
}
END_TEST

/* FLOPs outside of computations take simulated time, which the replay does not know. */
START_TEST(own_flops_are_the_runs_own)
{
    setup_run(COST, false, 0);
    bool computes = false;
    for (size_t i = 0; i < run->log[1].count; i++) {
        struct log_record *record = &run->log[1].record[i];
        computes = computes || record->operation == LOG_FORWARD;
        record->flops += computes ? COST : 0;
    }
    expect(false, VERDICT_FAIL, "rank 1 computes 1e+05 FLOPs outside of its stage");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("simulated");
    TCase *tests = tcase_create("simulated");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, clocks_of_a_step);
    tcase_add_test(tests, equal_clocks_agree);
    tcase_add_test(tests, different_clocks_are_nobodys_fault);
    tcase_add_test(tests, messages_cost_something_elsewhere);
    tcase_add_loop_test(tests, own_time_is_the_runs_own, 0, 4);
    tcase_add_test(tests, own_flops_are_the_runs_own);
    suite_add_tcase(suite, tests);
    return suite;
}
