/* One run of the program. */
#include "grader/run/runner.h"

#include "common/files/dataset.h"
#include "grader/run/hang.h"
#include "grader/run/outcome.h"
#include "grader/run/simulation.h"
#include "grader/sandbox/sandbox.h"
#include "grader/text/text.h"

#include <string.h>

#define EVIDENCE "/evidence"
#define PROGRAM  "/program"
/* What a quarantine holds back would look like memory that the program keeps. MPI leaks by itself. */
#define ASAN_OPTIONS     "ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=4:log_path="
#define PROCESSES_AROUND 12 /* bubblewrap, mpirun, … */

/* ---- the command ------------------------------------------------------------------- */

/* Beside what tools/launch sets: Open MPI in one sandbox without a network, and what the sanitizers
 * say in a report. */
static const char *const mpi_environment[] = {
    "OMPI_MCA_btl=self,vader",
    "OMPI_MCA_btl_vader_single_copy_mechanism=emulated", /* with "none" there are no windows */
    "UBSAN_OPTIONS=print_stacktrace=1",
};

const char *runner_arguments(const struct rubric_run *run, char **missing)
{
    struct options options;
    char error[OPTIONS_ERROR_SIZE], why[DATASET_ERROR_SIZE];
    const char *choices[] = {run->arguments, run->otherwise};
    *missing = NULL;
    for (int i = 0; i < 2 && choices[i]; i++) {
        if (!rubric_parse_arguments(run, choices[i], &options, error)) {
            *missing = g_strdup(error);
            return NULL;
        }
        if (options.probe[0] || dataset_present(options.dataset, why)) {
            g_clear_pointer(missing, g_free);
            return choices[i];
        }
        g_free(*missing);
        *missing = g_strdup(why);
    }
    return NULL;
}

/* "PROGRAM ARGUMENTS --seed … --quiet", split. */
static GPtrArray *program_words(const char *program, const char *arguments, const char *evidence,
                                uint64_t seed)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) given = NULL;
    g_ptr_array_add(words, g_strdup(program));
    if (g_shell_parse_argv(arguments, NULL, &given, NULL)) /* the rubric was linted */
        for (char **word = given; *word; word++)
            g_ptr_array_add(words, g_strdup(*word));
    g_ptr_array_add(words, g_strdup("--seed"));
    g_ptr_array_add(words, g_strdup_printf("%" G_GUINT64_FORMAT, seed));
    g_ptr_array_add(words, g_strdup("--evidence"));
    g_ptr_array_add(words, g_strdup(evidence));
    g_ptr_array_add(words, g_strdup("--curve"));
    g_ptr_array_add(words, g_strdup_printf("%s/curve.csv", evidence));
    g_ptr_array_add(words, g_strdup("--quiet"));
    return words;
}

/* " COURSE="a b"", for make: of which assignments it takes the course's files. */
static char *course_words(const struct runner *runner)
{
    const GPtrArray *course = build_course(runner->build);
    GString *words = g_string_new(NULL);
    for (guint i = 0; i < course->len; i++)
        g_string_append_printf(words, "%s%s", i == 0 ? " COURSE=\"" : " ",
                               (char *)course->pdata[i]);
    if (course->len > 0)
        g_string_append_c(words, '"');
    return g_string_free(words, FALSE);
}

static char *command_to_repeat(const struct runner *runner, const struct rubric_run *run,
                               const char *arguments, uint64_t seed)
{
    const char *submission =
        strcmp(runner->submission, "skeleton") == 0 ? NULL : runner->submission;
    static const char harmless[] = G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/._-";
    bool simple = submission && strspn(submission, harmless) == strlen(submission);
    g_autofree char *quoted = !submission ? NULL
                              : simple    ? g_strdup(submission)
                                          : g_shell_quote(submission);
    g_autofree char *clean = quoted ? text_clean(quoted, strlen(quoted), 1000) : NULL;
    g_autofree char *course = course_words(runner);
    return g_strdup_printf("make %s ASSIGNMENT=%s%s%s%s NP=%d%s%s%s ARGS=\"%s --seed "
                           "%" G_GUINT64_FORMAT " --evidence /tmp/evidence\"",
                           run->simulated ? "simulate" : "train", runner->assignment,
                           clean ? " SUBMISSION=" : "", clean ? clean : "", course, run->ranks,
                           run->simulated ? " PLATFORM=" : "", run->simulated ? run->platform : "",
                           run->synchronous ? " SYNCHRONOUS=1" : "", arguments, seed);
}

/* The same on this computer, where both sanitizers can look at it. */
static char *sanitized_command(const struct runner *runner, const struct rubric_run *run,
                               const char *arguments, uint64_t seed)
{
    struct rubric_run real = *run;
    if (runner->build->sanitized)
        return NULL;
    real.simulated = real.synchronous = false;
    g_autofree char *command = command_to_repeat(runner, &real, arguments, seed);
    return g_strconcat(command, " SANITIZE=1", NULL);
}

static void add_words(GPtrArray *words, ...)
{
    va_list list;
    va_start(list, words);
    for (const char *word; (word = va_arg(list, const char *));)
        g_ptr_array_add(words, g_strdup(word));
    va_end(list);
}

/* What stands before the program and its arguments. */
static void add_launcher(GPtrArray *words, const struct rubric_run *run)
{
    g_autofree char *ranks = g_strdup_printf("%d", run->ranks);
    if (!run->simulated)
        add_words(words, "bash", "tools/launch", "--mpirun-speaks", ranks, NULL);
    else if (run->synchronous)
        add_words(words, "bash", "tools/simulate", "--synchronous", ranks, run->platform, NULL);
    else
        add_words(words, "bash", "tools/simulate", ranks, run->platform, NULL);
}

/* ---- the run --------------------------------------------------------------------------- */

static void run_in_sandbox(const struct runner *runner, const struct rubric_run *run,
                           GPtrArray *program, int slot, struct outcome *outcome,
                           struct sandbox_result *result)
{
    g_autofree char *objects = g_path_get_dirname(outcome->program);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) environment = g_ptr_array_new();
    add_launcher(words, run);
    for (guint i = 0; i < program->len; i++)
        g_ptr_array_add(words, g_strdup(program->pdata[i]));
    g_ptr_array_add(words, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(mpi_environment); i++)
        g_ptr_array_add(environment, (char *)mpi_environment[i]);
    g_autofree char *asan =
        g_strdup_printf(ASAN_OPTIONS "%s/" OUTCOME_FAULT, sandbox_path(outcome->folder, EVIDENCE));
    g_ptr_array_add(environment, asan);

    struct sandbox_bind see[RUNNER_DATA_SETS + 3] = {{runner->build->tree, BUILD_TREE},
                                                     {objects, PROGRAM}};
    int binds = 2;
    for (int i = 0; i < RUNNER_DATA_SETS; i++)
        if (runner->data->outside[i]) {
            see[binds++] = (struct sandbox_bind){runner->data->outside[i], runner->data->inside[i]};
            g_ptr_array_add(environment, runner->data->environment[i]);
        }
    g_ptr_array_add(environment, NULL);

    struct hang_watch *hang = hang_watch_new(outcome->folder, run->ranks);
    hang->hasty = runner->hasty;
    struct sandbox_command command = {
        .words = (char *const *)words->pdata,
        .environment = (char *const *)environment->pdata,
        .see = see,
        .write = {outcome->folder, EVIDENCE},
        .folder = sandbox_path(runner->build->tree, BUILD_TREE),
        .limits = sandbox_limits_default(),
        .user = sandbox_user(slot),
        .is_stuck = hang_is_stuck,
        .before_end = hang_ask_where,
        .context = hang,
    };
    command.limits.seconds = run->seconds;
    command.limits.processes = 2 * run->ranks + PROCESSES_AROUND;
    sandbox_run(&command, result);
    if (hang->stuck_for_haste && result->end == SANDBOX_STUCK) {
        char *trouble = g_strdup_printf("%s (" RUNNER_HASTE ")", result->trouble);
        g_free(result->trouble);
        result->trouble = trouble;
    }
    hang_watch_free(hang);
}

/* Why there is nothing to run; NULL: there is. */
static const char *lacks_program(const struct runner *runner, const struct rubric_run *run)
{
    if (!run->simulated)
        return runner->build->program ? NULL : "there is no program";
    if (!runner->build->simulated_program)
        return runner->build->simulated_trouble ? runner->build->simulated_trouble
                                                : "it was not built for the simulator";
    return simulation_is_possible() ? NULL : BUILD_NO_SIMULATOR;
}

/* No rank left a log: is that the submission's doing, or do MPI programs not start on this
 * machine? `true` in the program's place tells, and it is nobody's submission. What hit a limit did
 * start, and what it left behind could make `true` hit it, too. */
static void suspect_machine(const struct runner *runner, const struct rubric_run *run, int slot,
                            struct outcome *outcome)
{
    if (outcome->end == RUN_TOO_MUCH_MEMORY || outcome->end == RUN_TOO_MUCH_OUTPUT ||
        outcome->end == RUN_TOO_MANY_PROCESSES)
        return;
    if (outcome_has_logs(outcome))
        return;
    char control[] = "true";
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_ptr_array_add(words, control);
    struct sandbox_result result;
    run_in_sandbox(runner, run, words, slot, outcome, &result);
    if (result.end != SANDBOX_EXITED || result.status != 0) {
        g_autofree char *all = text_clean(result.output->str, result.output->len, 4000);
        g_strdelimit(g_strstrip(all), "\n\t", ' ');
        g_autofree char *said = g_utf8_substring(all, 0, MIN(g_utf8_strlen(all, -1), 300));
        outcome->end = RUN_NOT_STARTED;
        g_free(outcome->trouble);
        outcome->trouble = g_strdup_printf("no MPI program starts on this machine: %s", said);
    }
    sandbox_result_clear(&result);
}

/* NULL on the real machine. */
static char *platform_file(const struct runner *runner, const struct rubric_run *run)
{
    g_autofree char *name = g_strdup_printf("%s.xml", run->platform ? run->platform : "");
    return run->simulated ? g_build_filename(runner->kit, "common", "platforms", name, NULL) : NULL;
}

static void run_once(const struct runner *runner, const struct rubric_run *run, const char *name,
                     uint64_t seed, int slot, struct outcome *outcome)
{
    char *missing;
    const char *arguments = runner_arguments(run, &missing);
    const struct build *build = runner->build;
    *outcome = (struct outcome){
        .assignment = run->assignment,
        .ranks = run->ranks,
        .simulated = run->simulated,
        .platform = g_strdup(run->platform),
        .platform_file = platform_file(runner, run),
        .synchronous = run->synchronous,
        .program = g_strdup(run->simulated ? build->simulated_program : build->program),
        .folder = g_strdup_printf("%s/evidence/%s", runner->work, name),
        .command = command_to_repeat(runner, run, arguments ? arguments : run->arguments, seed),
        .sanitized = sanitized_command(runner, run, arguments ? arguments : run->arguments, seed),
    };
    g_autoptr(GString) error = g_string_new(NULL);
    const char *lacking = arguments ? lacks_program(runner, run) : missing;
    if (lacking) {
        outcome_not_started(outcome, arguments ? g_strdup(lacking) : missing);
        return;
    }
    if (!sandbox_writable_folder(outcome->folder, sandbox_user(slot), error)) {
        outcome_not_started(outcome, g_strdup(error->str));
        return;
    }
    g_autofree char *program = g_build_filename(PROGRAM, "program", NULL);
    const char *seen_program = sandbox_path(outcome->program, program);
    const char *seen_evidence = sandbox_path(outcome->folder, EVIDENCE);
    GPtrArray *words = program_words(seen_program, arguments, seen_evidence, seed);
    char options_error[OPTIONS_ERROR_SIZE];
    if (!options_read(&outcome->options, run->assignment->options, (int)words->len,
                      (char **)words->pdata, options_error)) {
        outcome_not_started(outcome, g_strdup(options_error));
    } else {
        struct sandbox_result result;
        run_in_sandbox(runner, run, words, slot, outcome, &result);
        outcome_conclude(outcome, &result);
        if (!run->simulated)
            suspect_machine(runner, run, slot, outcome);
        sandbox_result_clear(&result);
    }
    g_ptr_array_free(words, TRUE);
}

/* A thread of Open MPI's own crashes now and then in MPI_Finalize, or never ends, whatever the program
 * did: Open MPI's issue 10117 and OpenPMIx's 2508 count about one run in a thousand. What the program
 * brought about itself happens again. */
static void run_again(const struct runner *runner, const struct rubric_run *run, const char *name,
                      uint64_t seed, int slot, struct outcome *outcome)
{
    g_autofree char *other = g_strconcat(name, "-again", NULL);
    outcome_clear(outcome);
    run_once(runner, run, other, seed, slot, outcome);
}

/* The same on the real machine: does it come to its end there? */
static bool is_fine_on_real_machine(const struct runner *runner, const struct rubric_run *run,
                                    const char *name, uint64_t seed, int slot)
{
    struct rubric_run real = *run;
    real.simulated = real.synchronous = false;
    real.platform = NULL;
    g_autofree char *other = g_strconcat(name, "-real", NULL);
    struct outcome outcome;
    run_once(runner, &real, other, seed, slot, &outcome);
    bool fine = outcome.end == RUN_FINISHED;
    outcome_clear(&outcome);
    return fine;
}

void runner_run(const struct runner *runner, const struct rubric_run *run, const char *check,
                int number, uint64_t seed, int slot, struct outcome *outcome)
{
    g_autofree char *name = g_strdup_printf("%s-%d", check, number);
    run_once(runner, run, name, seed, slot, outcome);
    if (!run->simulated) {
        if (outcome_ended_in_finalize(outcome))
            run_again(runner, run, name, seed, slot, outcome);
        return;
    }
    char *defect = simulation_defect(outcome);
    if (!defect && simulation_is_doubtful(outcome) &&
        is_fine_on_real_machine(runner, run, name, seed, slot))
        defect =
            g_strdup_printf("%s in the simulator, but comes to its end on the real machine%s%s",
                            outcome_end_name(outcome->end), outcome->trouble ? ": " : "",
                            outcome->trouble ? outcome->trouble : "");
    if (!defect)
        return;
    outcome->end = RUN_NOT_STARTED;
    g_free(outcome->trouble);
    outcome->trouble = defect;
}
