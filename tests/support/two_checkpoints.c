/* Checkpoints for tests that damage them; see two_checkpoints.h. */
#include "tests/support/two_checkpoints.h"

static struct resumed original = {
    .program = TWO_CHECKPOINTS_PROGRAM, .options = TWO_CHECKPOINTS_OPTIONS, .ranks = 2, .steps = 6};
struct resumed two_checkpoints;

static void make_checkpoints(void)
{
    resumed_begin(&original);
    resumed_run_well(&original, 2, 2, "--steps 4");
    resumed_expect_steps(&original, (const int[]){2, 4, 0});
}

static void remove_checkpoints(void)
{
    resumed_end(&original);
}

static void copy_checkpoints(void)
{
    two_checkpoints = resumed_copy(&original);
}

static void remove_copies(void)
{
    resumed_end(&two_checkpoints);
}

void two_checkpoints_for(TCase *tests)
{
    tcase_add_unchecked_fixture(tests, make_checkpoints, remove_checkpoints);
    tcase_add_checked_fixture(tests, copy_checkpoints, remove_copies);
}

void two_checkpoints_command(const char *command)
{
    if (command[0] == '\0')
        return;
    struct test_run run =
        test_run_command("cd %s/checkpoints && %s", two_checkpoints.folder, command);
    ck_assert_msg(run.status == 0, "%s: %s", command, run.output);
    test_run_clear(&run);
}
