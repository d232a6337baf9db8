/* Runs of the solutions for the fuzzers; see judged_runs.h. */
#include "tests/fuzz/judged_runs.h"

#include "common/base/fatal.h"
#include "grader/diagnosis/diagnose.h"
#include "grader/grade/grade_luck.h"
#include "grader/grade/large_tags.h"
#include "grader/grade/unfinished.h"
#include "grader/pictures/picture_memory.h"
#include "grader/pictures/picture_timeline.h"
#include "grader/pictures/table_collectives.h"
#include "grader/pictures/table_memory.h"
#include "grader/pictures/trace_export.h"
#include "grader/run/outcome.h"
#include "grader/run/runner_command.h"
#include "grader/trace/collective_calls.h"
#include "grader/trace/timeline.h"

#include <glob.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#define SEED    7
#define SCRATCH "/dev/shm/kit-fuzz" /* pictures and traces that nobody looks at */

static void for_each_check(void (*visit)(const struct rubric *, const struct rubric_check *,
                                         void *),
                           void *context)
{
    glob_t found;
    if (glob("assignments/*/rubric.cfg", 0, NULL, &found) != 0)
        fatal("no rubric: the kit's folder is the one to start in");
    for (size_t i = 0; i < found.gl_pathc; i++) {
        g_autoptr(GString) errors = g_string_new(NULL);
        struct rubric *rubric = rubric_load(found.gl_pathv[i], errors); /* for the whole process */
        if (!rubric)
            fatal("%s", errors->str);
        for (guint c = 0; c < rubric->checks->len; c++)
            if (RUBRIC_CHECKS(rubric, c)->judge && RUBRIC_CHECKS(rubric, c)->runs->len > 0)
                visit(rubric, RUBRIC_CHECKS(rubric, c), context);
    }
    globfree(&found);
}

static const char *arguments_of(const struct rubric_check *check, guint run)
{
    g_autofree char *missing = NULL;
    bool is_wrong;
    return runner_arguments(RUBRIC_RUNS(check, run), &missing, &is_wrong);
}

/* ---- the list -------------------------------------------------------------------------------- */

static void list(const struct rubric *rubric, const struct rubric_check *check, void *context)
{
    (void)context;
    for (guint i = 0; i < check->runs->len; i++) {
        const struct rubric_run *run = RUBRIC_RUNS(check, i);
        const char *arguments = arguments_of(check, i);
        if (arguments)
            printf("%s %s %u %d %s%s %s --seed %d\n", rubric->assignment, check->name, i + 1,
                   run->ranks, run->simulated ? run->platform : "real",
                   run->synchronous ? ":--synchronous" : "", arguments, SEED);
    }
}

void judged_runs_list(void)
{
    for_each_check(list, NULL);
}

/* ---- reading them ----------------------------------------------------------------------------- */

static bool read_run(const struct rubric_check *check, guint i, const char *folder,
                     struct outcome *outcome)
{
    const struct rubric_run *run = RUBRIC_RUNS(check, i);
    const char *arguments = arguments_of(check, i);
    char error[OPTIONS_ERROR_SIZE];
    *outcome = (struct outcome){.assignment = run->assignment,
                                .ranks = run->ranks,
                                .simulated = run->simulated,
                                .platform = g_strdup(run->platform),
                                .platform_file = g_strdup_printf(
                                    "common/platforms/%s.xml", run->platform ? run->platform : ""),
                                .synchronous = run->synchronous,
                                .program = g_strdup(""),
                                .command = g_strdup("make it"),
                                .end = RUN_FINISHED,
                                .fault_rank = -1,
                                .folder = g_strdup_printf("%s-%u", folder, i + 1)};
    if (!arguments || !rubric_parse_arguments(run, arguments, &outcome->options, error))
        return false;
    outcome->options.seed = SEED;
    g_strlcpy(outcome->options.evidence, outcome->folder, sizeof outcome->options.evidence);
    g_autofree char *output = g_build_filename(outcome->folder, "output.txt", NULL);
    if (!g_file_get_contents(output, &outcome->output, NULL, NULL))
        outcome->output = g_strdup("");
    outcome->log = g_new0(struct log_file, run->ranks);
    outcome->log_error = g_new0(char *, run->ranks);
    outcome->words = g_new0(struct last_words, run->ranks);
    for (int rank = 0; rank < run->ranks; rank++) {
        g_autofree char *path = g_strdup_printf("%s/rank-%d.log", outcome->folder, rank);
        char log_error[LOG_ERROR_SIZE];
        if (!log_read(path, &outcome->log[rank], log_error))
            return false;
    }
    return true;
}

struct loading {
    const char *folder;
    GArray *all;
};

static void load(const struct rubric *rubric, const struct rubric_check *check, void *context)
{
    const struct loading *loading = context;
    g_autofree char *folder =
        g_strdup_printf("%s/%s/%s", loading->folder, rubric->assignment, check->name);
    struct judged_runs runs = {.rubric = rubric,
                               .check = check,
                               .outcomes = (int)check->runs->len,
                               .outcome = g_new0(struct outcome, check->runs->len)};
    for (guint i = 0; i < check->runs->len; i++)
        if (!read_run(check, i, folder, &runs.outcome[i]))
            return; /* its data set or the simulator is not here: it lives on, unused */
    g_array_append_val(loading->all, runs);
}

GArray *judged_runs_load(const char *folder)
{
    omp_set_num_threads(1); /* as the grader's workers do */
    struct loading loading = {folder, g_array_new(FALSE, FALSE, sizeof(struct judged_runs))};
    for_each_check(load, &loading);
    if (loading.all->len == 0)
        fatal("no runs in %s: tests/fuzz/make_corpus makes them", folder);
    return loading.all;
}

/* ---- judging ------------------------------------------------------------------------------------ */

enum verdict_kind judged_runs_judge(const struct judged_runs *runs, struct outcome *outcomes)
{
    g_autoptr(GPtrArray) questions = rubric_questions(runs->rubric);
    struct judgement judgement = {.outcome = outcomes,
                                  .outcomes = runs->outcomes,
                                  .waits = runs->check->waits,
                                  .submission = "solutions",
                                  .questions = questions};
    struct verdict *verdict = verdict_new();
    if (runs->check->judge->accepts_unfinished || grade_all_finished(&judgement, verdict))
        runs->check->judge->judge(&judgement, verdict);
    const enum verdict_kind kind = verdict->kind;
    grade_luck_remark(&judgement, verdict);
    verdict_free(verdict);
    verdict = verdict_new();
    grade_judge_work(&judgement, verdict);
    verdict_free(verdict);
    g_autofree char *call = NULL;
    large_tags_find(outcomes, runs->outcomes, &call);
    return kind;
}

/* A run that hung, crashed or ended by itself, as if this had been its end. */
static void diagnose(const struct outcome *outcome, enum run_end end)
{
    struct outcome ended = *outcome;
    ended.end = end;
    g_autoptr(GString) headline = g_string_new(NULL), markdown = g_string_new(NULL);
    diagnosis_tell(&ended, headline, markdown);
    if (outcome->assignment->describe_unfinished)
        outcome->assignment->describe_unfinished(&ended, markdown);
}

/* What pictures and tables are made of, and the export. */
static void show(const struct outcome *outcome)
{
    static const struct trace_options options = {"fuzzed", NULL};
    const struct log_file *logs = outcome->log;
    const int ranks = outcome->ranks;
    g_autoptr(GString) text = g_string_new(NULL);
    struct timeline *timeline = timeline_of_logs(logs, ranks, TIMELINE_LAST_STEP);
    struct timeline_panel panel = {.timeline = timeline, .label = "fuzzed"};
    timeline_picture(&panel, 1, "fuzzed", SCRATCH, text);
    if (timeline->calls)
        table_of_collectives(timeline->calls, text);
    timeline_free(timeline);
    struct memory_scene scene = {.memory =
                                     live_memory_new(logs, ranks, timeline_last_step(logs, ranks)),
                                 .logs = logs,
                                 .ranks = ranks,
                                 .step = timeline_last_step(logs, ranks)};
    if (scene.memory) {
        table_of_memory(&scene, text);
        picture_of_memory(&scene, "fuzzed", SCRATCH, text);
        live_memory_free((struct live_memory *)scene.memory, ranks);
    }
    trace_export(logs, ranks, NULL, options, SCRATCH ".json", text);
}

void judged_runs_show(const struct outcome *outcome)
{
    diagnose(outcome, RUN_HUNG);
    diagnose(outcome, RUN_FAILED);
    diagnose(outcome, RUN_CRASHED);
    show(outcome);
}
