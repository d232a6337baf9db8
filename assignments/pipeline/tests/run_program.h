/*
 * For tests: run an assignment's program under mpirun, and look at what it left.
 *
 * The programs lie beside the tests in the build folder; tests run from the
 * top folder of the kit.
 */
#ifndef ASSIGNMENTS_PIPELINE_TESTS_RUN_PROGRAM_H
#define ASSIGNMENTS_PIPELINE_TESTS_RUN_PROGRAM_H

#include "common/log_reader.h"
#include "common/options.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct program_run {
    int status; /* exit status of mpirun */
    int ranks;
    int stages; /* ranks, or chunks of them */
    struct options options;
    char folder[64];    /* the evidence */
    char output[16384]; /* the begin of what was printed */
};

/* BUILD/tests/…/test_X is running: BUILD/programs/SUBMISSION/pipeline is meant, or
 * BUILD/simulator/programs/SUBMISSION/pipeline. */
static inline void program_path(bool simulated, const char *submission, char *path, size_t size)
{
    char self[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    ck_assert_int_gt(length, 0);
    self[length] = '\0';
    char *tests = strstr(self, "/tests/");
    ck_assert_ptr_nonnull(tests);
    *tests = '\0';
    ck_assert_int_lt(snprintf(path, size, "%s%s/programs/%s/pipeline", self,
                              simulated ? "/simulator" : "", submission),
                     (int)size);
    ck_assert_msg(access(path, X_OK) == 0, "%s is missing: make build SUBMISSION=%s", path,
                  submission);
}

/* The options as the program reads them; those that can't be read stay at their defaults. */
static inline struct options read_options(const char *arguments)
{
    char copy[1024], error[OPTIONS_ERROR_SIZE];
    char *word[64] = {"program"};
    int count = 1;
    snprintf(copy, sizeof copy, "%s", arguments);
    for (char *token = strtok(copy, " "); token != NULL; token = strtok(NULL, " "))
        word[count++] = token;
    struct options options;
    if (!options_read(&options, count, word, error))
        options = options_defaults();
    return options;
}

/* Is the simulator here? Tests that need it pass without it, and say so. */
static inline bool simulator_is_here(void)
{
    static int here = -1;
    if (here < 0) {
        here = system("command -v smpirun > /dev/null") == 0;
        if (!here)
            fprintf(stderr, "no smpirun: what needs the simulator is left out\n");
    }
    return here;
}

static inline struct program_run run_command(const char *launcher, bool simulated,
                                             const char *submission, int ranks,
                                             const char *arguments)
{
    struct program_run run = {.ranks = ranks, .options = read_options(arguments)};
    char path[PATH_MAX], command[2 * PATH_MAX + 1024];
    const bool chunked = strcmp(run.options.schedule, "interleaved") == 0;
    run.stages = ranks * (!chunked ? 1 : run.options.chunks > 0 ? run.options.chunks : 2);
    program_path(simulated, submission, path, sizeof path);
    snprintf(run.folder, sizeof run.folder, "/tmp/pipeline-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(run.folder));
    snprintf(command, sizeof command, "timeout 100 %s %s --evidence %s %s 2>&1", launcher, path,
             run.folder, arguments);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    const size_t length = fread(run.output, 1, sizeof run.output - 1, pipe);
    run.output[length] = '\0';
    char rest[4096];
    while (fread(rest, 1, sizeof rest, pipe) > 0)
        continue;
    const int status = pclose(pipe);
    run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return run;
}

static inline struct program_run run_program(const char *submission, int ranks,
                                             const char *arguments)
{
    char launcher[64];
    snprintf(launcher, sizeof launcher, "tools/launch %d", ranks);
    return run_command(launcher, false, submission, ranks, arguments);
}

static inline void remove_evidence(const struct program_run *run)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", run->folder);
    ck_assert_int_eq(system(command), 0);
}

static inline struct program_run run_well(int ranks, const char *arguments)
{
    struct program_run run = run_program("solutions", ranks, arguments);
    ck_assert_msg(run.status == 0, "%d ranks, %s: status %d:\n%s", ranks, arguments, run.status,
                  run.output);
    return run;
}

/* The same on a simulated cluster with free messages. */
static inline struct program_run simulate_well(int ranks, const char *arguments)
{
    char launcher[64];
    snprintf(launcher, sizeof launcher, "tools/simulate %d free", ranks);
    struct program_run run = run_command(launcher, true, "solutions", ranks, arguments);
    ck_assert_msg(run.status == 0, "%d simulated ranks, %s: status %d:\n%s", ranks, arguments,
                  run.status, run.output);
    return run;
}

/* The rank's log, complete and whole. */
static inline struct log_file read_log(const struct program_run *run, int rank)
{
    char path[128], error[LOG_ERROR_SIZE];
    struct log_file log;
    snprintf(path, sizeof path, "%s/rank-%d.log", run->folder, rank);
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    ck_assert_msg(log.damage[0] == '\0', "%s: %s", path, log.damage);
    ck_assert_msg(log.complete, "%s has no final record", path);
    return log;
}

/* How many records of this kind there are, and the value of the last. */
static inline int count_records(const struct log_file *log, enum log_operation operation,
                                enum log_phase phase, double *value)
{
    int count = 0;
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == operation && log->record[i].phase == phase) {
            count++;
            if (value != NULL)
                *value = log->record[i].value;
        }
    return count;
}

static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
