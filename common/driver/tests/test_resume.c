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

/* Copies of a parameter that are not alike: each rank goes on with its own, and others can't choose. */
START_TEST(copies_that_differ_go_on_on_as_many_ranks_only)
{
    struct resumed resumed = {
        .program = SHARDED, .options = MLP "--holding not-reduced", .ranks = 2, .steps = 7};
    resumed_goes_on(&resumed, 2);
    resumed_expect_same_numbers(&resumed, 2);
    struct test_run run = resumed_run(&resumed, 1, 2, "--steps 8 --resume");
    ck_assert_msg(run.status == 1 &&
                      strstr(run.output, "the copies of \"layers.1.weight\" on ranks "
                                         "0 and 1 are not the same") != NULL &&
                      strstr(run.output, "go on on 2 ranks") != NULL,
                  TEST_LONG, run.output);
    test_run_clear(&run);
    resumed_end(&resumed);
}
END_TEST

static const struct {
    const char *holding, *says;
} refused[] = {
    {"elsewhere", "elsewhere keeps parameters or optimizer state of stage 0 where they can't be"},
    {"unfinished", "stage 0 has 1 micro-batches in flight when step 0 ends"},
};

START_TEST(what_cannot_be_stored_is_said)
{
    g_autofree char *options = g_strdup_printf(MLP "--holding %s", refused[_i].holding);
    struct resumed resumed = {.program = SHARDED, .options = options, .ranks = 2};
    resumed.folder = test_folder_new();
    struct test_run run = resumed_run(&resumed, 2, 1, "--steps 1");
    ck_assert_msg(run.status == 1 && strstr(run.output, refused[_i].says) != NULL, TEST_LONG,
                  run.output);
    test_run_clear(&run);
    resumed_end(&resumed);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("runs that go on");
    TCase *tests = tcase_create("same bits");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, a_run_goes_on_to_the_same_bits, 0, G_N_ELEMENTS(as_many));
    tcase_add_loop_test(tests, a_run_goes_on_on_another_number_of_ranks, 0, G_N_ELEMENTS(others));
    tcase_add_test(tests, copies_that_differ_go_on_on_as_many_ranks_only);
    tcase_add_loop_test(tests, what_cannot_be_stored_is_said, 0, G_N_ELEMENTS(refused));
    if (test_has_simulator())
        tcase_add_test(tests, a_run_goes_on_on_the_simulated_cluster);
    suite_add_tcase(suite, tests);
    return suite;
}
