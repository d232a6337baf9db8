/*
 * Tests of runs that share each batch, are interrupted, and go on from a checkpoint: to the bits of those that were not;
 * and on another number of ranks, which have other shares, close to them: sums are added up in another order then.
 */
#include "tests/support/resumed.h"
#include "tests/support/test.h"

#include <string.h>

#define DATA "--data synthetic:channels=1,height=4,width=5,train=26,classes=7 --batch 8 "
#define MLP  "--model mlp:depth=3,width=20 " DATA
#define NORM "--model mlp:depth=3,width=20,norm=batch " DATA
#define GPT                                                                                        \
    "--model gpt:depth=2,width=24,heads=6,dropout=0.2,tied=1 --data synthetic-text:tokens=12 "     \
    "--batch 8 --optimizer adamw "

/* An epoch of `DATA` has three steps, or four, of which the last has two samples. */
static const struct {
    const char *options;
    int ranks, ranks_after;
} cases[] = {
    {MLP "--average parameters --micro-batches 2 --seeds-differ", 2, 2},
    {MLP "--average overlap --bucket 1 --micro-batches 1 --last-batch keep --optimizer adamw", 3,
     3},
    {MLP "--average flat --sum ring --micro-batches 2", 3, 3},
    {NORM "--average buckets --bucket 1 --micro-batches 2", 2, 2},
    {NORM "--synchronise-norm --micro-batches 1", 2, 2},
    {GPT "--pipeline 2 --micro-batches 2", 4, 4},
    {GPT "--pipeline 2 --tensor 2 --micro-batches 2", 4, 4},
    {MLP "--average flat --micro-batches 1 --last-batch keep", 2, 3},
    {MLP "--average overlap --bucket 1 --micro-batches 2 --optimizer adamw", 3, 1},
    {MLP "--average buckets --micro-batches 2", 1, 4},
    {GPT "--pipeline 2 --micro-batches 2", 4, 2},
};

START_TEST(shares_go_on)
{
    struct resumed resumed = {.program = "solutions/data",
                              .options = cases[_i].options,
                              .ranks = cases[_i].ranks,
                              .steps = 6};
    resumed_is_the_same(&resumed, cases[_i].ranks_after);
}
END_TEST

/* In another order, with or without what would be so anyway, and with more steps. */
static const struct {
    const char *before, *after;
    int ranks;
} said_otherwise[] = {
    {MLP "--average buckets --sum ring --bucket 1 --micro-batches 2",
     "--loss cross-entropy --last-batch drop --bucket 1 --momentum 0.9 --sum ring --batch 8 "
     "--model mlp:norm=none,width=20,dropout=0.0,depth=3 --learning-rate 5e-2 --seed 1 "
     "--micro-batches 2 --data synthetic:classes=7,train=26,width=5,test=100,height=4 "
     "--optimizer sgd --average buckets",
     2},
    {MLP "--average flat --bucket 1", MLP "--sum mpi", 2}, /* one message has no buckets */
    {GPT "--pipeline 2 --tensor 2 --micro-batches 2",
     GPT "--micro-batches 2 --tensor 2 --schedule naive --pipeline 2 --schedule 1f1b "
         "--average flat --batch 8 --model gpt:width=24,tied=1,heads=6,dropout=.2,depth=2",
     4},
};

START_TEST(options_are_compared_by_their_meaning)
{
    const int ranks = said_otherwise[_i].ranks;
    struct resumed resumed = {.program = "solutions/data",
                              .options = said_otherwise[_i].before,
                              .ranks = ranks,
                              .steps = 6};
    resumed_begin(&resumed);
    resumed_run_well(&resumed, ranks, 2, "--steps 3");
    resumed.options = said_otherwise[_i].after;
    resumed_run_well(&resumed, ranks, 1, "--steps 6 --resume");
    resumed_expect_same_numbers(&resumed, ranks);
    resumed_expect_same_curve(&resumed);
    resumed_end(&resumed);
}
END_TEST

static const struct {
    const char *before, *after, *says;
} others[] = {
    {MLP "--average buckets --bucket 1 --last-batch keep",
     MLP "--average flat --sum ring --bucket 2 --synchronise-norm",
     "--average: buckets there, flat here; --sum: mpi there, ring here; --last-batch: keep there, "
     "drop here; --synchronise-norm: (none) there, yes here; --bucket: 1 there, (none) here: give "
     "the same options"},
    {MLP "--average buckets --bucket 1", MLP "--average buckets --bucket 2",
     ": --bucket: 1 there, 2 here: give the same options"},
    {GPT "--pipeline 2", GPT "--tensor 2 --schedule afab",
     "--pipeline: 2 there, 1 here; --tensor: 1 there, 2 here; --schedule: 1f1b there, afab here: "
     "give the same options"},
};

START_TEST(each_option_that_means_something_else_is_named)
{
    struct resumed resumed = {
        .program = "solutions/data", .options = others[_i].before, .ranks = 2, .steps = 6};
    resumed.folder = test_folder_new();
    resumed_run_well(&resumed, 2, 2, "--steps 2");
    resumed.options = others[_i].after;
    struct test_run run = resumed_run(&resumed, 2, 2, "--steps 6 --resume");
    ck_assert_msg(run.status == 2 && strstr(run.output, others[_i].says) != NULL, TEST_LONG,
                  run.output);
    test_run_clear(&run);
    resumed_end(&resumed);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("shares that go on");
    TCase *tests = tcase_create("checkpoints");
    tcase_set_timeout(tests, 200);
    tcase_add_loop_test(tests, shares_go_on, 0, G_N_ELEMENTS(cases));
    tcase_add_loop_test(tests, options_are_compared_by_their_meaning, 0,
                        G_N_ELEMENTS(said_otherwise));
    tcase_add_loop_test(tests, each_option_that_means_something_else_is_named, 0,
                        G_N_ELEMENTS(others));
    suite_add_tcase(suite, tests);
    return suite;
}
