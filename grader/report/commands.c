/* The commands to paste that reports give; see commands.h. */
#include "grader/report/commands.h"

#include "grader/rubric/rubric_cases.h"
#include "grader/run/runner_command.h"

#include <string.h>

char *report_make_command(const struct grade *grade, const char *what, const char *more)
{
    const struct runner *runner = grade->runner;
    const bool grades = strcmp(what, "grade") == 0;
    GString *command = runner_make_words(
        runner && runner->kit ? runner->kit : ".", what, grade->rubric->assignment,
        runner ? runner->submission : NULL, grades ? build_device(grade->build) : NULL);
    if (grades && grade->build->sanitized)
        g_string_append(command, " SANITIZE=1");
    g_string_append(command, more);
    return g_string_free(command, FALSE);
}

/* Does the check's story end with the command of this run? */
static bool is_told(const struct check_result *result, const struct run_summary *run)
{
    if (!run->command || !*run->command)
        return false;
    g_autofree char *line = g_strdup_printf("\n    %s\n", run->command);
    return strstr(result->verdict->explanation->str, line);
}

/* The run to repeat: the one that the check tells of, else the first that did not come to its end, else the first;
 * NULL: nothing was run. */
static const struct run_summary *run_to_repeat(const struct check_result *result)
{
    for (guint i = 0; i < result->runs->len; i++) {
        const struct run_summary *run = &g_array_index(result->runs, struct run_summary, i);
        if (is_told(result, run))
            return run;
    }
    for (guint i = 0; i < result->runs->len; i++) {
        const struct run_summary *run = &g_array_index(result->runs, struct run_summary, i);
        if (run->end != RUN_FINISHED && run->end != RUN_REFUSED)
            return run;
    }
    return result->runs->len > 0 ? &g_array_index(result->runs, struct run_summary, 0) : NULL;
}

char *report_repeat_command(const struct grade *grade, const struct check_result *result)
{
    const struct run_summary *run = run_to_repeat(result);
    if (run && g_str_has_prefix(run->command, "make grade "))
        return g_strdup(run->command);
    g_autofree char *which = rubric_case(result->check);
    g_autoptr(GString) words = g_string_new(NULL);
    g_string_append_printf(words, " CHECK=%s", result->check->name);
    if (run)
        g_string_append_printf(words, " SEED=%" G_GUINT64_FORMAT, run->seed);
    if (run && which)
        g_string_append_printf(words, " CASE=%s", which);
    return report_make_command(grade, "grade", words->str);
}

char *report_command(const struct grade *grade, const struct check_result *result)
{
    g_autofree char *words = g_strdup_printf(" CHECK=%s", result->check->name);
    return report_make_command(grade, "grade", words);
}
