/* Single values and lists of a rubric; see rubric_values.h. */
#include "grader/rubric/rubric_values.h"

#include <string.h>

void rubric_complain(const struct rubric_reader *reader, const config_setting_t *at,
                     const char *format, ...)
{
    g_string_append_printf(reader->errors, "%s:%u: ", reader->path,
                           at ? config_setting_source_line(at) : 1);
    va_list list;
    va_start(list, format);
    g_string_append_vprintf(reader->errors, format, list);
    va_end(list);
    g_string_append_c(reader->errors, '\n');
}

void rubric_only_these_keys(const struct rubric_reader *reader, const config_setting_t *group,
                            const char *const *keys)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(setting);
        if (name && !g_strv_contains(keys, name)) {
            g_autofree char *known = g_strjoinv(", ", (char **)keys);
            rubric_complain(reader, setting, "unknown key \"%s\"; known here: %s", name, known);
        }
    }
}

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
        rubric_complain(reader, setting, "\"%s\" = %g is out of range", key, number);
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
            rubric_complain(reader, list, "\"%s\" has to be a list of texts", key);
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
