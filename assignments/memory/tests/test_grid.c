/*
 * --ranks-are grid: what goes together, what is refused with which reason, and that the samples of the pipelines are the whole
 * batch: any grid of one seed has the losses of one rank with all samples.
 */
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *program, *folder;

static void begin(void)
{
    program = test_program(true, "solutions/memory");
    folder = test_folder_new();
}

static void end(void)
{
    g_free(program);
    test_folder_free(folder);
}

#define MODEL                                                                                      \
    "--model mlp:depth=4,width=18 --data synthetic:channels=1,height=4,width=5,train=64,classes=7"

static const struct {
    int ranks;
    const char *options, *why;
} refused[] = {
    {5, "--zero 1 --pipeline 2 --batch 4", "5 ranks can't be replicas of 2 stages of 1 ranks"},
    {4, "--zero 2 --pipeline 2 --batch 4", "it is for --zero 1"},
    {4, "--zero 1 --clip 1 --pipeline 2 --batch 4", "it is for --zero 1"},
    {4, "--zero 1 --pipeline 2 --batch 6 --micro-batches 2", "use a multiple of 4 samples"},
    {20, "--zero 1 --pipeline 20 --batch 4", "has 8 layers"},
};

START_TEST(what_does_not_go_together_is_refused)
{
    struct test_run run =
        test_run_command("tools/simulate %d free %s --ranks-are grid " MODEL " %s",
                         refused[_i].ranks, program, refused[_i].options);
    ck_assert_int_eq(run.status, 2);
    ck_assert_msg(strstr(run.output, refused[_i].why) != NULL, "%s", run.output);
    test_run_clear(&run);
}
END_TEST

/* The loss of the fourth step: its line in the curve. */
static double loss_of(int ranks, const char *grid)
{
    g_autofree char *curve = g_strdup_printf("%s/%d%s.csv", folder, ranks, grid);
    g_strdelimit(curve + strlen(folder) + 1, " -", '_');
    struct test_run run =
        test_run_command("tools/simulate %d free %s --ranks-are grid --zero 1 %s " MODEL
                         " --batch 12 --micro-batches 2 --steps 4 --seed 7 --quiet --curve %s",
                         ranks, program, grid, curve);
    ck_assert_msg(run.status == 0, "%s", run.output);
    test_run_clear(&run);
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents(curve, &text, NULL, NULL));
    g_auto(GStrv) line = g_strsplit(g_strstrip(text), "\n", -1);
    g_auto(GStrv) head = g_strsplit(line[0], ",", -1);
    g_auto(GStrv) last = g_strsplit(line[g_strv_length(line) - 1], ",", -1);
    int column = 0;
    while (strcmp(head[column], "loss") != 0)
        ck_assert(head[++column] != NULL);
    return strtod(last[column], NULL);
}

static const struct {
    int ranks;
    const char *grid;
} grids[] = {{3, ""}, {2, "--pipeline 2"}, {2, "--tensor 2"}, {12, "--pipeline 3 --tensor 2"}};

START_TEST(any_grid_trains_as_one_rank)
{
    const double alone = loss_of(1, ""), found = loss_of(grids[_i].ranks, grids[_i].grid);
    ck_assert_msg(fabs(found - alone) <= 1e-5, "%.9g, and alone %.9g", found, alone);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("grid");
    TCase *tests = tcase_create("grid");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, what_does_not_go_together_is_refused, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_loop_test(tests, any_grid_trains_as_one_rank, 0, sizeof grids / sizeof *grids);
    suite_add_tcase(suite, tests);
    return suite;
}
