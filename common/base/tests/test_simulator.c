/*
 * Tests of the simulated machine, of tools/simulate and of common/platforms.
 * Times are compared with closed formulas and with the platforms' own figures.
 * Without SimGrid nothing is tested.
 */
#include "common/log/log_reader.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static char *program, *real_program, *folder;
static struct test_run run; /* the last one */

/* Runs a command of the shell. */
#define shell(...) (test_run_clear(&run), run = test_run_command(__VA_ARGS__))

static double clock_printed(void)
{
    unsigned long nanoseconds = 0;
    const char *line = strstr(run.output, "clock ");
    ck_assert_msg(line != NULL && sscanf(line, "clock %lu", &nanoseconds) == 1, "%s", run.output);
    return (double)nanoseconds;
}

#define assert_says(what) ck_assert_msg(strstr(run.output, what) != NULL, "%s", run.output)

/* ---- time ------------------------------------------------------------------------------------- */

/* All forwards of equal stages and then all backwards: (m + p - 1) (F + B), with no log open. */
START_TEST(time_is_the_formula)
{
    static const int setting[][2] = {{1, 1}, {1, 5}, {2, 1}, {3, 2}, {4, 8}, {8, 32}};
    const int ranks = setting[_i][0], micro_batches = setting[_i][1];
    shell("tools/simulate %d free %s stages %d", ranks, program, micro_batches);
    ck_assert_int_eq(run.status, 0);
    const double expected = (micro_batches + ranks - 1) * 3000.0;
    ck_assert_double_eq_tol(clock_printed(), expected, 1e-6 * expected + 1);
}
END_TEST

/* What ends polling for another rank is noticed at once, but for a nanosecond or two, and a poll that
 * waits for a computation is no deadlock. */
START_TEST(polling_lets_time_pass)
{
    static const char *const what[] = {"poll", "iprobe", "probe", "mprobe"};
    shell("tools/simulate 2 free %s %s", program, what[_i]);
    ck_assert_msg(run.status == 0, "%s", run.output);
    ck_assert_double_ge(clock_printed(), 1e9);
    ck_assert_double_le(clock_printed(), 1e9 + 5);
}
END_TEST

/* Twice the same run: the same bytes of log. */
START_TEST(runs_repeat)
{
    for (int i = 0; i < 2; i++) {
        shell("mkdir -p %s/%d && tools/simulate 4 slow %s stages 6 %s/%d", folder, i, program,
              folder, i);
        ck_assert_msg(run.status == 0, "%s", run.output);
    }
    shell("diff -r %s/0 %s/1", folder, folder);
    ck_assert_msg(run.status == 0, "%s", run.output);
}
END_TEST

/* ---- the same program on both machines ---------------------------------------------------------- */

START_TEST(results_are_the_real_machine_s)
{
    shell("tools/launch 3 %s numbers", real_program);
    ck_assert_msg(run.status == 0, "%s", run.output);
    char line[64] = "";
    ck_assert_int_eq(sscanf(strstr(run.output, "number "), "%63[^\n]", line), 1);
    shell("tools/simulate 3 computer %s numbers", program);
    ck_assert_msg(run.status == 0, "%s", run.output);
    assert_says(line);
}
END_TEST

START_TEST(one_process_speaks)
{
    for (int real = 0; real < 2; real++) {
        if (real)
            shell("tools/launch 3 %s numbers", real_program);
        else
            shell("tools/simulate 3 free %s numbers", program);
        ck_assert_ptr_nonnull(strstr(run.output, "first process"));
        ck_assert_ptr_null(strstr(strstr(run.output, "first process") + 1, "first process"));
    }
}
END_TEST

START_TEST(memory_is_folded)
{
    shell("ulimit -v 40000000; tools/simulate 4 free %s fold", program);
    ck_assert_msg(run.status == 0, "%s", run.output);
    shell("tools/launch 2 %s fold", real_program);
    ck_assert_msg(run.status == 0, "%s", run.output);
}
END_TEST

/* The log's callers are addresses in the program, in every rank's copy of it. */
START_TEST(callers_are_the_program_s)
{
    struct log_file log;
    char error[LOG_ERROR_SIZE];
    shell("mkdir -p %s/callers && tools/simulate 3 free %s stages 2 %s/callers", folder, program,
          folder);
    for (int rank = 0; rank < 3; rank++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/callers/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &log, error), "%s", error);
        ck_assert(log.complete);
        ck_assert_uint_gt(log.count, 4);
        shell("addr2line -e %s %#lx", program, (unsigned long)log.record[0].caller - 1);
        assert_says("common/tests/programs/simulated.c:");
        log_destroy(&log);
    }
}
END_TEST

/* ---- bad ends --------------------------------------------------------------------------------- */

START_TEST(deadlock_ends_at_once)
{
    shell("timeout 20 tools/simulate 3 free %s receive", program);
    ck_assert_int_eq(run.status, 1);
    assert_says("deadlock: every rank that is still running waits for another");
}
END_TEST

START_TEST(polling_deadlock_ends)
{
    static const char *const what[] = {"poll-for-ever", "iprobe-for-ever", "probe-for-ever"};
    shell("mkdir -p %s/poll && timeout 60 tools/simulate 3 slow %s %s 0 %s/poll", folder, program,
          what[_i], folder);
    ck_assert_int_eq(run.status, 1);
    assert_says("deadlock: every rank waits or polls");
    struct log_file log;
    char error[LOG_ERROR_SIZE], path[PATH_MAX];
    snprintf(path, sizeof path, "%s/poll/rank-0.log", folder);
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    ck_assert(!log.complete);
    ck_assert_uint_lt(log.count, 20);       /* all those tests left no records */
    ck_assert(_i == 2 || log.polls > 1000); /* a blocking probe is one call */
    log_destroy(&log);
}
END_TEST

START_TEST(synchronous_sends_show_luck)
{
    shell("tools/simulate 2 free %s both-send-first", program);
    ck_assert_int_eq(run.status, 0);
    shell("tools/simulate --synchronous 2 free %s both-send-first", program);
    ck_assert_int_eq(run.status, 1);
    assert_says("deadlock");
}
END_TEST

START_TEST(fatal_ends_all)
{
    shell("timeout 20 tools/simulate 4 free %s fatal", program);
    ck_assert_int_eq(run.status, 1);
    assert_says("rank 1: main: this is the end");
    shell("timeout 20 tools/simulate 4 free %s abort", program);
    ck_assert_int_eq(run.status, 7);
}
END_TEST

START_TEST(logs_survive_a_crash)
{
    struct log_file log;
    char error[LOG_ERROR_SIZE], path[PATH_MAX];
    shell("mkdir -p %s/crash && timeout 20 tools/simulate 2 free %s crash 0 %s/crash", folder,
          program, folder);
    ck_assert_int_ne(run.status, 0);
    snprintf(path, sizeof path, "%s/crash/rank-0.log", folder);
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    ck_assert_uint_eq(log.count, 1); /* the receive that it waits in */
    ck_assert_uint_eq(log.record[0].operation, LOG_RECV);
    log_destroy(&log);
}
END_TEST

/* ---- tools/simulate ----------------------------------------------------------------------------- */

START_TEST(wrong_arguments_are_explained)
{
    shell("tools/simulate 2 nowhere %s numbers", program);
    ck_assert_int_eq(run.status, 2);
    assert_says("there is no platform nowhere; there are: computer free rack slow");
    shell("tools/simulate two free %s", program);
    ck_assert_int_eq(run.status, 2);
    assert_says("\"two\" ranks (NP): must be a whole number from 1");
    shell("tools/simulate 2 free");
    ck_assert_int_eq(run.status, 2);
    assert_says("usage: tools/simulate");
    shell("tools/simulate 2 free %s/nothing", folder);
    ck_assert_int_eq(run.status, 2);
    assert_says("there is no program");
    assert_says("apt-get install libsimgrid-dev");
    shell("tools/simulate 2 free %s 'a b'", program);
    ck_assert_int_eq(run.status, 2);
    assert_says("blank");
    /* in a kit that was not configured, so that it is looked for in PATH */
    shell("mkdir -p %s/bin %s/tools && cp tools/simulate %s/tools/ && "
          "ln -sf $(command -v bash) $(command -v env) %s/bin/ && "
          "PATH=%s/bin %s/tools/simulate 2 free %s numbers",
          folder, folder, folder, folder, folder, folder, program);
    ck_assert_int_eq(run.status, 3);
    assert_says("libsimgrid-dev");
}
END_TEST

/* Every platform starts 512 ranks; where ranks would have to share a processor, the run is refused. */
START_TEST(platforms_hold_many_ranks)
{
    static const char *const platform[] = {"free", "computer", "rack", "slow"};
    shell("tools/simulate 512 %s %s numbers", platform[_i], program);
    ck_assert_msg(run.status == 0, "%s", run.output);
    shell("tools/simulate 4097 %s %s numbers", platform[_i], program);
    ck_assert_int_eq(run.status, 2);
    assert_says("4097 ranks");
    assert_says("ends at 4096 processors");
}
END_TEST

static void begin(void)
{
    program = test_program(true, "common/tests/programs/simulated");
    real_program = test_program(false, "common/tests/programs/simulated");
    folder = test_folder_new();
}

static void end(void)
{
    test_folder_free(folder);
    g_free(program);
    g_free(real_program);
    test_run_clear(&run);
}

Suite *test_suite(void)
{
    if (!test_has_simulator())
        return test_skip("there is no smpirun (libsimgrid-dev)");
    Suite *suite = suite_create("simulator");
    TCase *tests = tcase_create("simulator");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, time_is_the_formula, 0, 6);
    tcase_add_loop_test(tests, polling_lets_time_pass, 0, 4);
    tcase_add_test(tests, runs_repeat);
    tcase_add_test(tests, results_are_the_real_machine_s);
    tcase_add_test(tests, one_process_speaks);
    tcase_add_test(tests, memory_is_folded);
    tcase_add_test(tests, callers_are_the_program_s);
    tcase_add_test(tests, deadlock_ends_at_once);
    tcase_add_loop_test(tests, polling_deadlock_ends, 0, 3);
    tcase_add_test(tests, synchronous_sends_show_luck);
    tcase_add_test(tests, fatal_ends_all);
    tcase_add_test(tests, logs_survive_a_crash);
    tcase_add_test(tests, wrong_arguments_are_explained);
    tcase_add_loop_test(tests, platforms_hold_many_ranks, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}
