/*
 * Right programs by any of MPI's calls (calls/pipeline_communicate.c), in every schedule on the
 * simulated cluster: its clock and the replay agree, and the judges pass them, with nothing left
 * unjudged.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/options.h"
#include "common/log/log_reader.h"
#include "grader/judges/judges.h"
#include "grader/verdict/assignment.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <string.h>

#define MOST_RANKS 6

static const char *const ways[] = {
    "receive-by-recv",
    "receive-by-probe",
    "receive-by-probe-then-irecv",
    "receive-by-iprobe",
    "receive-by-mprobe",
    "receive-by-improbe",
    "receive-by-any-source",
    "receive-by-sendrecv",
    "receive-by-sendrecv-replace",
    "receive-by-test",
    "receive-by-testall",
    "receive-by-testany",
    "receive-by-testsome",
    "receive-by-waitall",
    "receive-by-waitany",
    "receive-by-waitsome",
    "receive-by-start",
    "receive-by-startall",
    "receive-by-restart",
    "receive-by-cancel",
    "send-by-issend",
    "send-by-bsend",
    "send-by-ibsend",
    "send-by-send-init",
    "send-by-ssend-init",
    "send-by-restart",
    "send-by-request-free",
    "send-by-request-free-of-issend",
    //X    "send-by-request-free-of-issend",
    "send-by-request-free-of-started",
    "all-barrier",
    "all-bcast",
    "all-reduce",
    "all-allreduce",
    "all-gather",
    "all-scatter",
    "all-allgather",
    "all-alltoall",
    "all-scan",
    "all-ibarrier",
    "all-ibarrier-tested",
    "all-ibcast",
    "all-iallreduce",
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static const struct setting {
    const char *schedule;
    int ranks, micro_batches;
} settings[] = {
    {"afab --uneven", 5, 8}, {"naive", 4, 1},       {"1f1b", 4, 8},
    {"bounded", 4, 8},       {"interleaved", 4, 8}, {"zero-bubble --uneven", 6, 12},
    {"pipedream", 4, 8},
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

static char *folder, *program;

/* ---- a run, as a judge is given it --------------------------------------------------------------- */

static struct options options_of(const char *arguments)
{
    g_autofree char *line = g_strconcat("program ", arguments, NULL);
    g_auto(GStrv) word = NULL;
    int count;
    char error[OPTIONS_ERROR_SIZE] = "";
    struct options options;
    ck_assert(g_shell_parse_argv(line, &count, &word, NULL));
    ck_assert_msg(options_read(&options, &pipeline_own_options, count, word, error), "%s", error);
    return options;
}

/* Fails the test if the run does not come to its end. */
static void run_it(const char *way, const struct setting *setting, struct outcome *run,
                   struct log_file *log, char **log_error)
{
    char error[LOG_ERROR_SIZE];
    g_autofree char *arguments = g_strdup_printf(
        "--schedule %s --model transformer:depth=8,width=16,heads=2 --data synthetic --batch %d "
        "--micro-batches %d --steps 2 --quiet",
        setting->schedule, setting->micro_batches, setting->micro_batches);
    struct test_run ended =
        test_run_command("CALLS=%s exec timeout 30 tools/simulate %d free %s %s --evidence %s", way,
                         setting->ranks, program, arguments, folder);
    ck_assert_msg(ended.status == 0, "%s, %s: exit status %d: " TEST_LONG, way, arguments,
                  ended.status, ended.output);
    test_run_clear(&ended);
    *run = (struct outcome){.assignment = assignment_find("pipeline"),
                            .ranks = setting->ranks,
                            .simulated = true,
                            .platform = (char *)"free",
                            .options = options_of(arguments),
                            .end = RUN_FINISHED,
                            .folder = folder,
                            .command = (char *)"",
                            .output = (char *)"",
                            .log = log,
                            .log_error = log_error};
    for (int rank = 0; rank < setting->ranks; rank++) {
        g_autofree char *path = g_strdup_printf("%s/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &log[rank], error), "%s", error);
        log_error[rank] = NULL;
    }
}

static void passes(const char *way, const struct outcome *run, judge_function *judge)
{
    struct judgement judgement = {.outcome = run, .outcomes = 1, .waits = true};
    struct verdict *verdict = verdict_new();
    judge(&judgement, verdict);
    ck_assert_msg(verdict->kind == VERDICT_PASS, "%s, %s, %d ranks: %s\n" TEST_LONG, way,
                  run->options.step, run->ranks, verdict->headline->str, verdict->explanation->str);
    verdict_free(verdict);
}

START_TEST(in_every_schedule)
{
    for (int i = 0; i < SETTINGS; i++) {
        struct outcome run;
        struct log_file log[MOST_RANKS];
        char *log_error[MOST_RANKS];
        run_it(ways[_i], &settings[i], &run, log, log_error);
        passes(ways[_i], &run, judge_parallel);
        passes(ways[_i], &run, judge_order);
        passes(ways[_i], &run, judge_luck);
        for (int rank = 0; rank < run.ranks; rank++)
            log_destroy(&log[rank]);
    }
}
END_TEST

static void begin(void)
{
    folder = test_folder_new();
    program = test_program(true, "assignments/pipeline/tests/calls");
}

static void end(void)
{
    test_folder_free(folder);
    g_free(program);
}

Suite *test_suite(void)
{
    if (!test_has_simulator())
        return test_skip("there is no smpirun (libsimgrid-dev)");
    Suite *suite = suite_create("calls");
    TCase *tests = tcase_create("simulated");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, in_every_schedule, 0, WAYS);
    suite_add_tcase(suite, tests);
    return suite;
}
