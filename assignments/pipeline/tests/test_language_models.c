/*
 * The solutions on a language model: gradients, outputs of all tokens and losses of every schedule are
 * those of one process, on this machine and on a simulated one, with dropout, too. A tied head across
 * stages is refused.
 */
#include "assignments/pipeline/tests/support/one_process.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define DATA "--data synthetic-text:tokens=9,vocabulary=11,train=64,test=8 "

static const struct setting {
    const char *schedule;
    int ranks;
    const char *arguments;
} settings[] = {
    {"naive", 2, "--model gpt:depth=4,width=8,heads=2 --batch 8 --micro-batches 4"},
    {"naive", 4, "--model gpt:depth=4,width=8,heads=2 --batch 8 --micro-batches 2"},
    {"afab", 1, "--model gpt:depth=2,width=8,heads=2 --batch 6 --micro-batches 3"},
    {"afab", 1, "--model gpt:depth=2,width=8,heads=2,tied=1 --batch 6 --micro-batches 3"},
    {"afab", 2, "--model gpt:depth=4,width=8,heads=2,dropout=0.2 --batch 8 --micro-batches 8"},
    {"afab", 4, "--model gpt:depth=4,width=8,heads=2 --batch 8 --micro-batches 2"},
    {"1f1b", 1, "--model gpt:depth=1,width=8,heads=2,dropout=0.2 --batch 6 --micro-batches 3"},
    {"1f1b", 2, "--model gpt:depth=5,width=8,heads=2 --batch 8 --micro-batches 4 --uneven"},
    {"1f1b", 4, "--model gpt:depth=4,width=8,heads=2,dropout=0.1 --batch 16 --micro-batches 8"},
    {"bounded", 2, "--model gpt:depth=4,width=8,heads=2,dropout=0.2 --batch 8 --micro-batches 4"},
    {"bounded", 4, "--model gpt:depth=4,width=8,heads=2 --batch 8 --micro-batches 4"},
    {"interleaved", 2, "--model gpt:depth=8,width=8,heads=2,dropout=0.2 --batch 8"},
    {"interleaved", 4, "--model gpt:depth=8,width=8,heads=2 --batch 16 --micro-batches 8"},
    {"zero-bubble", 1, "--model gpt:depth=2,width=8,heads=2 --batch 6 --micro-batches 3"},
    {"zero-bubble", 2, "--model gpt:depth=4,width=8,heads=2 --batch 8 --optimizer adamw"},
    {"zero-bubble", 4, "--model gpt:depth=4,width=8,heads=2,dropout=0.5 --batch 8"},
};

static void agree(bool simulated, const struct setting *setting)
{
    char arguments[256];
    snprintf(arguments, sizeof arguments, DATA "%s", setting->arguments);
    one_process_agrees_in_two_steps(simulated, setting->ranks, arguments, setting->schedule);
}

START_TEST(gradients_on_this_machine)
{
    agree(false, &settings[_i]);
}
END_TEST

START_TEST(gradients_on_a_simulated_cluster)
{
    if (test_has_simulator())
        agree(true, &settings[2 * _i + 1]);
}
END_TEST

/* The kit's own text, as it is read where nobody names data. */
START_TEST(gradients_of_the_kits_text)
{
    one_process_agrees_in_two_steps(false, 2, "--data text --model gpt --batch 4", "1f1b");
}
END_TEST

static const struct {
    int ranks, status;
    const char *arguments, *says;
} trials[] = {
    {2, 2, "--model gpt:tied=1 --schedule 1f1b", "whose gradients for it nobody adds up"},
    {1, 2, "--model gpt:tied=1 --schedule interleaved", "on two of 2 stages"},
    {2, 2, "--model gpt:tied=1 --schedule 1f1b --against naive", "nobody adds up"},
    {1, 0, "--model gpt:tied=1 --schedule 1f1b", ""},
    {1, 0, "--model gpt:tied=1 --schedule baseline", ""},
};

START_TEST(a_tied_head_across_stages_is_refused)
{
    char arguments[256];
    snprintf(arguments, sizeof arguments, DATA "--batch 4 --steps 1 --quiet %s",
             trials[_i].arguments);
    struct trained run = trained_run("solutions", trials[_i].ranks, arguments);
    ck_assert_msg(run.status == trials[_i].status, "status %d:\n" TEST_LONG, run.status,
                  run.output);
    ck_assert_msg(strstr(run.output, trials[_i].says) != NULL, TEST_LONG, run.output);
    trained_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    const int count = sizeof settings / sizeof *settings;
    TCase *tests = tcase_create("language models");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, gradients_on_this_machine, 0, count);
    tcase_add_loop_test(tests, gradients_on_a_simulated_cluster, 0, count / 2);
    tcase_add_test(tests, gradients_of_the_kits_text);
    tcase_add_loop_test(tests, a_tied_head_across_stages_is_refused, 0,
                        sizeof trials / sizeof *trials);

    Suite *suite = suite_create("the solutions on a language model");
    suite_add_tcase(suite, tests);
    return suite;
}
