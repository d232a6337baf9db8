/*
 * Models whose layers take statistics over the samples, before the judges: right runs pass, although
 * the whole batch at once has other statistics than its micro-batches; what is wrong is told.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/tests/support/judged.h"
#include "assignments/pipeline/tests/support/made_run.h"
#include "tests/support/test.h"

#define RESNET                                                                                     \
    "--model resnet:width=3 --data synthetic:height=8,width=8 --seed 5 --batch 16 "                \
    "--micro-batches 4 --steps 2 "
#define MLP                                                                                        \
    "--model mlp:depth=3,width=24,norm=batch --data synthetic:height=8,width=8 --seed 5 "          \
    "--batch 16 --micro-batches 4 --steps 2 "
#define CNN                                                                                        \
    "--model cnn:norm=batch --data synthetic:height=16,width=16 --seed 5 --batch 12 "              \
    "--micro-batches 3 --steps 2 "

static const struct {
    const char *arguments;
    int ranks;
    int first_layer[MADE_RANKS + 1];
} runs[] = {
    {RESNET, 3, {0, 1, 2, 4}},
    {RESNET "--optimizer adamw ", 2, {0, 2, 4}},
    {RESNET, 1, {0, 4}},
    {"--model resnet:depth=14,width=2 --data synthetic:height=9,width=7 --seed 6 --batch 8 "
     "--micro-batches 4 --steps 2 ",
     4,
     {0, 1, 3, 5, 7}},
    {MLP, 3, {0, 2, 6, 8}},
    {MLP "--loss mean ", 2, {0, 5, 8}},
    {CNN, 3, {0, 2, 9, 16}},
};

static struct made_run *run_of(int i, const char *more)
{
    g_autofree char *arguments = g_strconcat(runs[i].arguments, more, NULL);
    return made_run_new(arguments, runs[i].ranks, runs[i].first_layer);
}

START_TEST(right_runs_pass)
{
    struct made_run *run = run_of(_i, "--dump-gradients 0,1");
    judged_expect(judge_gradients, made_train(run, NO_SABOTAGE), VERDICT_PASS, NULL);
    made_run_free(run);
}
END_TEST

/* The gradients of the whole batch with its own statistics, in place of those of the micro-batches. */
START_TEST(statistics_of_the_whole_batch_fail)
{
    struct made_run *run = run_of(_i, "--dump-gradients 0");
    struct made_run *whole = run_of(_i, "--micro-batches 1 --dump-gradients 0");
    g_autofree char *own = g_strdup(whole->folder);
    const struct judgement *judgement = made_train(run, NO_SABOTAGE);
    judged_expect(judge_gradients, judgement, VERDICT_PASS, NULL);
    strcpy(whole->folder, run->folder);
    made_train(whole, NO_SABOTAGE);
    strcpy(whole->folder, own);
    judged_expect(judge_gradients, judgement, VERDICT_FAIL, NULL);
    made_run_free(whole);
    made_run_free(run);
}
END_TEST

START_TEST(mistakes_fail)
{
    const enum sabotage mistakes[] = {NOT_DIVIDED, OVERWRITTEN,   REVERSED,
                                      NOT_ZEROED,  BUFFER_REUSED, SLIGHTLY_WRONG};
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        struct made_run *run = run_of(_i, "--dump-gradients 0,1");
        judged_expect(judge_gradients, made_train(run, mistakes[i]), VERDICT_FAIL, NULL);
        made_run_free(run);
    }
}
END_TEST

START_TEST(the_same_convergence_is_seen)
{
    const char *arguments = "--steps 30 --snapshots 0,10,20";
    struct made_run *run = run_of(_i, arguments);
    judged_expect(judge_windows, made_train(run, NO_SABOTAGE), VERDICT_PASS, NULL);
    made_run_free(run);
    run = run_of(_i, arguments);
    judged_expect(judge_windows, made_train(run, OVERWRITTEN), VERDICT_FAIL, NULL);
    made_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    const int count = sizeof runs / sizeof *runs;
    Suite *suite = suite_create("judges and statistics over samples");
    TCase *tests = tcase_create("judges");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, right_runs_pass, 0, count);
    tcase_add_loop_test(tests, statistics_of_the_whole_batch_fail, 0, 1);
    tcase_add_loop_test(tests, statistics_of_the_whole_batch_fail, 4, 5);
    tcase_add_loop_test(tests, mistakes_fail, 0, 1);
    tcase_add_loop_test(tests, mistakes_fail, 4, 5);
    tcase_add_loop_test(tests, the_same_convergence_is_seen, 0, 1);
    tcase_add_loop_test(tests, the_same_convergence_is_seen, 4, 5);
    suite_add_tcase(suite, tests);
    return suite;
}
