/* Tests of what is read from logs: whether they can be judged, computations, losses, the model. */
#include "grader/evidence/evidence.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

static struct logged_run *run;

static void setup(void)
{
    run = logged_run_new(3);
}

static void teardown(void)
{
    logged_run_free(run);
}

/* ---- logs ---------------------------------------------------------------------------------------- */

static void expect_logs(bool usable, const char *says)
{
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "fine");
    ck_assert(evidence_logs(&run->outcome, verdict) == usable);
    logged_run_expect(verdict, usable ? VERDICT_PASS : VERDICT_FAIL, says);
}

START_TEST(whole_logs_can_be_judged)
{
    logged_run_end(run);
    expect_logs(true, "fine");
}
END_TEST

enum damage { MISSING, EMPTY, DAMAGED, UNFINISHED, OTHER_SEED, OTHER_RANK, OTHER_RANKS, DAMAGES };

START_TEST(other_logs_can_not)
{
    static const char *const says[DAMAGES] = {
        "rank 1 left no usable log: there is no such file",
        "rank 1 left no usable log: it is missing or empty",
        "the log of rank 1 is damaged: record 7 has a wrong check sum",
        "rank 1 did not come to its proper end",
        "the log of rank 1 is not of this run: it says rank 1 of 3, seed 78",
        "the log of rank 1 is not of this run: it says rank 2 of 3, seed 77",
        "the log of rank 1 is not of this run: it says rank 1 of 4, seed 77"};
    logged_run_end(run);
    struct log_file *log = &run->log[1];
    if (_i == MISSING)
        run->log_error[1] = (char *)"there is no such file";
    else if (_i == EMPTY)
        log->count = 0;
    else if (_i == DAMAGED)
        strcpy(log->damage, "record 7 has a wrong check sum");
    else if (_i == UNFINISHED)
        log->complete = false;
    else if (_i == OTHER_SEED)
        log->seed++;
    else if (_i == OTHER_RANK)
        log->rank = 2;
    else
        log->ranks = 4;
    expect_logs(false, says[_i]);
}
END_TEST

START_TEST(no_logs_at_all)
{
    run->outcome.log = NULL;
    expect_logs(false, "the run left no logs");
}
END_TEST

/* ---- computations -------------------------------------------------------------------------------- */

START_TEST(computations_have_step_and_flops)
{
    struct script *script = &run->script[0];
    script_compute(script, LOG_FORWARD, 2, 0, 5); /* outside of a step */
    script_step(script, LOG_STEP_BEGIN, 7);
    script_compute(script, LOG_FORWARD, 2, 1, 10);
    script_call(script, LOG_SEND, 1, 0, 8, true);
    script_compute(script, LOG_BACKWARD, 2, 1, 20);
    script_compute(script, LOG_FORWARD, 3, 1, 30);
    script_step(script, LOG_STEP_END, 7);
    script_put(script, log_record_new(LOG_OPTIMIZER_STEP, LOG_BEGIN)); /* never ended */
    logged_run_end(run);
    EVIDENCE_ARRAY events = evidence_events(&run->log[0]);
    static const struct evidence_event expected[] = {{LOG_FORWARD, -1, 2, 0, 5, 0, 1},
                                                     {LOG_FORWARD, 7, 2, 1, 10, 3, 4},
                                                     {LOG_BACKWARD, 7, 2, 1, 20, 7, 8},
                                                     {LOG_FORWARD, 7, 3, 1, 30, 9, 10}};
    ck_assert_uint_eq(events->len, 5);
    for (guint i = 0; i < 4; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        ck_assert_int_eq(event->operation, expected[i].operation);
        ck_assert_int_eq(event->step, expected[i].step);
        ck_assert_int_eq(event->stage, expected[i].stage);
        ck_assert_int_eq(event->micro_batch, expected[i].micro_batch);
        ck_assert_uint_eq(event->flops, expected[i].flops);
        ck_assert_uint_eq(event->begin, expected[i].begin);
        ck_assert_uint_eq(event->end, expected[i].end);
    }
    ck_assert_uint_eq(EVIDENCE_EVENT(events, 4)->end, run->log[0].count);
    ck_assert_uint_eq(EVIDENCE_EVENT(events, 4)->flops, 0);
    ck_assert_int_eq(evidence_count(events, 7, LOG_FORWARD, 2), 1);
    ck_assert_int_eq(evidence_count(events, 7, LOG_FORWARD, 4), 0);
    ck_assert_int_eq(evidence_count(events, -1, LOG_FORWARD, 2), 1);
}
END_TEST

/* Ends belong to the last begin that has none; and what takes a step per pair of records would take hours. */
START_TEST(computations_that_never_end)
{
    enum { MANY = 300000 };
    struct script *script = &run->script[0];
    for (int i = 0; i < MANY; i++)
        script_put(script, log_record_new(LOG_FORWARD, LOG_BEGIN));
    script_put(script, log_record_new(LOG_BACKWARD, LOG_END));
    script_put(script, log_record_new(LOG_FORWARD, LOG_END));
    script_put(script, log_record_new(LOG_FORWARD, LOG_END));
    logged_run_end(run);
    EVIDENCE_ARRAY events = evidence_events(&run->log[0]);
    ck_assert_uint_eq(events->len, MANY);
    ck_assert_uint_eq(EVIDENCE_EVENT(events, MANY - 1)->end, MANY + 1);
    ck_assert_uint_eq(EVIDENCE_EVENT(events, MANY - 2)->end, MANY + 2);
    ck_assert_uint_eq(EVIDENCE_EVENT(events, MANY - 3)->end, run->log[0].count);
}
END_TEST

/* ---- losses -------------------------------------------------------------------------------------- */

/* Step 0 has each loss once, step 1 lacks one, step 2 has one twice, step 3 one that can't be. */
START_TEST(losses_are_one_for_each_micro_batch)
{
    static const int parts[4][2] = {{1, 0}, {0, -1}, {0, 0}, {0, 2}};
    struct script *script = &run->script[1];
    for (int step = 0; step < 4; step++) {
        script_step(script, LOG_STEP_BEGIN, step);
        for (int k = 0; k < 2; k++)
            if (step != 1 || k == 0)
                script_put(script, log_record_of_loss(parts[step][k], 1.0 + 2 * k));
        script_step(script, LOG_STEP_END, step);
    }
    logged_run_end(run);
    double loss[5];
    evidence_losses(&run->log[1], 2, 5, loss);
    ck_assert_double_eq(loss[0], 2);
    for (int step = 1; step < 5; step++)
        ck_assert(isnan(loss[step]));
    ck_assert_int_eq(evidence_loss_rank(&run->outcome), 1);
}
END_TEST

/* Step 0: two ranks share four micro-batches. 1: one is lost. 2: one has two. 3: one that is none. */
START_TEST(losses_of_ranks_that_share_a_batch)
{
    static const int parts[4][4] = {{0, 2, 3, 1}, {0, 2, 3, -9}, {0, 2, 2, 1}, {0, 4, 3, 1}};
    for (int step = 0; step < 4; step++)
        for (int rank = 0; rank < 2; rank++) {
            struct script *script = &run->script[rank];
            script_put(script, log_record_of_loss(0, 100)); /* outside of a step */
            script_step(script, LOG_STEP_BEGIN, step);
            for (int k = 2 * rank; k < 2 * rank + 2; k++)
                if (parts[step][k] >= 0)
                    script_put(script, log_record_of_loss(parts[step][k], 1.0 + k));
            script_step(script, LOG_STEP_END, step);
        }
    logged_run_end(run);
    double loss[5];
    evidence_losses_together(&run->outcome, 4, 5, loss);
    ck_assert_double_eq(loss[0], 2.5);
    for (int step = 1; step < 5; step++)
        ck_assert(isnan(loss[step]));
}
END_TEST

START_TEST(nobody_computed_a_loss)
{
    logged_run_end(run);
    ck_assert_int_eq(evidence_loss_rank(&run->outcome), -1);
}
END_TEST

/* ---- the model ----------------------------------------------------------------------------------- */

START_TEST(without_a_model_nothing_is_judged)
{
    struct verdict *verdict = verdict_new();
    strcpy(run->outcome.options.dataset, "synthetic");
    struct model *model = evidence_model(&run->outcome, verdict);
    ck_assert_ptr_nonnull(model);
    model_free(model);
    strcpy(run->outcome.options.dataset, "no-such-set");
    ck_assert_ptr_null(evidence_model(&run->outcome, verdict));
    logged_run_expect(verdict, VERDICT_NOT_JUDGED, "no-such-set");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("evidence");
    TCase *tests = tcase_create("evidence");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, whole_logs_can_be_judged);
    tcase_add_loop_test(tests, other_logs_can_not, 0, DAMAGES);
    tcase_add_test(tests, no_logs_at_all);
    tcase_add_test(tests, computations_have_step_and_flops);
    tcase_add_test(tests, computations_that_never_end);
    tcase_add_test(tests, losses_are_one_for_each_micro_batch);
    tcase_add_test(tests, losses_of_ranks_that_share_a_batch);
    tcase_add_test(tests, nobody_computed_a_loss);
    tcase_add_test(tests, without_a_model_nothing_is_judged);
    suite_add_tcase(suite, tests);
    return suite;
}
