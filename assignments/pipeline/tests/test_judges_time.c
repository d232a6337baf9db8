/*
 * The judge of parallel work on logs made by hand from written orders: how long a step takes by
 * its dependencies alone, and by the simulator's clock.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/tests/support/golden_orders.h"
#include "assignments/pipeline/tests/support/written.h"
#include "tests/support/test.h"

#include <string.h>

/* ---- time ---------------------------------------------------------------------------------- */

/* Orders that satisfy the rule, but the ranks wait for each other. */
START_TEST(slow_orders_are_not_parallel)
{
    static const struct {
        const char *options;
        const char *line[4];
        const char *says, *mistake;
        bool right_order;
    } slow[] = {
        {WRITTEN_ZERO_BUBBLE, /* every W at once: as slow as 1F1B */
         {"F0 F1 F2 F3 I0 W0 F4 I1 W1 F5 I2 W2 F6 I3 W3 F7 I4 W4 I5 W5 I6 W6 I7 W7",
          "F0 F1 F2 I0 W0 F3 I1 W1 F4 I2 W2 F5 I3 W3 F6 I4 W4 F7 I5 W5 I6 W6 I7 W7",
          "F0 F1 I0 W0 F2 I1 W1 F3 I2 W2 F4 I3 W3 F5 I4 W4 F6 I5 W5 F7 I6 W6 I7 W7",
          "F0 I0 W0 F1 I1 W1 F2 I2 W2 F3 I3 W3 F4 I4 W4 F5 I5 W5 F6 I6 W6 F7 I7 W7"},
         "longer",
         "weight gradients directly behind input gradients",
         false},
        {WRITTEN_BOUNDED, /* one after the other */
         {"F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
          "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
          "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
          "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"},
         "no two ranks ever work at the same time",
         "",
         true},
        {WRITTEN_1F1B, /* too little warm-up on rank 0 */
         {"F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
          "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
          "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
          "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"},
         "longer",
         "warm-up too short",
         false},
    };
    struct written *run = written_run(slow[_i].options, 4, slow[_i].line);
    if (slow[_i].right_order)
        written_expect(judge_order, run, VERDICT_PASS, NULL, "");
    written_expect(judge_parallel, run, VERDICT_FAIL, slow[_i].says, slow[_i].mistake);
    written_free(run);
}
END_TEST

/* "bounded" leaves the order free: groups of two micro-batches, and 1F1B, are parallel enough. */
START_TEST(a_free_order_only_has_to_gain)
{
    static const char *const pairs[] = {"F0 F1 B0 B1 F2 F3 B2 B3 F4 F5 B4 B5 F6 F7 B6 B7",
                                        "F0 F1 B0 B1 F2 F3 B2 B3 F4 F5 B4 B5 F6 F7 B6 B7",
                                        "F0 F1 B0 B1 F2 F3 B2 B3 F4 F5 B4 B5 F6 F7 B6 B7",
                                        "F0 F1 B0 B1 F2 F3 B2 B3 F4 F5 B4 B5 F6 F7 B6 B7"};
    struct written *run = written_run(WRITTEN_BOUNDED, 4, pairs);
    written_expect(judge_parallel, run, VERDICT_PASS, NULL, "");
    written_free(run);
    run = written_run(WRITTEN_BOUNDED, 4, golden_orders[GOLDEN_1F1B].line);
    written_expect(judge_parallel, run, VERDICT_PASS, NULL, "");
    written_free(run);
}
END_TEST

/* One micro-batch instead of eight needs no pipeline. */
START_TEST(all_micro_batches_have_to_run)
{
    static const char *const one[] = {"F0 B0", "F0 B0", "F0 B0", "F0 B0"};
    static const char *const chunked[] = {"F0.0 F0.4 B0.4 B0.0", "F0.1 F0.5 B0.5 B0.1",
                                          "F0.2 F0.6 B0.6 B0.2", "F0.3 F0.7 B0.7 B0.3"};
    struct written *run = written_run(WRITTEN_1F1B, 4, one);
    written_expect(judge_parallel, run, VERDICT_FAIL, "one backward of every micro-batch", "");
    written_free(run);
    run = written_run(WRITTEN_INTERLEAVED, 4, chunked);
    written_expect(judge_parallel, run, VERDICT_FAIL, "one backward of every micro-batch", "");
    written_free(run);
}
END_TEST

/* Nobody waits for a message, so the log comes to its end; the dependencies would not. */
START_TEST(contradicting_orders_are_told_without_a_figure)
{
    static const char *const line[] = {"F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
                                       "F0 F1 B0 B1 F2 F3 B2 B3 F4 F5 B4 B5 F6 F7 B6 B7",
                                       "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
                                       "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7"};
    struct written *run = written_new(WRITTEN_AFAB, 4);
    for (int r = 0; r < 4; r++)
        written_line(run, r, line[r], false);
    written_end(run);
    written_expect(judge_parallel, run, VERDICT_FAIL, "orders contradict each other", "");
    written_free(run);
}
END_TEST

START_TEST(computing_without_waiting_is_too_fast)
{
    struct written *run = written_new(golden_orders[GOLDEN_1F1B].options, 4);
    for (int r = 0; r < 4; r++)
        written_line(run, r, golden_orders[GOLDEN_1F1B].line[r], false);
    written_end(run);
    written_expect(judge_parallel, run, VERDICT_FAIL, "did not wait", "");
    written_free(run);
}
END_TEST

START_TEST(figures_are_those_of_the_formulas)
{
    static const struct {
        int golden;
        const char *says[3];
    } cases[] = {
        {GOLDEN_1F1B,
         {"27.27% measured", "idle = (p-1)(F+B): 27.27%", "37.50% measured, formula 37.50%"}},
        {GOLDEN_INTERLEAVED,
         {"15.79% measured", "idle = (p-1)(F+B)/v: 15.79%", "18.75% measured, formula 18.75%"}},
        {GOLDEN_ZERO_BUBBLE,
         {"11.11% measured", "idle = (p-1)(F+I-W): 11.11%", "12.50% measured, formula 12.50%"}},
    };
    struct written *run = written_run(golden_orders[cases[_i].golden].options, 4,
                                      golden_orders[cases[_i].golden].line);
    struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    judge_parallel(&judgement, verdict);
    for (int k = 0; k < 3; k++)
        ck_assert_msg(strstr(verdict->explanation->str, cases[_i].says[k]), "%s is not in %s",
                      cases[_i].says[k], verdict->explanation->str);
    /* Rank 1 of 4 sends to both sides, with each of its stages. */
    ck_assert_ptr_nonnull(
        strstr(verdict->explanation->str, _i == 1 ? "| 32 (32) |" : "| 16 (16) |"));
    verdict_free(verdict);
    written_free(run);
}
END_TEST

/* ---- the simulator's clock ----------------------------------------------------------------- */

START_TEST(simulator_and_replay_must_agree)
{
    for (int differ = 0; differ < 2; differ++) {
        struct written *run = written_run(golden_orders[_i].options, 4, golden_orders[_i].line);
        written_set_clocks(run, differ ? 1.05 : 1);
        run->outcome.platform = "free";
        written_expect(judge_parallel, run, differ ? VERDICT_NOT_JUDGED : VERDICT_PASS,
                       differ ? "one of the grader's two clocks is wrong" : NULL, "");
        run->outcome.platform = "another"; /* messages cost something there */
        written_expect(judge_parallel, run, VERDICT_PASS, NULL, "");
        written_free(run);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of parallel work");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, slow_orders_are_not_parallel, 0, 3);
    tcase_add_test(tests, a_free_order_only_has_to_gain);
    tcase_add_test(tests, all_micro_batches_have_to_run);
    tcase_add_test(tests, contradicting_orders_are_told_without_a_figure);
    tcase_add_test(tests, computing_without_waiting_is_too_fast);
    tcase_add_loop_test(tests, figures_are_those_of_the_formulas, 0, 3);
    tcase_add_loop_test(tests, simulator_and_replay_must_agree, 0, GOLDEN_ORDERS);
    suite_add_tcase(suite, tests);
    return suite;
}
