/*
 * The judge of the race between the naive step and a pipeline, on logs made by hand from written
 * orders.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/tests/support/written.h"
#include "tests/support/test.h"

#include <string.h>

/* Two ranks: the batch as a whole costs as much as its micro-batches. */
static struct written *two_ranks(const char *options, const char *first, const char *second,
                                 int micro_batches)
{
    const char *const line[] = {first, second};
    struct written *run = written_run(options, 2, line);
    for (int r = 0; r < 2; r++)
        for (size_t i = 0; i < run->log[r].count; i++)
            run->log[r].record[i].flops *= (uint64_t)(80 / micro_batches);
    run->outcome.options.batch_size = 8;
    return run;
}

static void race(struct written *naive, struct written *pipeline, enum verdict_kind kind,
                 const char *says)
{
    struct outcome both[2] = {naive->outcome, pipeline->outcome};
    struct judgement judgement = {.outcome = both, .outcomes = 2};
    struct verdict *verdict = verdict_new();
    judge_race(&judgement, verdict);
    ck_assert_msg(verdict->kind == kind, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    if (kind == VERDICT_PASS)
        ck_assert_ptr_nonnull(
            strstr(verdict->explanation->str, "1.778 times as fast in the replay"));
    verdict_free(verdict);
}

START_TEST(the_pipeline_wins)
{
    struct written *naive = two_ranks(WRITTEN_NAIVE, "F0 B0", "F0 B0", 1);
    struct written *fast =
        two_ranks(WRITTEN_1F1B, "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
                  "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7", 8);
    race(naive, fast, VERDICT_PASS, NULL);
    written_set_clocks(naive, 1);
    written_set_clocks(fast, 1);
    race(naive, fast, VERDICT_PASS, NULL);
    written_set_clocks(fast, 1.2); /* messages cost more than the pipeline gains */
    race(naive, fast, VERDICT_FAIL, "by the simulated clock");
    written_set_clocks(fast, 0.4); /* two ranks, and more than twice as fast */
    race(naive, fast, VERDICT_FAIL, "more than is possible on 2 ranks");
    struct written *unheld = written_new(WRITTEN_1F1B, 2); /* nobody waits for a message */
    for (int r = 0; r < 2; r++)
        written_line(unheld, r, "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7", false);
    written_end(unheld);
    for (int r = 0; r < 2; r++)
        for (size_t i = 0; i < unheld->log[r].count; i++)
            unheld->log[r].record[i].flops *= 10;
    unheld->outcome.options.batch_size = 8;
    naive->outcome.simulated = false;
    race(naive, unheld, VERDICT_FAIL, "more than is possible on 2 ranks");
    written_free(unheld);
    naive->outcome.simulated = true;
    struct written *slow =
        two_ranks(WRITTEN_1F1B, "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
                  "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7", 8);
    written_set_clocks(slow, 1);
    race(naive, slow, VERDICT_FAIL, "1.00 times as fast as the naive step; 1.60 times is due");
    struct written *fewer =
        two_ranks(WRITTEN_1F1B, "F0 F1 B0 F2 B1 F3 B2 B3", "F0 B0 F1 B1 F2 B2 F3 B3", 8);
    written_set_clocks(fewer, 1);
    race(naive, fewer, VERDICT_FAIL, "a step is not complete");
    struct written *lighter =
        two_ranks(WRITTEN_1F1B, "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
                  "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7", 16);
    written_set_clocks(lighter, 1);
    race(naive, lighter, VERDICT_FAIL, "computes only 50.0% of what the naive step does");
    written_free(fewer);
    written_free(lighter);
    fast->outcome.options.batch_size = 16;
    race(naive, fast, VERDICT_NOT_JUDGED, "no naive run of the same work");
    written_free(naive);
    written_free(fast);
    written_free(slow);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of the race");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_pipeline_wins);
    suite_add_tcase(suite, tests);
    return suite;
}
