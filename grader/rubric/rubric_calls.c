/* The rules about what may be called; see rubric_calls.h. */
#include "grader/rubric/rubric_calls.h"

#include "grader/rubric/rubric_values.h"

#include <string.h>

/* What one name of a rule says. */
struct rule {
    char *pattern;
    GPatternSpec *fits; /* the same, for asking */
    enum rubric_call_kind kind;
    char *why; /* or NULL */
};

static void clear_rule(void *pointer)
{
    struct rule *rule = pointer;
    g_free(rule->pattern);
    g_pattern_spec_free(rule->fits);
    g_free(rule->why);
}

void rubric_calls_free(struct rubric *rubric)
{
    g_clear_pointer(&rubric->calls, g_array_unref);
}

/* ---- reading ------------------------------------------------------------------------------------ */

static int stars_in(const char *pattern)
{
    int stars = 0;
    for (; *pattern; pattern++)
        stars += *pattern == '*';
    return stars;
}

/* One of the three keys says what becomes of the names. */
static void read_rule(const struct rubric_reader *reader, config_setting_t *group, void *into)
{
    struct rubric *rubric = into;
    g_autoptr(GPtrArray) names = rubric_read_names(reader, group, "names");
    g_autofree char *refused = rubric_read_text(reader, group, "refused", false);
    g_autofree char *unusual = rubric_read_text(reader, group, "unusual", false);
    bool usual = rubric_read_switch(reader, group, "usual");
    if (names->len == 0)
        rubric_complain(reader, group, "\"names\" is missing");
    if ((refused != NULL) + (unusual != NULL) + usual != 1)
        rubric_complain(reader, group,
                        "one of \"refused\", \"unusual\" and \"usual\" says what becomes of them");
    for (guint i = 0; i < names->len; i++) {
        const struct rule rule = {
            .pattern = g_strdup(names->pdata[i]),
            .fits = g_pattern_spec_new(names->pdata[i]),
            .kind = refused   ? RUBRIC_CALL_REFUSED
                    : unusual ? RUBRIC_CALL_UNUSUAL
                              : RUBRIC_CALL_USUAL,
            .why = g_strdup(refused ? refused : unusual),
        };
        g_array_append_val(rubric->calls, rule);
        if (rule.why && strchr(rule.why, '*') && stars_in(rule.pattern) != 1)
            rubric_complain(reader, group, "a * is in the reason, so one is needed in \"%s\"",
                            rule.pattern);
    }
}

static void read_file(struct rubric *rubric, const char *path, GString *errors)
{
    static const char *const keys[] = {"calls", NULL};
    static const char *const rule_keys[] = {"names", "refused", "unusual", "usual", NULL};
    struct rubric_reader reader = {.path = path, .errors = errors};
    config_t config;
    config_init(&config);
    if (rubric_read_configuration(&config, path, errors)) {
        rubric_only_these_keys(&reader, config_root_setting(&config), keys);
        rubric_read_groups(&reader, config_root_setting(&config), "calls", true, rule_keys,
                           read_rule, rubric);
    }
    config_destroy(&config);
}

/* An assignment need not have rules of its own. */
static void read_assignment(struct rubric *rubric, const char *assignments, const char *name,
                            GString *errors)
{
    g_autofree char *path = g_build_filename(assignments, name, "calls.cfg", NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        read_file(rubric, path, errors);
}

void rubric_calls_read(struct rubric *rubric, const char *rubric_path, GString *errors)
{
    g_autofree char *own = g_path_get_dirname(rubric_path);
    g_autofree char *assignments = g_path_get_dirname(own);
    g_autofree char *kit = g_path_get_dirname(assignments);
    g_autofree char *general = g_build_filename(kit, "grader", "rubric", "calls.cfg", NULL);
    rubric->calls = g_array_new(FALSE, TRUE, sizeof(struct rule));
    g_array_set_clear_func(rubric->calls, clear_rule);
    read_assignment(rubric, assignments, rubric->assignment, errors);
    for (guint i = 0; i < rubric->uses->len; i++)
        read_assignment(rubric, assignments, rubric->uses->pdata[i], errors);
    read_file(rubric, general, errors);
}

/* ---- asking ------------------------------------------------------------------------------------- */

/* The reason, with what the pattern's * stands for in place of its own. */
static char *reason_for(const struct rule *rule, const char *function)
{
    const char *star = strchr(rule->pattern, '*');
    if (!rule->why || !strchr(rule->why, '*'))
        return g_strdup(rule->why);
    const size_t before = (size_t)(star - rule->pattern), behind = strlen(star + 1);
    g_autofree char *meant = g_strndup(function + before, strlen(function) - before - behind);
    g_auto(GStrv) parts = g_strsplit(rule->why, "*", -1);
    return g_strjoinv(meant, parts);
}

enum rubric_call_kind rubric_calls_look_up(const struct rubric *rubric, const char *function,
                                           char **why)
{
    *why = NULL;
    for (guint i = 0; i < rubric->calls->len; i++) {
        const struct rule *rule = &g_array_index(rubric->calls, struct rule, i);
        if (!g_pattern_spec_match_string(rule->fits, function))
            continue;
        *why = reason_for(rule, function);
        return rule->kind;
    }
    return RUBRIC_CALL_UNKNOWN;
}
