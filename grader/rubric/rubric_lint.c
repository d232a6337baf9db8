/* The rubric's linter, and questions that the grader asks the rubric. */
#include "grader/rubric/rubric_lint.h"

#include "grader/text/nearest.h"

#include <math.h>
#include <string.h>

struct rubric_check *rubric_find(const struct rubric *rubric, const char *name)
{
    for (guint i = 0; i < rubric->checks->len; i++)
        if (strcmp(RUBRIC_CHECKS(rubric, i)->name, name) == 0)
            return RUBRIC_CHECKS(rubric, i);
    return NULL;
}

void rubric_append_meant_check(const struct rubric *rubric, const char *name, GString *text)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < rubric->checks->len; i++)
        g_ptr_array_add(names, RUBRIC_CHECKS(rubric, i)->name);
    g_ptr_array_add(names, NULL);
    text_append_meant(text, name, (const char *const *)names->pdata);
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
    const struct rubric_reader *reader;
    config_setting_t *root; /* what the rubric was read from */
};

/* The group that a tier was read from. */
static config_setting_t *tier_setting(const struct lint *lint, int tier)
{
    return config_setting_get_elem(config_setting_get_member(lint->root, "tiers"), (unsigned)tier);
}

/* The setting of a check under a key, or its whole group. */
config_setting_t *rubric_setting_of(config_setting_t *root, const struct rubric *rubric,
                                    const struct rubric_check *check, const char *key)
{
    unsigned place = 0; /* in its tier */
    for (const struct rubric_check *c = RUBRIC_CHECKS(rubric, 0); c < check; c++)
        place += c->tier == check->tier;
    config_setting_t *tier =
        config_setting_get_elem(config_setting_get_member(root, "tiers"), (unsigned)check->tier);
    config_setting_t *group =
        config_setting_get_elem(config_setting_get_member(tier, "checks"), place);
    config_setting_t *setting = key ? config_setting_get_member(group, key) : NULL;
    return setting ? setting : group;
}

#define FAULT(lint, check, key, ...)                                                               \
    rubric_complain((lint)->reader, rubric_setting_of((lint)->root, (lint)->rubric, check, key),   \
                    __VA_ARGS__)

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

static void lint_names(const struct lint *lint)
{
    const struct rubric *rubric = lint->rubric;
    for (guint i = 0; i < rubric->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(rubric, i);
        const struct rubric_check *first = rubric_find(rubric, check->name);
        if (first != check)
            FAULT(lint, check, "name", "two checks are called \"%s\", the other in line %d",
                  check->name, first->line);
        if (strspn(check->name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_") != strlen(check->name))
            FAULT(lint, check, "name", "\"%s\": a name has letters, digits and _", check->name);
    }
    for (guint i = 0; i < rubric->files->len; i++)
        for (guint j = 0; j < i; j++)
            if (strcmp(RUBRIC_FILES(rubric, i)->name, RUBRIC_FILES(rubric, j)->name) == 0)
                rubric_complain(
                    lint->reader,
                    config_setting_get_elem(config_setting_get_member(lint->root, "files"), i),
                    "file \"%s\" is listed twice", RUBRIC_FILES(rubric, i)->name);
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
            rubric_complain(lint->reader, tier_setting(lint, (int)t),
                            "it is worth %g points, but its checks add up to %g", tier->points,
                            sum);
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

/* Every name of a list of files is one of the rubric's. */
static void lint_files(const struct lint *lint, const struct rubric_check *check,
                       const GPtrArray *names, const char *key, const char *does)
{
    for (guint i = 0; i < names->len; i++) {
        if (has_file(lint->rubric, names->pdata[i]))
            continue;
        g_autoptr(GPtrArray) known = g_ptr_array_new();
        g_autoptr(GString) meant = g_string_new(NULL);
        for (guint f = 0; f < lint->rubric->files->len; f++)
            g_ptr_array_add(known, RUBRIC_FILES(lint->rubric, f)->name);
        for (guint f = 0; f < lint->rubric->used_files->len; f++)
            g_ptr_array_add(known, RUBRIC_USED_FILES(lint->rubric, f)->name);
        g_ptr_array_add(known, NULL);
        text_append_meant(meant, names->pdata[i], (const char *const *)known->pdata);
        FAULT(lint, check, key, "%s \"%s\", which is not among the files of this rubric%s", does,
              (char *)names->pdata[i], meant->str);
    }
}

static void lint_after(const struct lint *lint, const struct rubric_check *check)
{
    for (guint i = 0; i < check->after->len; i++) {
        const char *before = check->after->pdata[i];
        g_autoptr(GString) meant = g_string_new(NULL);
        if (rubric_find(lint->rubric, before))
            continue;
        rubric_append_meant_check(lint->rubric, before, meant);
        FAULT(lint, check, "after", "comes after \"%s\", which does not exist%s", before,
              meant->str);
    }
    if (reaches(lint->rubric, check, check->name, 0))
        FAULT(lint, check, "after", "comes after itself");
}

static void lint_check(const struct lint *lint, const struct rubric_check *check)
{
    static const char *const visibilities[] = {"visible", "hidden", "after_due_date",
                                               "after_published", NULL};
    lint_files(lint, check, check->files, "files", "needs");
    lint_files(lint, check, check->about, "about", "is about");
    lint_files(lint, check, check->builds_on, "builds_on", "builds on");
    lint_after(lint, check);
    if (!g_strv_contains(visibilities, check->visibility)) {
        g_autoptr(GString) known = g_string_new(NULL);
        rubric_append_nearest(known, check->visibility, visibilities);
        FAULT(lint, check, "visibility",
              "visibility \"%s\" is not one of Gradescope's; these are: %s", check->visibility,
              known->str);
    }
    if (!check->judge && check->runs->len > 0)
        FAULT(lint, check, "runs", "it is for a person and can't have runs");
    if (!check->judge && !check->heading)
        FAULT(lint, check, NULL,
              "\"heading\" is missing: which section of answers.md a person reads");
    if (check->judge && check->heading)
        FAULT(lint, check, "heading", "a heading goes with judge = \"person\"");
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
            rubric_complain(
                lint->reader, config_setting_get_member(lint->root, "uses"),
                "uses \"%s\": no check names a file of it in its files (\"%sFILE.c\"), or one of "
                "its "
                "checks in its needs (\"%sCHECK\")",
                used, folder, folder);
    }
}

void rubric_lint(const struct rubric *rubric, const struct rubric_reader *reader,
                 config_setting_t *root)
{
    const struct lint lint = {rubric, reader, root};
    lint_names(&lint);
    lint_uses(&lint);
    lint_points(&lint);
    for (guint i = 0; i < rubric->checks->len; i++)
        lint_check(&lint, RUBRIC_CHECKS(rubric, i));
}
