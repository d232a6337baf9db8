/*
 * build/random_settings: the solutions with random valid settings, run in the sandbox and judged
 * like a submission. Whatever the settings: full marks.
 *
 * make random-settings RUNS=200
 *      ARGS="--first 17" RUNS=1    repeats the setting of seed 17
 *
 * Exit status: 0 every run passed every judge; 1 not; 2 wrong usage.
 */
#include "assignments/pipeline/tests/random/setting.h"
#include "common/base/environment.h"
#include "grader/builder/build.h"
#include "grader/grade/unfinished.h"
#include "grader/run/runner.h"
#include "grader/sandbox/sandbox.h"
#include "grader/submission/collect.h"
#include "grader/truth/calm.h"

#include <glib/gstdio.h>
#include <omp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_JOBS 8
#define SECONDS   30.0

enum { STATUS_PASSED, STATUS_FAILED };

/* ---- one run --------------------------------------------------------------------------------- */

/* The first seed from there on without an activation that rounding could tip over. */
static uint64_t calm_seed(const struct rubric_run *run, uint64_t seed)
{
    struct options options;
    char error[OPTIONS_ERROR_SIZE];
    if (!rubric_parse_arguments(run, run->arguments, &options, error))
        return seed;
    options.seed = seed;
    if (!reference_find_calm_seed(&options))
        printf("no calm seed was found for: %s\n", run->arguments);
    return options.seed;
}

static const struct judge *find_judge(const struct assignment *assignment, const char *name)
{
    for (const struct judge *judge = assignment->judges; judge->name; judge++)
        if (strcmp(judge->name, name) == 0)
            return judge;
    fprintf(stderr, "random_settings: there is no judge %s\n", name);
    exit(STATUS_FAILED);
}

/* Says why if the verdict is no pass. */
static bool has_passed(const char *name, const struct verdict *verdict, const char *headline)
{
    if (verdict->kind == VERDICT_PASS && verdict->mistake->len == 0)
        return true;
    printf("FAILED   %s\n         %s: %s %s\n%s\n", headline, name, verdict->headline->str,
           verdict->mistake->str, verdict->explanation->str);
    return false;
}

static bool judge_run(const struct assignment *assignment, const struct setting *setting,
                      const struct outcome *outcome, const char *headline)
{
    bool naive = strcmp(setting->schedule, "naive") == 0;
    bool bounded = strcmp(setting->schedule, "bounded") == 0;
    bool pipedream = strcmp(setting->schedule, "pipedream") == 0;
    /* Of the bounded step the order is free, so that there is nothing to compare its time with. */
    bool parallel = setting->ranks >= 4 && !naive && !bounded && !pipedream;
    const struct {
        const char *name;
        bool wanted;
    } wanted[] = {{"gradients", !pipedream},     {"pipedream", pipedream},     {"own_stage", true},
                  {"luck", !setting->simulated}, {"data", setting->ranks > 1}, {"order", !naive},
                  {"parallel", parallel},        {"memory", bounded}};
    struct judgement judgement = {.outcome = outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    bool passed = grade_all_finished(&judgement, verdict);
    if (!passed)
        has_passed("the run", verdict, headline);
    verdict_free(verdict);
    for (size_t i = 0; i < G_N_ELEMENTS(wanted) && passed; i++) {
        if (!wanted[i].wanted)
            continue;
        verdict = verdict_new();
        find_judge(assignment, wanted[i].name)->judge(&judgement, verdict);
        passed = has_passed(wanted[i].name, verdict, headline);
        verdict_free(verdict);
    }
    return passed;
}

static bool run_setting(const struct runner *runner, uint32_t number, int slot)
{
    const struct assignment *assignment = assignment_find(runner->assignment);
    struct setting setting = setting_draw(number);
    setting.simulated = setting.simulated && runner->build->simulated_program;
    struct rubric_run run = {.assignment = assignment,
                             .ranks = setting.ranks,
                             .seconds = SECONDS,
                             .simulated = setting.simulated,
                             .platform = setting.simulated ? "free" : NULL,
                             .arguments = setting.arguments->str};
    uint64_t seed = calm_seed(&run, (uint64_t)number * 1000003 + 1);
    g_autofree char *name = g_strdup_printf("setting-%u", number);
    g_autofree char *headline =
        g_strdup_printf("%u: %d ranks%s, %s --seed %" G_GUINT64_FORMAT, number, setting.ranks,
                        setting.simulated ? ", simulated" : "", run.arguments, (guint64)seed);
    struct outcome outcome;
    runner_run(runner, &run, name, 1, seed, slot, &outcome);
    bool passed = judge_run(assignment, &setting, &outcome, headline);
    if (passed)
        printf("passed   %s\n", headline);
    char *words[] = {"rm", "-rf", "--", outcome.folder, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    outcome_clear(&outcome);
    setting_clear(&setting);
    return passed;
}

/* ---- all of them ------------------------------------------------------------------------------- */

/* A process for each run, as the sandbox wants it. */
static pid_t start(const struct runner *runner, uint32_t number, int slot)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    /* One piece of text for each run. */
    static char buffer[1 << 16];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    omp_set_num_threads(1);
    bool passed = run_setting(runner, number, slot);
    fflush(stdout);
    _exit(passed ? STATUS_PASSED : STATUS_FAILED);
}

static int run_all(const struct runner *runner, uint32_t first, int runs, int jobs)
{
    pid_t pids[MOST_JOBS] = {0};
    int begun = 0, ended = 0, failed = 0;
    while (ended < runs) {
        for (int slot = 0; slot < jobs && begun < runs; slot++)
            if (pids[slot] == 0) {
                pids[slot] = start(runner, first + (uint32_t)begun++, slot);
                if (pids[slot] < 0) {
                    perror("random_settings: fork");
                    return runs;
                }
            }
        int status = 0;
        pid_t pid = waitpid(-1, &status, 0);
        for (int slot = 0; slot < jobs; slot++)
            if (pid > 0 && pids[slot] == pid) {
                pids[slot] = 0;
                ended++;
                failed += !WIFEXITED(status) || WEXITSTATUS(status) != STATUS_PASSED;
            }
    }
    return failed;
}

/* Builds the solutions in the sandbox, as the grader would, and runs them. -1: not possible. */
static int build_and_run(const char *work, const char *build_folder, uint32_t first, int runs,
                         int jobs, GString *error)
{
    int failed = -1;
    g_autofree char *files = g_build_filename(work, "submission", NULL);
    g_autofree char *evidence = g_build_filename(work, "evidence", NULL);
    struct rubric *rubric = rubric_load("assignments/pipeline/rubric.cfg", error);
    bool ready = rubric && chmod(work, 0711) == 0 && g_mkdir(evidence, 0711) == 0;
    struct collection *collection =
        ready ? collection_new("solutions", rubric, files, error) : NULL;
    struct workplace workplace = {.kit = ".", .build_folder = build_folder, .work = g_strdup(work)};
    struct build *build = collection && workplace_prepare(&workplace, error)
                              ? build_submission(collection, rubric, &workplace, error)
                              : NULL;
    struct runner_data data = {0};
    if (build && !build->program)
        g_string_append(error, build->trouble ? build->trouble : "the solutions do not compile");
    else if (build) {
        runner_data_find(&data, NULL, work);
        build_simulated_start(build);
        while (!build_simulated_done(build))
            poll(NULL, 0, 50);
        if (build->simulated_trouble)
            printf("only on the real machine: %s\n", build->simulated_trouble);
        struct runner runner = {.assignment = rubric->assignment,
                                .submission = "solutions",
                                .kit = ".",
                                .work = work,
                                .build = build,
                                .data = &data};
        failed = run_all(&runner, first, runs, jobs);
    }
    runner_data_clear(&data);
    build_free(build);
    workplace_clear(&workplace);
    collection_free(collection);
    rubric_free(rubric);
    return failed;
}

int main(int argc, char **argv)
{
    environment_start_again(argv);
    int first = 1, runs = 200, jobs = 2;
    char *build_folder = NULL;
    GOptionEntry entries[] = {
        {"first", 0, 0, G_OPTION_ARG_INT, &first, "seed of the first setting (1)", "NUMBER"},
        {"runs", 0, 0, G_OPTION_ARG_INT, &runs, "how many settings (200)", "NUMBER"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs, "runs at the same time (2)", "NUMBER"},
        {"build-folder", 0, 0, G_OPTION_ARG_FILENAME, &build_folder,
         "where the kit was built (build)", "FOLDER"},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("- runs the solutions with random settings");
    g_autoptr(GError) problem = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &problem) || argc > 1 || first < 0 ||
        runs < 1) {
        fprintf(stderr, "random_settings: %s\n", problem ? problem->message : "see --help");
        return 2;
    }
    g_autoptr(GString) error = g_string_new(NULL);
    g_autofree char *work = g_dir_make_tmp("random-settings-XXXXXX", NULL);
    int failed = work ? build_and_run(work, build_folder ? build_folder : "build", (uint32_t)first,
                                      runs, CLAMP(jobs, 1, MOST_JOBS), error)
                      : -1;
    char *words[] = {"rm", "-rf", "--", work, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    if (failed < 0)
        fprintf(stderr, "random_settings: %s\n", error->str);
    else
        printf("\n%d of %d runs got full marks\n", runs - failed, runs);
    g_free(build_folder);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
