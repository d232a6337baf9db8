/* One run of the program. */
#include "grader/run/runner.h"

#include "common/files/dataset.h"
#include "grader/run/doubts.h"
#include "grader/run/hang.h"
#include "grader/run/outcome.h"
#include "grader/run/runner_command.h"
#include "grader/run/simulation.h"
#include "grader/sandbox/sandbox.h"

#include <string.h>

/* What a quarantine holds back would look like memory that the program keeps. MPI leaks by itself. */
#define ASAN_OPTIONS "ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=4:log_path="

/* The simulated cluster has no GPU. */
static const struct workplace_device *device_of(const struct runner *runner,
                                                const struct rubric_run *run)
{
    return run->simulated || !build_device(runner->build) ? NULL
                                                          : &runner->build->workplace->device;
}

static double patience_with(const struct runner *runner, const struct rubric_run *run)
{
    const struct workplace_device *device = device_of(runner, run);
    return device ? workplace_device_patience(device) : 1;
}

/* How a run is to be made, but for what only it has: fills see and environment, which have to outlive
 * it. */
static struct workplace_run prepare_run(const struct runner *runner, const struct rubric_run *run,
                                        const struct options *options, int slot,
                                        struct sandbox_bind see[DATASET_MOST_FILES + 1],
                                        GPtrArray *environment)
{
    const struct build *build = runner->build;
    const struct runner_data_set *data = runner_data_of(runner->data, options);
    guint binds = 0;
    if (data && data->environment) {
        for (; binds < data->see->len; binds++)
            see[binds] = g_array_index(data->see, struct sandbox_bind, binds);
        g_ptr_array_add(environment, g_strdup(data->environment));
    }
    see[binds] = (struct sandbox_bind){0};
    return (struct workplace_run){
        .tree = build->tree,
        .program = run->simulated ? build->simulated_program : build->program,
        .ranks = run->ranks,
        .device = device_of(runner, run),
        .simulated = run->simulated,
        .synchronous = run->synchronous,
        .platform = run->platform,
        .data = see,
        .seconds = run->seconds * patience_with(runner, run),
        .slot = slot,
    };
}

/* program: its words, the first of which is its own name. */
static void run_in_sandbox(const struct runner *runner, const struct rubric_run *run,
                           const GPtrArray *program, int slot, struct outcome *outcome,
                           struct sandbox_result *result)
{
    struct sandbox_bind see[DATASET_MOST_FILES + 1];
    g_autoptr(GPtrArray) environment = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    struct workplace_run how = prepare_run(runner, run, &outcome->options, slot, see, environment);
    struct hang_watch *hang = hang_watch_new(outcome->folder, run->ranks);
    hang->hasty = runner->hasty;
    hang_be_patient(hang, patience_with(runner, run));
    g_ptr_array_add(environment,
                    g_strdup_printf(ASAN_OPTIONS "%s/" OUTCOME_FAULT,
                                    sandbox_path(outcome->folder, WORKPLACE_EVIDENCE)));
    g_ptr_array_add(environment, NULL);
    for (guint i = 1; i < program->len; i++)
        g_ptr_array_add(arguments, program->pdata[i]);
    g_ptr_array_add(arguments, NULL);
    how.evidence = outcome->folder;
    how.arguments = (char *const *)arguments->pdata;
    how.environment = (char *const *)environment->pdata;
    how.is_stuck = hang_is_stuck;
    how.before_end = hang_ask_where;
    how.context = hang;
    workplace_run(&how, result);
    if (hang->stuck_for_haste && result->end == SANDBOX_STUCK) {
        char *trouble = g_strdup_printf("%s (" RUNNER_HASTE ")", result->trouble);
        g_free(result->trouble);
        result->trouble = trouble;
    }
    hang_watch_free(hang);
}

/* Why there is nothing to run, and whose doing that is; NULL: there is. */
static const char *lacks_program(const struct runner *runner, const struct rubric_run *run,
                                 enum culprit *culprit)
{
    const struct build *build = runner->build;
    *culprit = run->simulated ? build->simulated_culprit : build->culprit;
    if (!run->simulated)
        return build->program ? NULL : "there is no program";
    if (!build->simulated_program)
        return build->simulated_trouble ? build->simulated_trouble
                                        : "it was not built for the simulator";
    *culprit = CULPRIT_NOBODY;
    return simulation_is_possible() ? NULL : BUILD_NO_SIMULATOR;
}

/* NULL on the real machine. */
static char *platform_file(const struct runner *runner, const struct rubric_run *run)
{
    g_autofree char *name = g_strdup_printf("%s.xml", run->platform ? run->platform : "");
    return run->simulated ? g_build_filename(runner->kit, "common", "platforms", name, NULL) : NULL;
}

/* Judges compute on the processor: what they read of the options has no GPU in it. An option of the check's own, as
 * --device meta, stands behind and wins. */
static void add_device(const struct runner *runner, const struct rubric_run *run, GPtrArray *words)
{
    const struct workplace_device *device = device_of(runner, run);
    if (!device)
        return;
    g_ptr_array_insert(words, 1, g_strdup("--device"));
    g_ptr_array_insert(words, 2, g_strdup(device->name));
}

static void run_once(const struct runner *runner, const struct rubric_run *run, const char *name,
                     uint64_t seed, int slot, struct outcome *outcome)
{
    char *missing;
    bool is_wrong = false;
    const char *arguments = runner_arguments(run, &missing, &is_wrong);
    const struct build *build = runner->build;
    *outcome = (struct outcome){
        .assignment = run->assignment,
        .ranks = run->ranks,
        .simulated = run->simulated,
        .device = run->simulated ? NULL : build_device(build),
        .platform = g_strdup(run->platform),
        .platform_file = platform_file(runner, run),
        .synchronous = run->synchronous,
        .program = g_strdup(run->simulated ? build->simulated_program : build->program),
        .folder = g_strdup_printf("%s/evidence/%s", runner->work, name),
        .command = runner_command(runner, seed),
        .by_hand = runner_by_hand(runner, run, arguments ? arguments : run->arguments, seed),
        .sanitized =
            runner_sanitized_command(runner, run, arguments ? arguments : run->arguments, seed),
    };
    g_autoptr(GString) error = g_string_new(NULL);
    enum culprit culprit = is_wrong ? CULPRIT_MACHINE : CULPRIT_NOBODY;
    const char *lacking = arguments ? lacks_program(runner, run, &culprit) : missing;
    if (lacking) {
        outcome_not_started(outcome, culprit, arguments ? g_strdup(lacking) : missing);
        return;
    }
    if (!sandbox_writable_folder(outcome->folder, sandbox_user(slot), error)) {
        outcome_not_started(outcome, CULPRIT_MACHINE, g_strdup(error->str));
        return;
    }
    const char *seen_program = sandbox_path(outcome->program, WORKPLACE_PROGRAM "/program");
    const char *seen_evidence = sandbox_path(outcome->folder, WORKPLACE_EVIDENCE);
    GPtrArray *words = runner_program_words(seen_program, arguments, seen_evidence, seed);
    char options_error[OPTIONS_ERROR_SIZE];
    if (!options_read(&outcome->options, run->assignment->options, (int)words->len,
                      (char **)words->pdata, options_error)) {
        outcome_not_started(outcome, CULPRIT_KIT, g_strdup(options_error));
    } else {
        struct sandbox_result result;
        add_device(runner, run, words);
        run_in_sandbox(runner, run, words, slot, outcome, &result);
        outcome_conclude(outcome, &result);
        sandbox_result_clear(&result);
    }
    g_ptr_array_free(words, TRUE);
}

/* What the program brought about itself happens again. */
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

/* Does the control run as this run should have? Else the sentence. */
static bool control_passes(const struct runner *runner, const struct rubric_run *run,
                           const struct outcome *outcome, int slot, GString *trouble)
{
    struct sandbox_bind see[DATASET_MOST_FILES + 1];
    g_autoptr(GPtrArray) environment = g_ptr_array_new_with_free_func(g_free);
    struct workplace_run how = prepare_run(runner, run, &outcome->options, slot, see, environment);
    g_ptr_array_add(environment, NULL);
    how.environment = (char *const *)environment->pdata;
    return workplace_runs(runner->build->workplace, &how, trouble);
}

/* A run that failed in a way that could be the machine's: the control tells, and where it passes the
 * run is made once more, because what fills or ends by itself is gone by then. */
static void dispel_doubts(const struct runner *runner, const struct rubric_run *run,
                          const char *name, uint64_t seed, int slot, struct outcome *outcome)
{
    g_autoptr(GString) trouble = g_string_new(NULL);
    if (!doubts_about(outcome))
        return;
    if (!control_passes(runner, run, outcome, slot, trouble)) {
        outcome_discount(outcome, CULPRIT_MACHINE, g_strdup(trouble->str));
        return;
    }
    const bool sent_before = doubts_was_sent_signal(outcome);
    run_again(runner, run, name, seed, slot, outcome);
    if (doubts_was_sent_signal(outcome) && !runner->build->sends_signals)
        outcome_discount(
            outcome, CULPRIT_UNKNOWN,
            g_strdup_printf(DOUBTS_SENT,
                            sent_before ? "ended twice" : "ended, when it was tried again,",
                            outcome->signal, strsignal(outcome->signal)));
    if (doubts_had_no_device(outcome))
        outcome_discount(outcome, CULPRIT_UNKNOWN,
                         g_strdup_printf(DOUBTS_NO_DEVICE, outcome->output));
}

/* The simulator did not do what it should: is it the simulator, or what it needs of this machine? Takes
 * defect over. */
static void blame_kit(const struct runner *runner, const struct rubric_run *run, int slot,
                      char *defect, struct outcome *outcome)
{
    g_autoptr(GString) trouble = g_string_new(NULL);
    if (control_passes(runner, run, outcome, slot, trouble)) {
        outcome_discount(outcome, CULPRIT_KIT, defect);
        return;
    }
    g_free(defect);
    outcome_discount(outcome, CULPRIT_MACHINE, g_strdup(trouble->str));
}

/* Where a rank crashed in the simulator, if that is a line of a file of the submission's: "file.c:12", of another
 * assignment's "another/file.c:12"; else NULL. The kit says "rank 1 crashed (Aborted) at file.c:12". */
static char *own_place_of_crash(const struct runner *runner, const struct outcome *outcome)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) line = g_regex_new("^rank \\d+ crashed \\([^)\n]*\\) at ([^\\s:]+):(\\d+)$",
                                         G_REGEX_MULTILINE, 0, NULL);
    if (!g_regex_match(line, outcome->output, 0, &match))
        return NULL;
    g_autofree char *path = g_match_info_fetch(match, 1), *number = g_match_info_fetch(match, 2);
    g_autofree char *file = g_path_get_basename(path);
    const char *known = build_find(runner->build, path)   ? path
                        : build_find(runner->build, file) ? file
                                                          : NULL;
    return known ? g_strconcat(known, ":", number, NULL) : NULL;
}

/* It ends as it should on the real machine, and not in the simulator. Nobody knows whose fault it is if the submission's
 * own line crashes: what was never set may be anything, on one machine more than on the other. */
static void blame_for_difference(const struct runner *runner, const struct rubric_run *run,
                                 int slot, struct outcome *outcome)
{
    g_autofree char *place = own_place_of_crash(runner, outcome);
    if (place)
        outcome_discount(
            outcome, CULPRIT_UNKNOWN,
            g_strdup_printf(
                "crashed at %s in the simulator, but comes to its end on the real machine: "
                "does anything there depend on an address, or was never set?",
                place));
    else
        blame_kit(
            runner, run, slot,
            g_strdup_printf("%s in the simulator, but comes to its end on the real machine%s%s",
                            outcome_end_name(outcome->end), outcome->trouble ? ": " : "",
                            outcome->trouble ? outcome->trouble : ""),
            outcome);
}

void runner_run(const struct runner *runner, const struct rubric_run *run, const char *check,
                int number, uint64_t seed, int slot, struct outcome *outcome)
{
    g_autofree char *name = g_strdup_printf("%s-%d", check, number);
    run_once(runner, run, name, seed, slot, outcome);
    dispel_doubts(runner, run, name, seed, slot, outcome);
    if (!run->simulated) {
        /* A thread of Open MPI's own crashes now and then in MPI_Finalize, or never ends, whatever the
         * program did: Open MPI's issue 10117 and OpenPMIx's 2508 count about one run in a thousand. */
        g_autofree char *other = g_strconcat(name, "-finalize", NULL);
        if (outcome_ended_in_finalize(outcome))
            run_again(runner, run, other, seed, slot, outcome);
        return;
    }
    if (outcome->end == RUN_NOT_STARTED)
        return;
    char *defect = simulation_defect(outcome);
    if (defect)
        blame_kit(runner, run, slot, defect, outcome);
    else if (simulation_is_doubtful(outcome) &&
             is_fine_on_real_machine(runner, run, name, seed, slot))
        blame_for_difference(runner, run, slot, outcome);
}
