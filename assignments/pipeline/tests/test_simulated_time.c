/*
 * The unmodified solutions on the simulated cluster: the same bytes of log
 * and tensors in every run, and on the platform with free messages the time that
 * the replay of the log comes to.
 * Without SimGrid nothing is tested.
 */
#include "common/log/log_reader.h"
#include "grader/trace/replay.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_RANKS 8

static char *folder;

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
    g_autofree char *arguments = g_strdup_printf(
        "--schedule %s %s --batch %d --micro-batches %d --steps %d --model mlp:depth=8,width=64 "
        "--data synthetic --quiet %s --evidence %s/%s",
        setting->schedule, setting->more, setting->batch, setting->micro_batches, steps, options,
        folder, name);
    struct test_run run = test_run_program(true, setting->ranks, "solutions/pipeline", arguments);
    ck_assert_msg(run.status == 0, "%d ranks, %s: exit status %d: %s", setting->ranks, arguments,
                  run.status, run.output);
    test_run_clear(&run);
}

/* From the begin of the first forward to the end of the last computation, in nanoseconds. */
static double time_taken(const struct log_file *log, int ranks)
{
    uint64_t begin = UINT64_MAX, end = 0;
    for (int rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < log[rank].count; i++) {
            const struct log_record *record = &log[rank].record[i];
            if (record->operation == LOG_FORWARD && record->clock < begin)
                begin = record->clock;
            if (log_is_computation(record) && record->clock > end)
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
    struct test_run run = test_run_command("diff -r %s/first %s/second", folder, folder);
    ck_assert_msg(run.status == 0, "%s", run.output);
    test_run_clear(&run);
}
END_TEST

static void begin(void)
{
    folder = test_folder_new();
}

static void end(void)
{
    test_folder_free(folder);
}

Suite *test_suite(void)
{
    if (!test_has_simulator())
        return test_skip("there is no smpirun (libsimgrid-dev)");
    Suite *suite = suite_create("simulated_time");
    TCase *tests = tcase_create("simulated");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, time_is_the_replay_s, 0, SETTINGS);
    tcase_add_loop_test(tests, runs_repeat, 0, SETTINGS);
    suite_add_tcase(suite, tests);
    return suite;
}
