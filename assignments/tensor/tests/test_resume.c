/*
 * Tests of tensor parallel runs that are interrupted and go on from a checkpoint: to the bits of those that
 * were not, and on another number of ranks, which have other slices, close to them: sums are added up in
 * another order then.
 */
#include "tests/support/resumed.h"
#include "tests/support/test.h"

#define PROGRAM "solutions/tensor"
#define MLP                                                                                        \
    "--model mlp:depth=4,width=24 --data synthetic:height=8,width=8 --batch 16 --micro-batches 2 "
#define CNN                                                                                        \
    "--model cnn:norm=batch --data synthetic:height=16,width=16 --batch 8 --micro-batches 2 "
#define GPT                                                                                        \
    "--model gpt:depth=2,width=24,heads=6,dropout=0.2 --data synthetic-text:tokens=12 --batch 8 "  \
    "--micro-batches 2 --optimizer adamw "

static const struct {
    const char *options;
    int ranks, ranks_after;
} cases[] = {
    {MLP, 2, 2},
    {MLP "--parallel gathers", 3, 3},
    {CNN, 2, 2},
    {GPT "--parallel vocabulary", 2, 2},
    {GPT "--parallel sequence", 3, 3},
    {MLP, 2, 3},
    {MLP, 3, 1},
    {MLP, 1, 2},
    {GPT "--parallel vocabulary", 2, 3},
    {GPT, 3, 2},
};

START_TEST(slices_go_on)
{
    struct resumed resumed = {
        .program = PROGRAM, .options = cases[_i].options, .ranks = cases[_i].ranks, .steps = 6};
    resumed_is_the_same(&resumed, cases[_i].ranks_after);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("slices that go on");
    TCase *tests = tcase_create("checkpoints");
    tcase_set_timeout(tests, 200);
    tcase_add_loop_test(tests, slices_go_on, 0, G_N_ELEMENTS(cases));
    suite_add_tcase(suite, tests);
    return suite;
}
