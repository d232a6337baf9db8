/*
 * Tests of runs that go on from a checkpoint: to the bits of one that was not interrupted, also on
 * another number of ranks, whatever their ranks hold.
 */
#include "tests/support/resumed.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define SHARDED "common/tests/programs/sharded"
#define TIED    "common/tests/programs/tied"
#define SMALL   "--data synthetic --batch 16 --micro-batches 4 "
#define MLP     SMALL "--model mlp:depth=2,width=24 "
#define GPT     "--model gpt:depth=4,width=16,heads=2,tied=0,dropout=0.2 " /* four layers */
#define TEXT    "--data synthetic-text:tokens=16 --batch 16 --micro-batches 4 "

/* A run of 3 steps that goes on to 7. */
static void interrupt(struct resumed resumed, int ranks_after)
{
    resumed.steps = 7;
    resumed_goes_on(&resumed, ranks_after);
    resumed_expect_steps(&resumed, (const int[]){6, 7, 0});
    resumed_expect_same_numbers(&resumed, ranks_after);
    /* One of several ranks does not know the loss of all samples. */
    if (ranks_after == resumed.ranks || strcmp(resumed.program, SHARDED) != 0)
        resumed_expect_same_curve(&resumed);
    resumed_end(&resumed);
}

/* Momentum; a step count; text and dropout; running averages, of each rank its own; flat ranges of arenas;
 * a head that is tied to its embedding on another rank. */
static const struct resumed as_many[] = {
    {false, SHARDED, MLP, 1, 0, NULL},
    {false, SHARDED, MLP "--optimizer adamw --seed 5", 2, 0, NULL},
    {false, SHARDED, TEXT "--model gpt:depth=1,width=16,heads=2,dropout=0.2 --optimizer adamw", 2,
     0, NULL},
    {false, SHARDED, SMALL "--model resnet:depth=8,width=4", 1, 0, NULL},
    {false, SHARDED, SMALL "--model resnet:depth=8,width=4 --optimizer adamw", 2, 0, NULL},
    {false, SHARDED, MLP "--holding state", 2, 0, NULL},
    {false, SHARDED, MLP "--holding all", 2, 0, NULL},
    {false, SHARDED, MLP "--reverse-ranks --holding all", 2, 0, NULL},
    {false, TIED, TEXT "--model gpt:depth=2,width=16,heads=2,tied=1,dropout=0.2", 2, 0, NULL},
};

START_TEST(a_run_goes_on_to_the_same_bits)
{
    interrupt(as_many[_i], as_many[_i].ranks);
}
END_TEST

START_TEST(a_run_goes_on_on_the_simulated_cluster)
{
    interrupt((struct resumed){true, SHARDED, MLP, 2, 0, NULL}, 2);
}
END_TEST

/* Copies on every rank, two to one, four and back; and stages, which others then have. */
static const struct {
    struct resumed resumed;
    int ranks_after;
} others[] = {
    {{false, SHARDED, MLP "--holding rounded", 2, 0, NULL}, 4},
    {{false, SHARDED, MLP "--holding rounded --optimizer adamw", 4, 0, NULL}, 2},
    {{false, SHARDED, MLP "--holding rounded", 2, 0, NULL}, 1},
    {{false, SHARDED, MLP "--holding rounded", 1, 0, NULL}, 2},
    {{false, TIED, TEXT GPT, 2, 0, NULL}, 1},
    {{false, TIED, TEXT GPT "--optimizer adamw", 2, 0, NULL}, 4},
    {{false, TIED, TEXT GPT, 4, 0, NULL}, 2},
};

START_TEST(a_run_goes_on_on_another_number_of_ranks)
{
    interrupt(others[_i].resumed, others[_i].ranks_after);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("runs that go on");
    TCase *tests = tcase_create("same bits");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, a_run_goes_on_to_the_same_bits, 0, G_N_ELEMENTS(as_many));
    tcase_add_loop_test(tests, a_run_goes_on_on_another_number_of_ranks, 0, G_N_ELEMENTS(others));
    if (test_has_simulator())
        tcase_add_test(tests, a_run_goes_on_on_the_simulated_cluster);
    suite_add_tcase(suite, tests);
    return suite;
}
