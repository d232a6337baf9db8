/* One run of the program. */
#include "grader/runner.h"

#include "common/dataset.h"
#include "grader/hang.h"
#include "grader/outcome.h"
#include "grader/sandbox.h"
#include "grader/text.h"

#include <string.h>

#define EVIDENCE         "/evidence"
#define PROGRAM          "/program"
#define PROCESSES_AROUND 12 /* bubblewrap, mpirun, … */

/* ---- the command ------------------------------------------------------------------- */

/* Open MPI's own settings: many ranks on few cores, in one sandbox without a network. */
static const char *const mpi_environment[] = {
    "OMP_NUM_THREADS=1",
    "OPENBLAS_NUM_THREADS=1",
    "OMPI_ALLOW_RUN_AS_ROOT=1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
    "OMPI_MCA_rmaps_base_oversubscribe=1",
    "OMPI_MCA_hwloc_base_binding_policy=none",
    "OMPI_MCA_mpi_yield_when_idle=1",
    "OMPI_MCA_plm=isolated",
    "OMPI_MCA_btl=self,vader",
    "OMPI_MCA_pml=ob1",
    "OMPI_MCA_btl_vader_single_copy_mechanism=none",
    "UBSAN_OPTIONS=print_stacktrace=1",
    "ASAN_OPTIONS=detect_leaks=0",
};

const char *runner_arguments(const struct rubric_run *run, char **missing)
{
    struct options options;
    char error[OPTIONS_ERROR_SIZE], why[DATASET_ERROR_SIZE];
    const char *choices[] = {run->arguments, run->otherwise};
    *missing = NULL;
    for (int i = 0; i < 2 && choices[i]; i++) {
        if (!rubric_parse_arguments(choices[i], &options, error)) {
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

static char *command_to_repeat(const struct runner *runner, int ranks, const char *arguments,
                               uint64_t seed)
{
    const char *submission =
        strcmp(runner->submission, "skeleton") == 0 ? NULL : runner->submission;
    static const char harmless[] = G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/._-";
    bool simple = submission && strspn(submission, harmless) == strlen(submission);
    g_autofree char *quoted = !submission ? NULL
                              : simple    ? g_strdup(submission)
                                          : g_shell_quote(submission);
    g_autofree char *clean = quoted ? text_clean(quoted, strlen(quoted), 1000) : NULL;
    return g_strdup_printf("make train ASSIGNMENT=%s%s%s NP=%d ARGS=\"%s --seed %" G_GUINT64_FORMAT
                           " --evidence /tmp/evidence\"",
                           runner->assignment, clean ? " SUBMISSION=" : "", clean ? clean : "",
                           ranks, arguments, seed);
}

/* ---- the run --------------------------------------------------------------------------- */

static void run_in_sandbox(const struct runner *runner, const struct rubric_run *run,
                           GPtrArray *program, int slot, struct outcome *outcome,
                           struct sandbox_result *result)
{
    g_autofree char *objects = g_path_get_dirname(runner->build->program);
    g_autofree char *ranks = g_strdup_printf("%d", run->ranks);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(GPtrArray) environment = g_ptr_array_new();
    char *mpirun[] = {"mpirun", "-n", ranks};
    for (guint i = 0; i < G_N_ELEMENTS(mpirun); i++)
        g_ptr_array_add(words, mpirun[i]);
    for (guint i = 0; i < program->len; i++)
        g_ptr_array_add(words, program->pdata[i]);
    g_ptr_array_add(words, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(mpi_environment); i++)
        g_ptr_array_add(environment, (char *)mpi_environment[i]);

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
    struct sandbox_command command = {
        .words = (char *const *)words->pdata,
        .environment = (char *const *)environment->pdata,
        .see = see,
        .write = {outcome->folder, EVIDENCE},
        .folder = sandbox_path(runner->build->tree, BUILD_TREE),
        .limits = sandbox_limits_default(),
        .user = sandbox_user(slot),
        .is_stuck = hang_is_stuck,
        .context = hang,
    };
    command.limits.seconds = run->seconds;
    command.limits.processes = 2 * run->ranks + PROCESSES_AROUND;
    sandbox_run(&command, result);
    hang_watch_free(hang);
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
    for (int rank = 0; rank < outcome->ranks; rank++)
        if (outcome->log[rank].count > 0)
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

void run_program(const struct runner *runner, const struct rubric_run *run, const char *check,
                 int number, uint64_t seed, int slot, struct outcome *outcome)
{
    char *missing;
    const char *arguments = runner_arguments(run, &missing);
    *outcome = (struct outcome){
        .ranks = run->ranks,
        .program = g_strdup(runner->build->program),
        .folder = g_strdup_printf("%s/evidence/%s-%d", runner->work, check, number),
        .command =
            command_to_repeat(runner, run->ranks, arguments ? arguments : run->arguments, seed),
    };
    g_autoptr(GString) error = g_string_new(NULL);
    if (!arguments) {
        outcome_not_started(outcome, missing);
        return;
    }
    if (!sandbox_writable_folder(outcome->folder, sandbox_user(slot), error)) {
        outcome_not_started(outcome, g_strdup(error->str));
        return;
    }
    g_autofree char *program = g_build_filename(PROGRAM, "program", NULL);
    const char *seen_program = sandbox_path(runner->build->program, program);
    const char *seen_evidence = sandbox_path(outcome->folder, EVIDENCE);
    GPtrArray *words = program_words(seen_program, arguments, seen_evidence, seed);
    char options_error[OPTIONS_ERROR_SIZE];
    if (!options_read(&outcome->options, (int)words->len, (char **)words->pdata, options_error)) {
        outcome_not_started(outcome, g_strdup(options_error));
    } else {
        struct sandbox_result result;
        run_in_sandbox(runner, run, words, slot, outcome, &result);
        outcome_conclude(outcome, &result);
        suspect_machine(runner, run, slot, outcome);
        sandbox_result_clear(&result);
    }
    g_ptr_array_free(words, TRUE);
}
