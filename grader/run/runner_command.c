/* What a run is started with; see runner_command.h. */
#include "grader/run/runner_command.h"

#include "common/files/dataset.h"
#include "grader/text/text.h"

#include <string.h>

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

char *runner_command(const struct runner *runner, const struct rubric_run *run,
                     const char *arguments, uint64_t seed)
{
    const char *submission =
        strcmp(runner->submission, "skeleton") == 0 ? NULL : runner->submission;
    g_autofree char *word = submission ? text_shell_word(submission) : NULL;
    g_autofree char *course = course_words(runner);
    const char *device = run->simulated ? NULL : build_device(runner->build);
    return g_strdup_printf("make %s ASSIGNMENT=%s%s%s%s NP=%d%s%s%s%s%s ARGS=\"%s --seed "
                           "%" G_GUINT64_FORMAT " --evidence /tmp/evidence\"",
                           run->simulated ? "simulate" : "train", runner->assignment,
                           word ? " SUBMISSION=" : "", word ? word : "", course, run->ranks,
                           device ? " DEVICE=" : "", device ? device : "",
                           run->simulated ? " PLATFORM=" : "", run->simulated ? run->platform : "",
                           run->synchronous ? " SYNCHRONOUS=1" : "", arguments, seed);
}

char *runner_sanitized_command(const struct runner *runner, const struct rubric_run *run,
                               const char *arguments, uint64_t seed)
{
    struct rubric_run real = *run;
    if (runner->build->sanitized)
        return NULL;
    real.simulated = real.synchronous = false;
    g_autofree char *command = runner_command(runner, &real, arguments, seed);
    return g_strconcat(command, " SANITIZE=1", NULL);
}
