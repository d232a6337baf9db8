/*
 * Tests of pipelines that are interrupted and go on from a checkpoint, with every schedule: to the bits of
 * those that were not, also on another number of ranks.
 */
#include "assignments/pipeline/options.h"
#include "tests/support/resumed.h"
#include "tests/support/test.h"

#define PROGRAM "solutions/pipeline"
#define MLP                                                                                        \
    "--model mlp:depth=8,width=16 --data synthetic:height=8,width=8 --batch 16 --micro-batches 4 "
#define NORM                                                                                       \
    "--model mlp:depth=8,width=16,norm=batch --data synthetic:height=8,width=8 --batch 16 "        \
    "--micro-batches 4 --optimizer adamw --uneven "
#define GPT                                                                                        \
    "--model gpt:depth=8,width=8,heads=2,dropout=0.2 --data synthetic-text:tokens=8 --batch 8 "    \
    "--micro-batches 8 "

static void interrupt(int ranks, int ranks_after, const char *options)
{
    struct resumed resumed = {.program = PROGRAM, .options = options, .ranks = ranks, .steps = 6};
    resumed_goes_on(&resumed, ranks_after);
    resumed_expect_same_numbers(&resumed, ranks_after);
    resumed_expect_same_curve(&resumed);
    resumed_end(&resumed);
}

START_TEST(every_schedule_goes_on_to_the_same_bits)
{
    static const char *const models[] = {MLP, NORM, GPT};
    const struct schedule_facts *schedule = &schedule_table[_i];
    g_autofree char *options = g_strdup_printf("%s--schedule %s", models[_i % 3], schedule->name);
    const int ranks = schedule->one_process ? 1 : 2;
    interrupt(ranks, ranks, options);
}
END_TEST

START_TEST(several_stages_of_a_rank_go_on_on_any_number_of_ranks)
{
    interrupt(2, 2, NORM "--schedule interleaved --chunks 4");
    interrupt(2, 4, NORM "--schedule interleaved --chunks 2");
    interrupt(4, 1, MLP "--schedule interleaved --chunks 2");
}
END_TEST

START_TEST(stages_go_on_on_another_number_of_ranks)
{
    interrupt(2, 4, NORM);
    interrupt(4, 2, GPT "--schedule 1f1b");
}
END_TEST

/* Two chunks are what the schedule has anyway. */
START_TEST(a_default_may_be_written_out)
{
    struct resumed resumed = {
        .program = PROGRAM, .options = MLP "--schedule interleaved", .ranks = 2, .steps = 6};
    resumed_begin(&resumed);
    resumed_run_well(&resumed, 2, 2, "--steps 3");
    resumed.options = "--chunks 2 --schedule interleaved " MLP;
    resumed_run_well(&resumed, 2, 2, "--steps 6 --resume");
    resumed_expect_same_numbers(&resumed, 2);
    resumed_end(&resumed);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pipelines that go on");
    TCase *tests = tcase_create("same bits");
    tcase_set_timeout(tests, 200);
    tcase_add_loop_test(tests, every_schedule_goes_on_to_the_same_bits, 0, SCHEDULES);
    tcase_add_test(tests, several_stages_of_a_rank_go_on_on_any_number_of_ranks);
    tcase_add_test(tests, stages_go_on_on_another_number_of_ranks);
    tcase_add_test(tests, a_default_may_be_written_out);
    suite_add_tcase(suite, tests);
    return suite;
}
