/*
 * The judge of orders on logs made by hand from written orders: each rule accepts the golden
 * orders and others that satisfy it, and rejects each known mistake by its name.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/order_rules.h"
#include "assignments/pipeline/tests/support/golden_orders.h"
#include "assignments/pipeline/tests/support/written.h"
#include "tests/support/test.h"

#include <string.h>

/* ---- orders that satisfy a rule ------------------------------------------------------------ */

START_TEST(right_orders_pass)
{
    struct written *run = written_run(golden_orders[_i].options, 4, golden_orders[_i].line);
    written_expect(judge_order, run, VERDICT_PASS, NULL, "");
    written_expect(judge_parallel, run, VERDICT_PASS, NULL, "");
    written_free(run);
}
END_TEST

START_TEST(all_shapes_pass)
{
    for (int id = 0; id < SCHEDULES; id++) {
        const struct schedule_kind *kind = schedule_kind_of((enum schedule_id)id);
        for (int p = 1; kind && p <= 5; p++)
            for (int m = 1; m <= 2 * p + 1; m++) {
                int v = kind->facts->chunked ? 2 : 1;
                if ((kind->facts->chunked && m % p) ||
                    (!strcmp(kind->facts->name, "naive") && m > 1))
                    continue;
                g_autofree char *options =
                    g_strdup_printf("--schedule %s --chunks %d --batch %d --micro-batches %d",
                                    kind->facts->name, v, m, m);
                struct written *run = written_schedule(
                    options, schedule_equal(kind->make, p, v, m, 1, 1, 1), kind->facts->chunked);
                written_expect(judge_order, run, VERDICT_PASS, NULL, "");
                if (p >= 4)
                    written_expect(judge_parallel, run, VERDICT_PASS, NULL, "");
                written_free(run);
            }
    }
}
END_TEST

/* ---- orders that do not -------------------------------------------------------------------- */

static const struct {
    const char *options;
    const char *line[4];
    const char *says, *mistake;
} wrong[] = {
    {WRITTEN_1F1B, /* one too many */
     {"F0 F1 F2 F3 F4 B0 F5 B1 F6 B2 F7 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7"},
     "rank 0, step 0: after 4 forwards and 0 backwards a backward is due, not F4: 4 forwards come "
     "before the first backward here",
     "warm-up one too many"},
    {WRITTEN_1F1B, /* can't run: rank 0 waits for B0, the last rank for F1 */
     {"F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7"},
     "contradict",
     "warm-up counted from the wrong end"},
    {WRITTEN_1F1B,
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4", "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"},
     "rank 0 never ran B of micro-batches 5, 6 and 7",
     "no cool-down"},
    {WRITTEN_1F1B,
     {"F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7"},
     "a backward is due, not F4",
     "all-forward-all-backward instead"},
    {WRITTEN_1F1B, /* W held back: more in flight than 1F1B has */
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
      "F0 I0 F1 W0 I1 W1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"},
     "rank 3, step 0: with F1 2 micro-batches are in flight",
     ""},
    {WRITTEN_1F1B, /* no alternation: groups of p */
     {"F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7"},
     "after 4 forwards and 1 backward a forward is due, not B1",
     ""},
    {WRITTEN_BOUNDED, /* five in flight */
     {"F0 F1 F2 F3 F4 B0 B1 B2 B3 B4 F5 F6 F7 B5 B6 B7",
      "F0 F1 F2 F3 B0 F4 B1 B2 B3 B4 F5 F6 F7 B5 B6 B7",
      "F0 F1 F2 F3 B0 F4 B1 B2 B3 B4 F5 F6 F7 B5 B6 B7",
      "F0 F1 F2 F3 B0 F4 B1 B2 B3 B4 F5 F6 F7 B5 B6 B7"},
     "with F4 5 micro-batches are in flight",
     ""},
    {WRITTEN_BOUNDED,
     {"F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7"},
     "at most min(p, m) = 4",
     "all-forward-all-backward instead"},
    {WRITTEN_PIPEDREAM, /* flushes: one step at the end */
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7 step",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7 step",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7 step",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7 step"},
     "the optimizer does not step between B0 and what follows",
     ""},
    {WRITTEN_PIPEDREAM, /* twice */
     {"F0 F1 F2 F3 B0 step step F4 B1 step F5 B2 step F6 B3 step F7 B4 step B5 step B6 step B7 "
      "step",
      "F0 F1 F2 B0 step F3 B1 step F4 B2 step F5 B3 step F6 B4 step F7 B5 step B6 step B7 step",
      "F0 F1 B0 step F2 B1 step F3 B2 step F4 B3 step F5 B4 step F6 B5 step F7 B6 step B7 step",
      "F0 B0 step F1 B1 step F2 B2 step F3 B3 step F4 B4 step F5 B5 step F6 B6 step F7 B7 "
      "step"},
     "steps without a backward",
     ""},
    {WRITTEN_ZERO_BUBBLE, /* 1F1B */
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"},
     "B0 is a whole backward",
     ""},
    {WRITTEN_ZERO_BUBBLE, /* all W at the end */
     {"F0 F1 F2 F3 I0 F4 I1 F5 I2 F6 I3 F7 I4 I5 I6 I7 W0 W1 W2 W3 W4 W5 W6 W7",
      "F0 F1 F2 I0 F3 I1 F4 I2 F5 I3 F6 I4 F7 I5 I6 I7 W0 W1 W2 W3 W4 W5 W6 W7",
      "F0 F1 I0 F2 I1 F3 I2 F4 I3 F5 I4 F6 I5 F7 I6 I7 W0 W1 W2 W3 W4 W5 W6 W7",
      "F0 I0 F1 I1 F2 I2 F3 I3 F4 I4 F5 I5 F6 I6 F7 I7 W0 W1 W2 W3 W4 W5 W6 W7"},
     "with F4 5 micro-batches are in flight (their forward is done, their weight gradient W is "
     "not)",
     "zero bubble: weight gradients held back by the wrong number"},
    {WRITTEN_ZERO_BUBBLE, /* 1F1B in halves */
     {"F0 F1 F2 F3 I0 W0 F4 I1 W1 F5 I2 W2 F6 I3 W3 F7 I4 W4 I5 W5 I6 W6 I7 W7",
      "F0 F1 F2 I0 W0 F3 I1 W1 F4 I2 W2 F5 I3 W3 F6 I4 W4 F7 I5 W5 I6 W6 I7 W7",
      "F0 F1 I0 W0 F2 I1 W1 F3 I2 W2 F4 I3 W3 F5 I4 W4 F6 I5 W5 F7 I6 W6 I7 W7",
      "F0 I0 W0 F1 I1 W1 F2 I2 W2 F3 I3 W3 F4 I4 W4 F5 I5 W5 F6 I6 W6 F7 I7 W7"},
     "every W comes directly behind its I, on all ranks: that is 1F1B",
     "weight gradients directly behind input gradients"},
    {"--schedule interleaved --chunks 2 --batch 4 --micro-batches 4", /* chunk 0 back first */
     {"F0.0 F1.0 F2.0 F3.0 F0.4 F1.4 F2.4 F3.4 B0.0 B1.0 B2.0 B3.0 B0.4 B1.4 B2.4 B3.4",
      "F0.1 F1.1 F2.1 F3.1 F0.5 F1.5 F2.5 F3.5 B0.1 B1.1 B2.1 B3.1 B0.5 B1.5 B2.5 B3.5",
      "F0.2 F1.2 F2.2 F3.2 F0.6 F1.6 F2.6 B0.2 F3.6 B1.2 B2.2 B3.2 B0.6 B1.6 B2.6 B3.6",
      "F0.3 F1.3 F2.3 F3.3 F0.7 B0.3 F1.7 B1.3 F2.7 B2.3 F3.7 B3.3 B0.7 B1.7 B2.7 B3.7"},
     "contradict",
     "interleaved: chunks not reversed in backward"},
    {"--schedule interleaved --chunks 2 --batch 4 --micro-batches 4",
     {"F0.0 F0.1 F1.0 F1.1 F2.0 F2.1 F3.0 F3.1 B0.1 B0.0 B1.1 B1.0 B2.1 B2.0 B3.1 B3.0",
      "F0.2 F0.3 F1.2 F1.3 F2.2 F2.3 F3.2 F3.3 B0.3 B0.2 B1.3 B1.2 B2.3 B2.2 B3.3 B3.2",
      "F0.4 F0.5 F1.4 F1.5 F2.4 F2.5 F3.4 F3.5 B0.5 B0.4 B1.5 B1.4 B2.5 B2.4 B3.5 B3.4",
      "F0.6 F0.7 F1.6 F1.7 F2.6 F2.7 F3.6 F3.7 B0.7 B0.6 B1.7 B1.6 B2.7 B2.6 B3.7 B3.6"},
     "belongs to rank 1",
     ""}, /* no name: the program places the stages */
    {"--schedule interleaved --chunks 2 --batch 8 --micro-batches 8", /* one too many */
     {"F0.0 F1.0 F2.0 F3.0 F0.4 F1.4 F2.4 F3.4 F4.0 F5.0 F6.0 F7.0 B0.4 F4.4 B1.4 F5.4 B2.4 F6.4 "
      "B3.4 F7.4 B0.0 B1.0 B2.0 B3.0 B4.4 B5.4 B6.4 B7.4 B4.0 B5.0 B6.0 B7.0",
      "F0.1 F1.1 F2.1 F3.1 F0.5 F1.5 F2.5 F3.5 F4.1 F5.1 B0.5 F6.1 B1.5 F7.1 B2.5 F4.5 B3.5 F5.5 "
      "B0.1 F6.5 B1.1 F7.5 B2.1 B3.1 B4.5 B5.5 B6.5 B7.5 B4.1 B5.1 B6.1 B7.1",
      "F0.2 F1.2 F2.2 F3.2 F0.6 F1.6 F2.6 F3.6 B0.6 F4.2 B1.6 F5.2 B2.6 F6.2 B3.6 F7.2 B0.2 F4.6 "
      "B1.2 F5.6 B2.2 F6.6 B3.2 F7.6 B4.6 B5.6 B6.6 B7.6 B4.2 B5.2 B6.2 B7.2",
      "F0.3 F1.3 F2.3 F3.3 F0.7 F1.7 B0.7 F2.7 B1.7 F3.7 B2.7 F4.3 B3.7 F5.3 B0.3 F6.3 B1.3 F7.3 "
      "B2.3 F4.7 B3.3 F5.7 B4.7 F6.7 B5.7 F7.7 B6.7 B7.7 B4.3 B5.3 B6.3 B7.3"},
     "a backward is due, not F7.0",
     "warm-up one too many"},
    {"--schedule 1f1b --batch 4 --micro-batches 4", /* two micro-batches left out */
     {"F0 F1 B0 B1", "F0 F1 B0 B1", "F0 F1 B0 B1", "F0 B0 F1 B1"},
     "micro-batches 2 and 3 were never run",
     "micro-batches never run"},
    {WRITTEN_1F1B, /* no warm-up at all */
     {"F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"},
     "a forward is due, not B0",
     "warm-up too short"},
    {"--schedule zero-bubble --batch 4 --micro-batches 4", /* W3 never, W2 twice */
     {"F0 F1 F2 F3 I0 W0 I1 W1 I2 W2 I3 W2", "F0 F1 F2 I0 F3 I1 W0 I2 W1 I3 W2 W3",
      "F0 F1 I0 F2 I1 F3 I2 W0 I3 W1 W2 W3", "F0 I0 F1 I1 F2 I2 F3 I3 W0 W1 W2 W3"},
     "rank 0 ran W of micro-batch 2 more than once, and never ran W of micro-batch 3",
     "zero bubble: weight gradient run twice"},
    {"--schedule afab --batch 4 --micro-batches 4", /* a backward too few on every rank */
     {"F0 F1 F2 F3 B0 B1 B2", "F0 F1 F2 F3 B0 B1 B2", "F0 F1 F2 F3 B0 B1 B2",
      "F0 F1 F2 F3 B0 B1 B2"},
     "rank 0 never ran B of micro-batch 3",
     "backward of a micro-batch left out"},
    {WRITTEN_NAIVE,
     {"F0 B0", "F0 B0", "F0 B0 F0 B0", "F0 B0"},
     "rank 2 ran F of micro-batch 0 more than once",
     "a micro-batch run twice"},
};

START_TEST(wrong_orders_fail_by_name)
{
    struct written *run = written_new(wrong[_i].options, 4);
    for (int r = 0; r < 4; r++)
        written_line(run, r, wrong[_i].line[r], false);
    written_end(run);
    written_expect(judge_order, run, VERDICT_FAIL, wrong[_i].says, wrong[_i].mistake);
    written_free(run);
}
END_TEST

START_TEST(unknown_schedules_are_not_judged)
{
    static const char *const line[] = {"F0 B0", "F0 B0", "F0 B0", "F0 B0"};
    struct written *run = written_run("--schedule sideways --batch 1 --micro-batches 1", 4, line);
    written_expect(judge_order, run, VERDICT_NOT_JUDGED, "sideways", NULL);
    written_expect(judge_parallel, run, VERDICT_NOT_JUDGED, "sideways", NULL);
    written_free(run);
}
END_TEST

/* A run that hung: what was seen until then names the mistake. */
START_TEST(mistakes_are_recognised_in_what_is_there)
{
    static const char *const line[] = {"F0", "F0", "F0 F1 F2", "F0 F1 F2 F3 B0"};
    const struct schedule_kind *kind = schedule_find("1f1b");
    struct schedule *schedule = schedule_new(4);
    for (int r = 0; r < 4; r++)
        for (const char *c = line[r]; *c; c++)
            if (*c == 'F' || *c == 'B')
                schedule_add(schedule, r,
                             (struct schedule_operation){*c == 'F' ? LOG_FORWARD : LOG_BACKWARD, r,
                                                         c[1] - '0', 1});
    const struct mistake *mistake =
        order_recognise_cut_off(kind, schedule, (struct schedule_shape){4, 1, 8});
    ck_assert_ptr_nonnull(mistake);
    ck_assert_str_eq(mistake->name, "warm-up counted from the wrong end");
    schedule_free(schedule);
    schedule = schedule_new(4); /* nobody came to a backward: nothing is known */
    ck_assert_ptr_null(order_recognise_cut_off(kind, schedule, (struct schedule_shape){4, 1, 8}));
    schedule_free(schedule);
}
END_TEST

/* ---- what no order shows ------------------------------------------------------------------- */

/* The whole batch in the first micro-batch, and empty events for the others. */
START_TEST(empty_events_are_no_work)
{
    struct written *run = written_new("--schedule 1f1b --micro-batches 4 --steps 1", 1);
    for (int i = 0; i < 4; i++) {
        script_compute(&run->script[0], LOG_FORWARD, 0, i, i == 0 ? 4 * WRITTEN_F_COST : 0);
        script_compute(&run->script[0], LOG_BACKWARD, 0, i, WRITTEN_I_COST + WRITTEN_W_COST);
    }
    written_end(run);
    written_expect(judge_order, run, VERDICT_FAIL, "F1 cost 0 FLOPs on stage 0, and F0 ", "");
    written_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of orders");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, right_orders_pass, 0, GOLDEN_ORDERS);
    tcase_add_test(tests, all_shapes_pass);
    tcase_add_loop_test(tests, wrong_orders_fail_by_name, 0, (int)G_N_ELEMENTS(wrong));
    tcase_add_test(tests, unknown_schedules_are_not_judged);
    tcase_add_test(tests, mistakes_are_recognised_in_what_is_there);
    tcase_add_test(tests, empty_events_are_no_work);
    suite_add_tcase(suite, tests);
    return suite;
}
