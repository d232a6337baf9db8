/* Sizes of runs, drawn or given; see cases.h. */
#include "grader/cases.h"

#include "grader/rubric/rubric_cases.h"
#include "grader/submission/secret.h"

#include <stdio.h>
#include <string.h>

static bool draw(const struct arguments *arguments, struct rubric *rubric, GString *error)
{
    struct secret secret;
    if (!secret_read(&secret, arguments->secret, arguments->year, error))
        return false;
    rubric_draw(rubric, secret.bytes, secret.length);
    secret_clear(&secret);
    return true;
}

bool grader_take_case(const struct arguments *arguments, struct rubric *rubric, const char *only,
                      GString *error)
{
    if (arguments->year != 0 && !draw(arguments, rubric, error))
        return false;
    return !arguments->which || rubric_take(rubric, only, arguments->which, error);
}

/* ---- the table ------------------------------------------------------------------------------------- */

static void append_words(const char *what, const struct rubric_run *run, GString *text)
{
    g_string_append_printf(text, "    %-6s NP=%-2d %s\n", what, run->ranks, run->arguments);
}

/* A run in two lines: what is drawn, and what it is in the kit. */
static void append_run(const struct rubric_run *own, const struct rubric_run *drawn, guint number,
                       GString *text)
{
    const bool same = own->ranks == drawn->ranks && strcmp(own->arguments, drawn->arguments) == 0;
    g_string_append_printf(text, "  run %u%s%s\n", number, drawn->simulated ? ", simulated" : "",
                           same ? ", as in the kit" : "");
    append_words(same ? "" : "drawn", drawn, text);
    if (!same)
        append_words("kit", own, text);
}

static void append_check(const struct rubric_check *own, const struct rubric_check *drawn,
                         GString *text)
{
    g_autofree char *taken = rubric_case(drawn);
    g_string_append_printf(text, "\n%s  CASE=%s, one of %g\n", drawn->name, taken ? taken : "0",
                           rubric_cases(drawn));
    for (guint i = 0; i < drawn->runs->len; i++)
        if (RUBRIC_RUNS(drawn, i)->form)
            append_run(RUBRIC_RUNS(own, i), RUBRIC_RUNS(drawn, i), i + 1, text);
}

static void append_all(const struct rubric *own, const struct rubric *drawn, int year,
                       GString *text)
{
    guint vary = 0, differ = 0;
    g_autoptr(GString) checks = g_string_new(NULL);
    for (guint i = 0; i < drawn->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(drawn, i);
        g_autofree char *taken = rubric_case(check);
        if (check->variables->len == 0)
            continue;
        vary++;
        differ += taken != NULL;
        append_check(RUBRIC_CHECKS(own, i), check, checks);
    }
    g_string_append_printf(
        text, "%s in %d: sizes vary in %u of %u checks, and differ from the kit's own in %u\n%s",
        drawn->assignment, year, vary, drawn->checks->len, differ, checks->str);
}

bool grader_show_cases(const struct arguments *arguments)
{
    g_autofree char *path = arguments_rubric_path(arguments);
    g_autoptr(GString) error = g_string_new(NULL), text = g_string_new(NULL);
    struct rubric *own = NULL, *drawn = NULL;
    if (grader_has_assignment(arguments, error) && (own = rubric_load(path, error)) &&
        (drawn = rubric_load(path, error)) && grader_take_case(arguments, drawn, NULL, error))
        append_all(own, drawn, arguments->year, text);
    if (error->len > 0)
        grader_complain(error->str);
    fputs(text->str, stdout);
    rubric_free(own);
    rubric_free(drawn);
    return error->len == 0;
}
