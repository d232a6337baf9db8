/*
 * Tests of what a kill may leave behind at any moment, from which a run goes on, and of what it finds where
 * nothing is left to do.
 */
#include "tests/support/test.h"
#include "tests/support/two_checkpoints.h"

#include <string.h>

/* ---- left behind -------------------------------------------------------------------------------------- */

/* What a run that was killed on its way to step 6, or 4, may have left, and from where it goes on. */
static const struct {
    const char *left, *from;
} remains[] = {
    {"", "step 4"},
    {"mkdir step-6", "step 4"},
    {"mkdir step-6 && head -c 1000 step-4/rank-0.safetensors > step-6/rank-0.safetensors.77.tmp",
     "step 4"},
    {"mkdir step-6 && cp step-4/rank-1.safetensors step-6", "step 4"},
    {"cp -r step-4 step-6 && mv step-6/index.json step-6/index.json.tmp", "step 4"},
    {"cp -r step-4 step-6 && rm step-6/index.json && cp step-6/rank-0.safetensors "
     "step-6/rank-7.safetensors",
     "step 4"},
    {"rm step-2/index.json", "step 4"},
    {"rm step-2/index.json step-2/rank-0.safetensors", "step 4"},
    {"rm step-2/*", "step 4"},
    {"rm step-4/index.json", "step 2"},
    {"rm step-4/index.json step-4/rank-0.safetensors", "step 2"},
    {"rm -r step-4", "step 2"},
    /* And of the curve: what lies behind the step, a line that breaks off, nothing at all behind it. */
    {"printf '4,0,80,9.9,0.1,1,1,1\\n5,0' >> ../curve.csv", "step 4"},
    {"printf '4,0' >> ../curve.csv", "step 4"},
};

START_TEST(a_run_goes_on_from_whatever_a_kill_left)
{
    two_checkpoints_command(remains[_i].left);
    g_autofree char *words = g_strdup_printf(
        "--checkpoint 2 --checkpoint-folder %s/checkpoints --curve %s/curve.csv --steps 6 "
        "--resume " TWO_CHECKPOINTS_OPTIONS,
        two_checkpoints.folder, two_checkpoints.folder);
    struct test_run run = test_run_program(false, 2, TWO_CHECKPOINTS_PROGRAM, words);
    g_autofree char *says =
        g_strdup_printf("going on from the checkpoint of %s\n", remains[_i].from);
    ck_assert_msg(run.status == 0 && strstr(run.output, says) != NULL, TEST_LONG, run.output);
    test_run_clear(&run);
    resumed_expect_same_numbers(&two_checkpoints, 2);
    resumed_expect_same_curve(&two_checkpoints);
    resumed_expect_steps(&two_checkpoints, (const int[]){4, 6, 0});
}
END_TEST

START_TEST(a_run_that_is_done_has_nothing_left_to_do)
{
    resumed_run_well(&two_checkpoints, 2, 2, "--steps 6 --resume");
    resumed_run_well(&two_checkpoints, 2, 2, "--steps 6 --resume --report");
    resumed_expect_same_numbers(&two_checkpoints, 2);
    resumed_expect_same_curve(&two_checkpoints);
}
END_TEST

START_TEST(a_file_that_is_no_curve_stays_as_it_is)
{
    two_checkpoints_command("echo precious > ../curve.csv");
    struct test_run run = resumed_run(&two_checkpoints, 2, 2, "--steps 6 --resume");
    ck_assert_msg(run.status == 1 && strstr(run.output, "curve.csv is no learning curve") != NULL,
                  TEST_LONG, run.output);
    test_run_clear(&run);
    two_checkpoints_command("test \"$(cat ../curve.csv)\" = precious");
}
END_TEST

/* Somebody's own file in the folder of a checkpoint that goes. */
START_TEST(only_what_the_kit_wrote_is_removed)
{
    two_checkpoints_command(
        "mkdir step-1 step-x && touch step-2/notes.txt other step-1/mine step-x/mine");
    resumed_run_well(&two_checkpoints, 2, 2, "--steps 6 --resume");
    two_checkpoints_command("test -e step-2/notes.txt && test -e other && test -e step-1/mine && "
                            "test -e step-x/mine && ! test -e step-2/index.json");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("what kills leave");
    TCase *tests = tcase_create("goes on");
    tcase_set_timeout(tests, 200);
    two_checkpoints_for(tests);
    tcase_add_loop_test(tests, a_run_goes_on_from_whatever_a_kill_left, 0, G_N_ELEMENTS(remains));
    tcase_add_test(tests, a_run_that_is_done_has_nothing_left_to_do);
    tcase_add_test(tests, a_file_that_is_no_curve_stays_as_it_is);
    tcase_add_test(tests, only_what_the_kit_wrote_is_removed);
    suite_add_tcase(suite, tests);
    return suite;
}
