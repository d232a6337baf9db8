/*
 * The unmodified solutions on the simulated cluster: the same bytes of log
 * and tensors in every run, and on the platform with free messages the time that
 * the replay of the log comes to.
 * Without SimGrid nothing is tested.
 */
#include "common/log_reader.h"
#include "common/tests/run_program.h"
#include "grader/replay.h"

#include <check.h>
#include <stdarg.h>

#define MOST_RANKS 8

static char program[PATH_MAX], folder[] = "/tmp/test-simulated-XXXXXX";

/* Runs a command of the shell and returns its exit status; what it prints is in FOLDER/output. */
__attribute__((format(printf, 1, 2))) static int shell(const char *format, ...)
{
    char command[4 * PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    const size_t length = strlen(command);
    snprintf(command + length, sizeof command - length, " >%s/output 2>&1", folder);
    const int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const struct setting {
    const char *schedule, *more;
    int ranks, batch, micro_batches;
} settings[] = {
    {"naive", "", 4, 16, 4},        {"afab", "", 1, 12, 3},
    {"afab", "", 4, 24, 6},         {"afab", "--uneven", 3, 12, 2},
    {"1f1b", "", 4, 32, 8},         {"1f1b", "", 8, 12, 3},
    {"1f1b", "--uneven", 3, 20, 5}, {"bounded", "", 4, 40, 10},
    {"interleaved", "", 2, 16, 4},  {"interleaved", "--chunks 2", 4, 32, 8},
    {"zero-bubble", "", 4, 32, 8},  {"zero-bubble", "", 2, 12, 3},
    {"pipedream", "", 4, 32, 8},
};

enum { SETTINGS = sizeof settings / sizeof settings[0] };

/* Simulates `steps` training steps with evidence in FOLDER/NAME. */
static void simulate(const struct setting *setting, int steps, const char *options,
                     const char *name)
{
    const int status = shell("timeout 60 tools/simulate %d free %s --schedule %s %s --batch %d "
                             "--micro-batches %d --steps %d --model mlp:depth=8,width=64 --data "
                             "synthetic --quiet %s --evidence %s/%s",
                             setting->ranks, program, setting->schedule, setting->more,
                             setting->batch, setting->micro_batches, steps, options, folder, name);
    ck_assert_msg(status == 0, "--schedule %s, %d ranks: exit status %d", setting->schedule,
                  setting->ranks, status);
}

/* From the begin of the first forward to the end of the last computation, in nanoseconds. */
static double time_taken(const struct log_file *log, int ranks)
{
    uint64_t begin = UINT64_MAX, end = 0;
    for (int rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < log[rank].count; i++) {
            const struct log_record *record = &log[rank].record[i];
            const bool computes =
                record->operation >= LOG_FORWARD && record->operation <= LOG_OPTIMIZER_STEP;
            if (record->operation == LOG_FORWARD && record->clock < begin)
                begin = record->clock;
            if (computes && record->clock > end)
                end = record->clock;
        }
    return (double)(end - begin);
}

/* One operation takes one nanosecond there. */
START_TEST(time_is_the_replay_s)
{
    const struct setting *setting = &settings[_i];
    struct log_file log[MOST_RANKS];
    char path[PATH_MAX], error[LOG_ERROR_SIZE];
    simulate(setting, 1, "", "replay");
    for (int rank = 0; rank < setting->ranks; rank++) {
        snprintf(path, sizeof path, "%s/replay/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &log[rank], error), "%s", error);
        ck_assert(log[rank].complete);
    }
    const struct replay_options options = {.step = REPLAY_ALL_STEPS, .optimizer = true};
    struct replay *replay = replay_run(log, setting->ranks, NULL, options);
    ck_assert(!replay->deadlock);
    ck_assert_double_gt(replay->makespan, 0);
    ck_assert_double_eq_tol(time_taken(log, setting->ranks), replay->makespan,
                            1e-6 * replay->makespan);
    replay_free(replay);
    for (int rank = 0; rank < setting->ranks; rank++)
        log_destroy(&log[rank]);
}
END_TEST

/* Logs and tensors. */
START_TEST(runs_repeat)
{
    const char *const options = "--snapshots 0,2 --dump-gradients 0,1";
    simulate(&settings[_i], 2, options, "first");
    simulate(&settings[_i], 2, options, "second");
    ck_assert_int_eq(shell("diff -r %s/first %s/second", folder, folder), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("simulated_time");
    TCase *tests = tcase_create("simulated");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, time_is_the_replay_s, 0, SETTINGS);
    tcase_add_loop_test(tests, runs_repeat, 0, SETTINGS);
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
    program_path("solutions/pipeline", program);
    char *place = strstr(program, "/programs/");
    if (place == NULL || mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    snprintf(place, sizeof program - (size_t)(place - program),
             "/simulator/programs/solutions/pipeline");
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    char command[sizeof folder + 16];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return failed == 0 && system(command) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
