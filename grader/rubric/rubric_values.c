/* Single values and lists of a rubric; see rubric_values.h. */
#include "grader/rubric/rubric_values.h"

#include "grader/text/nearest.h"

#include <errno.h>
#include <string.h>

/* ---- messages ----------------------------------------------------------------------------------- */

/* Appends what a group of a list is: check "NAME": or, if it has no name, check 2: its place among its like. */
static void append_group(GString *text, const char *kind, const config_setting_t *group)
{
    const char *name = NULL;
    config_setting_lookup_string(group, "name", &name);
    if (name && *name)
        g_string_append_printf(text, "%s \"%s\": ", kind, name);
    else
        g_string_append_printf(text, "%s %d: ", kind, config_setting_index(group) + 1);
}

/* Appends in what a setting stands: a run of a check, a check, or where there is none, a tier, a file or a rule. */
static void append_place(GString *text, const config_setting_t *at)
{
    static const struct {
        const char *list, *kind;
    } kinds[] = {{"checks", "check"}, {"runs", "run"},   {"tiers", "tier"},
                 {"files", "file"},   {"calls", "rule"}, {NULL, NULL}};
    const config_setting_t *list = at ? config_setting_parent(at) : NULL;
    for (; list; at = list, list = config_setting_parent(list)) {
        const char *name = config_setting_name(list);
        if (!name || !config_setting_is_group(at))
            continue;
        for (int k = 0; kinds[k].list; k++)
            if (strcmp(kinds[k].list, name) == 0) {
                if (strcmp(name, "runs") == 0) /* of a check, which comes first */
                    append_place(text, list);
                append_group(text, kinds[k].kind, at);
                return;
            }
    }
}

void rubric_complain(const struct rubric_reader *reader, const config_setting_t *at,
                     const char *format, ...)
{
    const unsigned line = at ? config_setting_source_line(at) : 0;
    g_string_append_printf(reader->errors, "%s:%u: ", reader->path, MAX(line, 1));
    append_place(reader->errors, at);
    va_list list;
    va_start(list, format);
    g_string_append_vprintf(reader->errors, format, list);
    va_end(list);
    g_string_append_c(reader->errors, '\n');
}

void rubric_append_nearest(GString *text, const char *word, const char *const *names)
{
    g_autoptr(GPtrArray) sorted = text_nearest_first(word, names);
    for (guint i = 0; i < sorted->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", (char *)sorted->pdata[i]);
}

void rubric_only_these_keys(const struct rubric_reader *reader, const config_setting_t *group,
                            const char *const *keys)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(setting);
        if (!name || g_strv_contains(keys, name))
            continue;
        g_autoptr(GString) known = g_string_new(NULL);
        rubric_append_nearest(known, name, keys);
        rubric_complain(reader, setting, "unknown key \"%s\"; known here: %s", name, known->str);
    }
}

/* ---- files ------------------------------------------------------------------------------------------ */

bool rubric_read_configuration(config_t *config, const char *path, GString *errors)
{
    if (config_read_file(config, path))
        return true;
    const int failure = errno;
    if (config_error_type(config) == CONFIG_ERR_PARSE) {
        const char *file = config_error_file(config);
        const bool syntax = strcmp(config_error_text(config), "syntax error") == 0;
        g_string_append_printf(
            errors, "%s:%d: %s%s\n", file ? file : path, config_error_line(config),
            config_error_text(config),
            syntax
                ? ": here, or in the line before, a ; or , or = or a quote or bracket is missing "
                  "or too many"
                : "");
    } else {
        g_string_append_printf(errors, "%s: can't be read: %s\n", path,
                               failure ? strerror(failure) : "it is no plain file");
    }
    return false;
}

/* ---- values ------------------------------------------------------------------------------------------- */

char *rubric_read_text(const struct rubric_reader *reader, config_setting_t *group, const char *key,
                       bool needed)
{
    config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting) {
        if (needed)
            rubric_complain(reader, group, "\"%s\" is missing", key);
        return needed ? g_strdup("") : NULL;
    }
    const char *text = config_setting_get_string(setting);
    if (!text)
        rubric_complain(reader, setting, "\"%s\" has to be a text in quotes", key);
    else if (!*text || strchr(text, '\n'))
        rubric_complain(reader, setting, "\"%s\" has to be one line of text", key);
    return g_strdup(text ? text : "");
}

double rubric_read_number(const struct rubric_reader *reader, config_setting_t *group,
                          const char *key)
{
    config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting) {
        rubric_complain(reader, group, "\"%s\" is missing", key);
        return 0;
    }
    if (!config_setting_is_number(setting)) {
        rubric_complain(reader, setting, "\"%s\" has to be a number", key);
        return 0;
    }
    double number = config_setting_type(setting) == CONFIG_TYPE_FLOAT
                        ? config_setting_get_float(setting)
                        : (double)config_setting_get_int64(setting);
    if (!(number >= 0 && number <= 1e6))
        rubric_complain(reader, setting, "\"%s\" = %g: has to be 0 … 1000000", key, number);
    return number;
}

bool rubric_read_switch(const struct rubric_reader *reader, config_setting_t *group,
                        const char *key)
{
    config_setting_t *setting = config_setting_get_member(group, key);
    if (setting && config_setting_type(setting) != CONFIG_TYPE_BOOL)
        rubric_complain(reader, setting, "\"%s\" has to be true or false", key);
    return setting && config_setting_get_bool(setting);
}

/* The list under a key; an empty result (NULL) is fine unless it is needed. */
static config_setting_t *rubric_read_list(const struct rubric_reader *reader,
                                          config_setting_t *group, const char *key, bool needed)
{
    config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting) {
        if (needed)
            rubric_complain(reader, group, "\"%s\" is missing", key);
        return NULL;
    }
    if (!config_setting_is_list(setting) && !config_setting_is_array(setting)) {
        rubric_complain(reader, setting, "\"%s\" has to be a list: ( …, … )", key);
        return NULL;
    }
    return setting;
}

GPtrArray *rubric_read_names(const struct rubric_reader *reader, config_setting_t *group,
                             const char *key)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    config_setting_t *list = rubric_read_list(reader, group, key, false);
    for (int i = 0; list && i < config_setting_length(list); i++) {
        const char *name = config_setting_get_string_elem(list, i);
        if (name)
            g_ptr_array_add(names, g_strdup(name));
        else
            rubric_complain(reader, config_setting_get_elem(list, (unsigned)i),
                            "\"%s\" has to be a list of texts in quotes", key);
    }
    return names;
}

void rubric_read_groups(const struct rubric_reader *reader, config_setting_t *parent,
                        const char *key, bool needed, const char *const *keys,
                        void (*read)(const struct rubric_reader *, config_setting_t *, void *),
                        void *into)
{
    config_setting_t *list = rubric_read_list(reader, parent, key, needed);
    for (int i = 0; list && i < config_setting_length(list); i++) {
        config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        if (!config_setting_is_group(group)) {
            rubric_complain(reader, group, "\"%s\" has to be a list of groups: ( { … }, … )", key);
            continue;
        }
        rubric_only_these_keys(reader, group, keys);
        read(reader, group, into);
    }
}
