/*
 * Tests of the simulated machine, of tools/simulate and of common/platforms.
 * Times are compared with closed formulas and with the platforms' own figures.
 * Without SimGrid nothing is tested.
 */
#include "common/log_reader.h"
#include "common/tests/run_program.h"

#include <check.h>
#include <stdarg.h>

static char program[PATH_MAX], real_program[PATH_MAX], folder[] = "/tmp/test-simulator-XXXXXX";
static char output[PATH_MAX];

/* ---- running ---------------------------------------------------------------------------------- */

static struct {
    int status;
    char text[1 << 16];
} run;

/* Runs a command of the shell: its exit status and all that it prints are in `run`. */
__attribute__((format(printf, 1, 2))) static void shell(const char *format, ...)
{
    char command[4 * PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    const size_t length = strlen(command);
    snprintf(command + length, sizeof command - length, " >%s 2>&1", output);
    const int status = system(command);
    run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    FILE *file = fopen(output, "r");
    ck_assert_ptr_nonnull(file);
    run.text[fread(run.text, 1, sizeof run.text - 1, file)] = '\0';
    fclose(file);
}

static double clock_printed(void)
{
    unsigned long nanoseconds = 0;
    const char *line = strstr(run.text, "clock ");
    ck_assert_msg(line != NULL && sscanf(line, "clock %lu", &nanoseconds) == 1, "%s", run.text);
    return (double)nanoseconds;
}

#define assert_says(what) ck_assert_msg(strstr(run.text, what) != NULL, "%s", run.text)

/* ---- time ------------------------------------------------------------------------------------- */

/* All-forward-all-backward of equal stages: (m + p - 1) (F + B), with no log open. */
START_TEST(time_is_the_formula)
{
    static const int setting[][2] = {{1, 1}, {1, 5}, {2, 1}, {3, 2}, {4, 8}, {8, 32}};
    const int ranks = setting[_i][0], micro_batches = setting[_i][1];
    shell("tools/simulate %d free %s pipeline %d", ranks, program, micro_batches);
    ck_assert_int_eq(run.status, 0);
    const double expected = (micro_batches + ranks - 1) * 3000.0;
    ck_assert_double_eq_tol(clock_printed(), expected, 1e-6 * expected + 1);
}
END_TEST

/* Polling is noticed at most one per cent late, and one that waits for a computation is no
 * deadlock. */
START_TEST(polling_lets_time_pass)
{
    shell("tools/simulate 2 free %s poll", program);
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_ge(clock_printed(), 1e9);
    ck_assert_double_le(clock_printed(), 1.011e9);
}
END_TEST

/* Twice the same run: the same bytes of log. */
START_TEST(runs_repeat)
{
    for (int i = 0; i < 2; i++) {
        shell("mkdir -p %s/%d && tools/simulate 4 slow %s pipeline 6 %s/%d", folder, i, program,
              folder, i);
        ck_assert_msg(run.status == 0, "%s", run.text);
    }
    shell("diff -r %s/0 %s/1", folder, folder);
    ck_assert_msg(run.status == 0, "%s", run.text);
}
END_TEST

/* ---- the same program on both machines ---------------------------------------------------------- */

START_TEST(results_are_the_real_machine_s)
{
    shell("tools/launch 3 %s numbers", real_program);
    ck_assert_msg(run.status == 0, "%s", run.text);
    char line[64] = "";
    ck_assert_int_eq(sscanf(strstr(run.text, "number "), "%63[^\n]", line), 1);
    shell("tools/simulate 3 computer %s numbers", program);
    ck_assert_msg(run.status == 0, "%s", run.text);
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
        ck_assert_ptr_nonnull(strstr(run.text, "first process"));
        ck_assert_ptr_null(strstr(strstr(run.text, "first process") + 1, "first process"));
    }
}
END_TEST

START_TEST(memory_is_folded)
{
    shell("ulimit -v 40000000; tools/simulate 4 free %s fold", program);
    ck_assert_msg(run.status == 0, "%s", run.text);
    shell("tools/launch 2 %s fold", real_program);
    ck_assert_msg(run.status == 0, "%s", run.text);
}
END_TEST

/* The log's callers are addresses in the program, in every rank's copy of it. */
START_TEST(callers_are_the_program_s)
{
    struct log_file log;
    char error[LOG_ERROR_SIZE];
    shell("mkdir -p %s/callers && tools/simulate 3 free %s pipeline 2 %s/callers", folder, program,
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
    static const char *const what[] = {"poll-for-ever", "probe-for-ever"};
    shell("mkdir -p %s/poll && timeout 60 tools/simulate 3 slow %s %s 0 %s/poll", folder, program,
          what[_i], folder);
    ck_assert_int_eq(run.status, 1);
    assert_says("deadlock: every rank waits or polls");
    struct log_file log;
    char error[LOG_ERROR_SIZE], path[PATH_MAX];
    snprintf(path, sizeof path, "%s/poll/rank-0.log", folder);
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    ck_assert(!log.complete);
    ck_assert_uint_lt(log.count, 20); /* all those tests left no records */
    ck_assert_uint_gt(log.polls, 1000);
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
    shell("mkdir -p %s/bin && ln -sf $(command -v bash) $(command -v dirname) %s/bin/ && "
          "PATH=%s/bin tools/simulate 2 free %s numbers",
          folder, folder, folder, program);
    ck_assert_int_eq(run.status, 3);
    assert_says("libsimgrid-dev");
}
END_TEST

/* Every platform starts 512 ranks; with more ranks than hosts they go round. */
START_TEST(platforms_hold_many_ranks)
{
    static const char *const platform[] = {"free", "computer", "rack", "slow"};
    shell("tools/simulate 512 %s %s numbers", platform[_i], program);
    ck_assert_msg(run.status == 0, "%s", run.text);
    ck_assert_ptr_null(strstr(run.text, "more ranks"));
    if (_i == 3) {
        shell("tools/simulate 514 slow %s numbers", program);
        ck_assert_msg(run.status == 0, "%s", run.text);
        assert_says("more ranks (514) than hosts (512)");
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("simulator");
    TCase *tests = tcase_create("simulator");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, time_is_the_formula, 0, 6);
    tcase_add_test(tests, polling_lets_time_pass);
    tcase_add_test(tests, runs_repeat);
    tcase_add_test(tests, results_are_the_real_machine_s);
    tcase_add_test(tests, one_process_speaks);
    tcase_add_test(tests, memory_is_folded);
    tcase_add_test(tests, callers_are_the_program_s);
    tcase_add_test(tests, deadlock_ends_at_once);
    tcase_add_loop_test(tests, polling_deadlock_ends, 0, 2);
    tcase_add_test(tests, synchronous_sends_show_luck);
    tcase_add_test(tests, fatal_ends_all);
    tcase_add_test(tests, logs_survive_a_crash);
    tcase_add_test(tests, wrong_arguments_are_explained);
    tcase_add_loop_test(tests, platforms_hold_many_ranks, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    if (system("command -v smpirun >/dev/null && command -v smpicc >/dev/null") != 0) {
        puts("skipped: there is no smpirun (libsimgrid-dev)\n"
             "100%: Checks: 0, Failures: 0, Errors: 0");
        return EXIT_SUCCESS;
    }
    program_path("common/tests/programs/simulated", real_program);
    program_path("common/tests/programs/simulated", program);
    char *place = strstr(program, "/programs/");
    if (place == NULL || mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    snprintf(place, sizeof program - (size_t)(place - program),
             "/simulator/programs/common/tests/programs/simulated");
    snprintf(output, sizeof output, "%s/output", folder);
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    char command[sizeof folder + 16];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return failed == 0 && system(command) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
