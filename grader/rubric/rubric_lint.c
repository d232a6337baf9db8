/* The rubric's linter, and questions that the grader asks the rubric. */
#include "grader/rubric/rubric_lint.h"

#include <libconfig.h>
#include <math.h>
#include <string.h>

struct rubric_check *rubric_find(const struct rubric *rubric, const char *name)
{
    for (guint i = 0; i < rubric->checks->len; i++)
        if (strcmp(RUBRIC_CHECKS(rubric, i)->name, name) == 0)
            return RUBRIC_CHECKS(rubric, i);
    return NULL;
}

static double points_of(const struct rubric *rubric, bool bonus)
{
    double points = 0;
    for (guint i = 0; i < rubric->tiers->len; i++)
        if (RUBRIC_TIERS(rubric, i)->bonus == bonus)
            points += RUBRIC_TIERS(rubric, i)->points;
    return points;
}

double rubric_points(const struct rubric *rubric)
{
    return points_of(rubric, false);
}

double rubric_bonus_points(const struct rubric *rubric)
{
    return points_of(rubric, true);
}

bool rubric_check_is_bonus(const struct rubric *rubric, const struct rubric_check *check)
{
    return RUBRIC_TIERS(rubric, check->tier)->bonus;
}

bool rubric_check_needs(const struct rubric *rubric, const struct rubric_check *check,
                        const char *path)
{
    g_autofree char *own = g_strconcat(rubric->assignment, "/", NULL);
    const char *name = g_str_has_prefix(path, own) ? path + strlen(own) : path;
    return g_ptr_array_find_with_equal_func(check->files, name, g_str_equal, NULL);
}

int rubric_check_abouts(const struct rubric_check *check)
{
    return check->about && check->about->len > 0 ? (int)check->about->len : 1;
}

const char *rubric_check_about(const struct rubric_check *check, int i)
{
    if (check->about && check->about->len > 0)
        return check->about->pdata[i];
    return check->files->len > 0 ? check->files->pdata[check->files->len - 1] : "";
}

bool rubric_check_is_simulated(const struct rubric_check *check)
{
    for (guint i = 0; i < check->runs->len; i++)
        if (RUBRIC_RUNS(check, i)->simulated)
            return true;
    return false;
}

bool rubric_parse_arguments(const struct rubric_run *run, const char *arguments,
                            struct options *options, char error[OPTIONS_ERROR_SIZE])
{
    /* which the runner adds, and some options need */
    g_autofree char *line = g_strconcat("program --evidence evidence ", arguments, NULL);
    g_auto(GStrv) words = NULL;
    int count;
    GError *problem = NULL;
    if (!g_shell_parse_argv(line, &count, &words, &problem)) {
        g_strlcpy(error, problem->message, OPTIONS_ERROR_SIZE);
        g_error_free(problem);
        return false;
    }
    return options_read(options, run->assignment->options, count, words, error);
}

/* ---- the linter ------------------------------------------------------------------ */

struct lint {
    const struct rubric *rubric;
    const char *path;
    GString *errors;
};

#define FAULT(lint, line, ...)                                                                     \
    do {                                                                                           \
        g_string_append_printf((lint)->errors, "%s:%d: ", (lint)->path, line);                     \
        g_string_append_printf((lint)->errors, __VA_ARGS__);                                       \
        g_string_append_c((lint)->errors, '\n');                                                   \
    } while (0)

static bool has_file(const struct rubric *rubric, const char *name)
{
    for (guint i = 0; i < rubric->files->len; i++)
        if (strcmp(RUBRIC_FILES(rubric, i)->name, name) == 0)
            return true;
    for (guint i = 0; i < rubric->used_files->len; i++)
        if (strcmp(RUBRIC_USED_FILES(rubric, i)->name, name) == 0)
            return true;
    return false;
}

static void lint_duplicates(const struct lint *lint)
{
    const struct rubric *rubric = lint->rubric;
    for (guint i = 0; i < rubric->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(rubric, i);
        if (rubric_find(rubric, check->name) != check)
            FAULT(lint, check->line, "two checks are called \"%s\"", check->name);
        for (const char *c = check->name; *c; c++)
            if (!g_ascii_isalnum(*c) && *c != '_')
                FAULT(lint, check->line, "\"%s\": a name has letters, digits and _", check->name);
    }
    for (guint i = 0; i < rubric->files->len; i++)
        for (guint j = 0; j < i; j++)
            if (strcmp(RUBRIC_FILES(rubric, i)->name, RUBRIC_FILES(rubric, j)->name) == 0)
                FAULT(lint, 1, "file \"%s\" is listed twice", RUBRIC_FILES(rubric, i)->name);
}

static void lint_points(const struct lint *lint)
{
    const struct rubric *rubric = lint->rubric;
    for (guint t = 0; t < rubric->tiers->len; t++) {
        const struct rubric_tier *tier = RUBRIC_TIERS(rubric, t);
        double sum = 0;
        for (guint i = 0; i < rubric->checks->len; i++)
            if (RUBRIC_CHECKS(rubric, i)->tier == (int)t)
                sum += RUBRIC_CHECKS(rubric, i)->points;
        if (fabs(sum - tier->points) > 1e-6)
            FAULT(lint, tier->line, "\"%s\" is worth %g points, but its checks add up to %g",
                  tier->name, tier->points, sum);
    }
}

/* Is `name` reached from check by following `after`? */
static bool reaches(const struct rubric *rubric, const struct rubric_check *check, const char *name,
                    guint depth)
{
    if (depth > rubric->checks->len)
        return false;
    for (guint i = 0; i < check->after->len; i++) {
        const char *before = check->after->pdata[i];
        const struct rubric_check *next = rubric_find(rubric, before);
        if (strcmp(before, name) == 0 || (next && reaches(rubric, next, name, depth + 1)))
            return true;
    }
    return false;
}

static void lint_check(const struct lint *lint, const struct rubric_check *check)
{
    static const char *const visibilities[] = {"visible", "hidden", "after_due_date",
                                               "after_published", NULL};
    for (guint i = 0; i < check->files->len; i++)
        if (!has_file(lint->rubric, check->files->pdata[i]))
            FAULT(lint, check->line, "check \"%s\" needs \"%s\", which is not among the files",
                  check->name, (char *)check->files->pdata[i]);
    for (guint i = 0; i < check->about->len; i++)
        if (!has_file(lint->rubric, check->about->pdata[i]))
            FAULT(lint, check->line, "check \"%s\" is about \"%s\", which is not among the files",
                  check->name, (char *)check->about->pdata[i]);
    for (guint i = 0; i < check->builds_on->len; i++)
        if (!has_file(lint->rubric, check->builds_on->pdata[i]))
            FAULT(lint, check->line, "check \"%s\" builds on \"%s\", which is not among the files",
                  check->name, (char *)check->builds_on->pdata[i]);
    for (guint i = 0; i < check->after->len; i++)
        if (!rubric_find(lint->rubric, check->after->pdata[i]))
            FAULT(lint, check->line, "check \"%s\" comes after \"%s\", which does not exist",
                  check->name, (char *)check->after->pdata[i]);
    if (reaches(lint->rubric, check, check->name, 0))
        FAULT(lint, check->line, "check \"%s\" comes after itself", check->name);
    if (!g_strv_contains(visibilities, check->visibility))
        FAULT(lint, check->line, "check \"%s\": visibility \"%s\" is not one of Gradescope's",
              check->name, check->visibility);
    if (!check->judge && check->runs->len > 0)
        FAULT(lint, check->line, "check \"%s\" is for a person and can't have runs", check->name);
    if (!check->judge == !check->heading)
        FAULT(lint, check->line, "check \"%s\": a heading goes with judge = \"person\"",
              check->name);
}

/* The course's files stand in for those of a used assignment where one that a check needs can't be
 * used, or where what it needs does not pass; so some check has to say that it needs one. */
static void lint_uses(const struct lint *lint)
{
    for (guint u = 0; u < lint->rubric->uses->len; u++) {
        const char *used = lint->rubric->uses->pdata[u];
        g_autofree char *folder = g_strconcat(used, "/", NULL);
        bool needed = false;
        for (guint c = 0; c < lint->rubric->checks->len; c++) {
            const GPtrArray *files = RUBRIC_CHECKS(lint->rubric, c)->files;
            for (guint i = 0; i < files->len; i++)
                needed = needed || g_str_has_prefix(files->pdata[i], folder);
            needed |= rubric_check_needs_checks_of(RUBRIC_CHECKS(lint->rubric, c), used);
        }
        if (!needed)
            FAULT(lint, 1,
                  "uses \"%s\": no check names a file of it in its files (\"%sFILE.c\"), or one of "
                  "its "
                  "checks in its needs (\"%sCHECK\")",
                  used, folder, folder);
    }
}

void rubric_lint(const struct rubric *rubric, const char *path, GString *errors)
{
    struct lint lint = {rubric, path, errors};
    lint_duplicates(&lint);
    lint_uses(&lint);
    lint_points(&lint);
    for (guint i = 0; i < rubric->checks->len; i++)
        lint_check(&lint, RUBRIC_CHECKS(rubric, i));
}
