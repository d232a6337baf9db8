/* What a run is started with; see runner_command.h. */
#include "grader/run/runner_command.h"

#include "common/files/dataset.h"
#include "grader/text/text.h"
#include "grader/verdict/assignment.h"

const char *runner_arguments(const struct rubric_run *run, char **missing, bool *is_wrong)
{
    char error[OPTIONS_ERROR_SIZE], why[DATASET_ERROR_SIZE];
    const char *choices[] = {run->arguments, run->otherwise};
    enum dataset_state state = DATASET_ABSENT;
    *missing = NULL;
    for (int i = 0; i < 2 && choices[i] && state == DATASET_ABSENT; i++) {
        struct options options = {0};
        const bool good = rubric_parse_arguments(run, choices[i], &options, error);
        state = good && options.probe[0] ? DATASET_READY : dataset_look(options.dataset, why);
        if (good && state == DATASET_READY) {
            g_clear_pointer(missing, g_free);
            return choices[i];
        }
        g_free(*missing);
        *missing = g_strdup(state == DATASET_READY ? error : why);
    }
    if (is_wrong)
        *is_wrong = state == DATASET_WRONG;
    return NULL;
}

GPtrArray *runner_program_words(const char *program, const char *arguments, const char *evidence,
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

/* ---- to be pasted ------------------------------------------------------------------------------ */

/* What the user gave to make stands in the environment, and is given again; else it is what make takes itself. */
static bool is_implied(const char *name, const char *value, const char *usual)
{
    return g_strcmp0(value, usual) == 0 && !g_getenv(name);
}

GString *runner_make_words(const char *kit, const char *what, const char *assignment,
                           const char *submission, const char *device)
{
    GString *words = g_string_new("make ");
    g_autofree char *usual = kit ? assignment_default(kit) : NULL;
    g_string_append(words, what);
    if (!is_implied("ASSIGNMENT", assignment, usual))
        g_string_append_printf(words, " ASSIGNMENT=%s", assignment);
    if (submission && !is_implied("SUBMISSION", submission, "skeleton")) {
        g_autofree char *word = text_shell_word(submission);
        g_string_append_printf(words, " SUBMISSION=%s", word);
    }
    if (device)
        g_string_append_printf(words, " DEVICE=%s", device);
    return words;
}

/* device: the run computes on it; NULL: on the processor. */
static GString *begin_command(const struct runner *runner, const char *what, const char *device)
{
    return runner_make_words(runner->kit, what, runner->assignment, runner->submission, device);
}

static void append_sanitize(GString *words, const struct runner *runner)
{
    if (runner->build->sanitized)
        g_string_append(words, " SANITIZE=1");
}

char *runner_command(const struct runner *runner, uint64_t seed)
{
    GString *words = begin_command(runner, "grade", build_device(runner->build));
    g_string_append_printf(words, " CHECK=%s SEED=%" G_GUINT64_FORMAT, runner->check, seed);
    if (runner->which)
        g_string_append_printf(words, " CASE=%s", runner->which);
    append_sanitize(words, runner);
    return g_string_free(words, FALSE);
}

/* " COURSE="a b"": of which assignments it takes the course's files. */
static void append_course(GString *words, const struct runner *runner)
{
    const GPtrArray *course = build_course(runner->build);
    for (guint i = 0; i < course->len; i++)
        g_string_append_printf(words, "%s%s", i == 0 ? " COURSE=\"" : " ",
                               (char *)course->pdata[i]);
    if (course->len > 0)
        g_string_append_c(words, '"');
}

char *runner_by_hand(const struct runner *runner, const struct rubric_run *run,
                     const char *arguments, uint64_t seed)
{
    GString *words = begin_command(runner, run->simulated ? "simulate" : "train",
                                   run->simulated ? NULL : build_device(runner->build));
    append_course(words, runner);
    g_string_append_printf(words, " NP=%d", run->ranks);
    if (run->simulated)
        g_string_append_printf(words, " PLATFORM=%s", run->platform);
    if (run->synchronous)
        g_string_append(words, " SYNCHRONOUS=1");
    append_sanitize(words, runner);
    g_string_append_printf(words,
                           " ARGS=\"%s --seed %" G_GUINT64_FORMAT " --evidence build/evidence\"",
                           arguments, seed);
    return g_string_free(words, FALSE);
}

char *runner_sanitized_command(const struct runner *runner, const struct rubric_run *run,
                               const char *arguments, uint64_t seed)
{
    if (runner->build->sanitized)
        return NULL;
    struct rubric_run real = *run;
    real.simulated = real.synchronous = false;
    g_autofree char *command = run->simulated ? runner_by_hand(runner, &real, arguments, seed)
                                              : runner_command(runner, seed);
    return g_strconcat(command, " SANITIZE=1", NULL);
}
