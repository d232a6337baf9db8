/*
 * Runs of whole programs on a GPU, the emulated one: what they say, what they store, and that a run goes on from
 * one device on the other.
 */
#include "tests/support/resumed.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define SHARDED "common/tests/programs/sharded"
#define SMALL   "--data synthetic --batch 16 --micro-batches 4 "
#define MLP     SMALL "--model mlp:depth=2,width=24 "

static void expect(const struct test_run *run, int status, const char *says)
{
    ck_assert_msg(run->status == status && strstr(run->output, says) != NULL, TEST_LONG,
                  run->output);
}

START_TEST(progress_and_report_say_what_runs)
{
    struct test_run run =
        test_run_program(false, 1, SHARDED, MLP "--steps 2 --report --device emulated");
    expect(&run, 0, "training on emulated\n");
    expect(&run, 0, "(real, on emulated)");
    ck_assert_ptr_null(strstr(run.output, "shared by"));
    test_run_clear(&run);
    run = test_run_program(false, 1, SHARDED, MLP "--steps 2 --report");
    expect(&run, 0, "(real)");
    ck_assert_ptr_null(strstr(run.output, "training on"));
    test_run_clear(&run);
}
END_TEST

/* Momentum; state of AdamW and two ranks; running averages; flat ranges of arenas. */
static const struct resumed alone[] = {
    {false, SHARDED, MLP "--device emulated", 1, 0, NULL},
    {false, SHARDED, MLP "--device emulated --optimizer adamw", 2, 0, NULL},
    {false, SHARDED, SMALL "--device emulated --model resnet:depth=8,width=4", 1, 0, NULL},
    {false, SHARDED, MLP "--device emulated --holding all", 2, 0, NULL},
};

START_TEST(a_run_goes_on_to_the_same_bits)
{
    struct resumed resumed = alone[_i];
    resumed.steps = 5;
    resumed_goes_on(&resumed, resumed.ranks);
    resumed_expect_same_numbers(&resumed, resumed.ranks);
    resumed_expect_same_curve(&resumed);
    resumed_end(&resumed);
}
END_TEST

/* Three steps on one, two more on the other; beside five on the processor. _i: where it begins. */
START_TEST(a_checkpoint_goes_on_on_another_device)
{
    const char *const device[] = {"--device cpu ", "--device emulated "};
    struct resumed resumed = {
        .program = SHARDED, .options = MLP "--optimizer adamw", .ranks = 1, .steps = 5};
    g_autofree char *first = g_strconcat(device[_i], "--steps 3", NULL);
    g_autofree char *then = g_strconcat(device[1 - _i], "--steps 5 --resume", NULL);
    resumed_begin(&resumed);
    resumed_run_well(&resumed, 1, 2, first);
    resumed_run_well(&resumed, 1, 2, then);
    resumed_expect_close_losses(&resumed, 1e-5);
    resumed_end(&resumed);
}
END_TEST

START_TEST(a_simulated_cluster_has_no_gpu)
{
    const char *const device[] = {"cuda", "emulated"};
    g_autofree char *options = g_strdup_printf(MLP "--steps 1 --device %s", device[_i]);
    g_autofree char *says =
        g_strdup_printf("--device %s: a simulated cluster has no GPU", device[_i]);
    struct test_run run = test_run_program(true, 2, SHARDED, options);
    ck_assert_msg(run.status != 0 && strstr(run.output, says) != NULL, TEST_LONG, run.output);
    test_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("runs on a GPU");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, progress_and_report_say_what_runs);
    tcase_add_loop_test(tests, a_run_goes_on_to_the_same_bits, 0, G_N_ELEMENTS(alone));
    tcase_add_loop_test(tests, a_checkpoint_goes_on_on_another_device, 0, 2);
    if (test_has_simulator())
        tcase_add_loop_test(tests, a_simulated_cluster_has_no_gpu, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
