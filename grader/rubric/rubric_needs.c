/*
 * What a check needs of other assignments (needs = ( "another/check" )), held against their rubrics. These
 * are read as they are: their programs need not be here.
 */
#include "grader/rubric/rubric_lint.h"

#include <string.h>

char *rubric_beside(const char *path, const char *assignment)
{
    g_autofree char *own = g_path_get_dirname(path);
    return g_build_filename(own, "..", assignment, "rubric.cfg", NULL);
}

bool rubric_check_needs_checks_of(const struct rubric_check *check, const char *assignment)
{
    g_autofree char *begin = g_strconcat(assignment, "/", NULL);
    for (guint i = 0; check->needs && i < check->needs->len; i++)
        if (g_str_has_prefix(check->needs->pdata[i], begin))
            return true;
    return false;
}

static bool is_used(const struct rubric *rubric, const char *assignment)
{
    return g_ptr_array_find_with_equal_func(rubric->uses, assignment, g_str_equal, NULL);
}

/* The group of a check of another rubric; NULL: there is none. */
static const config_setting_t *find_check(const config_t *config, const char *name)
{
    const config_setting_t *tiers = config_lookup(config, "tiers");
    for (int t = 0; tiers && t < config_setting_length(tiers); t++) {
        const config_setting_t *tier = config_setting_get_elem(tiers, (unsigned)t);
        const config_setting_t *checks =
            config_setting_is_group(tier) ? config_setting_get_member(tier, "checks") : NULL;
        for (int i = 0; checks && i < config_setting_length(checks); i++) {
            const config_setting_t *check = config_setting_get_elem(checks, (unsigned)i);
            const char *its = NULL;
            if (config_setting_is_group(check) &&
                config_setting_lookup_string(check, "name", &its) && strcmp(its, name) == 0)
                return check;
        }
    }
    return NULL;
}

bool rubric_has_check_beside(const char *path, const char *assignment, const char *name)
{
    g_autofree char *beside = rubric_beside(path, assignment);
    config_t config;
    config_init(&config);
    const bool has = config_read_file(&config, beside) && find_check(&config, name);
    config_destroy(&config);
    return has;
}

/* What is wrong with "another/check"; NULL: nothing. A new string. */
static char *fault_of_need(const struct rubric *rubric, const char *path, const char *need)
{
    const char *slash = strchr(need, '/');
    if (!slash)
        return g_strdup("it has to be \"ASSIGNMENT/CHECK\"");
    g_autofree char *assignment = g_strndup(need, (gsize)(slash - need));
    if (!is_used(rubric, assignment))
        return g_strdup_printf("\"%s\" is not among the assignments that it uses", assignment);
    g_autofree char *beside = rubric_beside(path, assignment);
    config_t config;
    config_init(&config);
    const config_setting_t *check =
        config_read_file(&config, beside) ? find_check(&config, slash + 1) : NULL;
    const char *judge = NULL;
    char *fault = NULL;
    if (!check)
        fault = g_strdup_printf("%s has no check \"%s\"", beside, slash + 1);
    else if (config_setting_lookup_string(check, "judge", &judge) && strcmp(judge, "person") == 0)
        fault = g_strdup("a person judges that");
    config_destroy(&config);
    return fault;
}

/* What a used assignment uses itself: its program is built of the same submission. */
static void lint_used(const struct rubric *rubric, const struct rubric_reader *reader,
                      config_setting_t *at, const char *used)
{
    g_autofree char *beside = rubric_beside(reader->path, used);
    config_t config;
    config_init(&config);
    const config_setting_t *uses =
        config_read_file(&config, beside) ? config_lookup(&config, "uses") : NULL;
    for (int i = 0; uses && i < config_setting_length(uses); i++) {
        const char *next = config_setting_get_string_elem(uses, i);
        if (next && strcmp(next, rubric->assignment) == 0)
            rubric_complain(reader, at, "uses \"%s\", which uses \"%s\" itself", used, next);
        else if (next && !is_used(rubric, next))
            rubric_complain(reader, at, "uses \"%s\", which uses \"%s\": name that, too", used,
                            next);
    }
    config_destroy(&config);
}

static void lint_needs_of(const struct rubric *rubric, const struct rubric_reader *reader,
                          config_setting_t *at, const struct rubric_check *check)
{
    for (guint i = 0; i < check->needs->len; i++) {
        const char *need = check->needs->pdata[i];
        g_autofree char *fault = fault_of_need(rubric, reader->path, need);
        if (fault)
            rubric_complain(reader, at, "needs \"%s\": %s", need, fault);
    }
    if (check->needs->len > 0 && check->runs->len == 0)
        rubric_complain(reader, at, "needs others and has no runs: nothing could stand in");
}

void rubric_lint_needs(const struct rubric *rubric, const struct rubric_reader *reader,
                       config_setting_t *root)
{
    for (guint i = 0; i < rubric->uses->len; i++)
        lint_used(rubric, reader, config_setting_get_member(root, "uses"), rubric->uses->pdata[i]);
    for (guint c = 0; c < rubric->checks->len; c++) {
        const struct rubric_check *check = RUBRIC_CHECKS(rubric, c);
        lint_needs_of(rubric, reader, rubric_setting_of(root, rubric, check, "needs"), check);
    }
}
