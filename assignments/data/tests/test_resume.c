/*
 * Tests of runs that share each batch, are interrupted, and go on from a checkpoint: to the bits of those that were not;
 * and on another number of ranks, which have other shares, close to them: sums are added up in another order then.
 */
#include "tests/support/resumed.h"
#include "tests/support/test.h"

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

Suite *test_suite(void)
{
    Suite *suite = suite_create("shares that go on");
    TCase *tests = tcase_create("checkpoints");
    tcase_set_timeout(tests, 200);
    tcase_add_loop_test(tests, shares_go_on, 0, G_N_ELEMENTS(cases));
    suite_add_tcase(suite, tests);
    return suite;
}
