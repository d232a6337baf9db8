/* class gradescope; see settings.h. */
#include "class/release/settings.h"

#include "grader/rubric/rubric_values.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define USUAL_MINUTES 10
#define FEWEST        2
#define MOST          40 /* https://gradescope-autograders.readthedocs.io: settings of an assignment */

static const char *const visibilities[] = {"visible", "after_due_date", "after_published", "hidden",
                                           NULL};
static const char *const columns[] = {"points", "bonus", "seconds", NULL};

/* One of the names, or `usual`. */
static json_t *read_name(const struct rubric_reader *reader, config_setting_t *group,
                         const char *key, const char *usual)
{
    g_autofree char *name = group ? rubric_read_text(reader, group, key, false) : NULL;
    if (name && !g_strv_contains(visibilities, name)) {
        g_autofree char *all = g_strjoinv(", ", (char **)visibilities);
        rubric_complain(reader, config_setting_get_member(group, key),
                        "\"%s\" has to be one of: %s", key, all);
        return json_string(usual);
    }
    return json_string(name ? name : usual);
}

static json_t *read_columns(const struct rubric_reader *reader, config_setting_t *group)
{
    json_t *list = json_array();
    if (!group)
        return list;
    g_autoptr(GPtrArray) names = rubric_read_names(reader, group, "leaderboard");
    for (guint i = 0; i < names->len; i++) {
        if (!g_strv_contains(columns, names->pdata[i])) {
            g_autofree char *all = g_strjoinv(", ", (char **)columns);
            rubric_complain(reader, config_setting_get_member(group, "leaderboard"),
                            "the leaderboard has no column \"%s\"; there are: %s",
                            (char *)names->pdata[i], all);
            continue;
        }
        json_array_append_new(list, json_string(names->pdata[i]));
    }
    return list;
}

static json_t *read_minutes(const struct rubric_reader *reader, config_setting_t *group)
{
    config_setting_t *setting = group ? config_setting_get_member(group, "minutes") : NULL;
    if (!setting)
        return json_integer(USUAL_MINUTES);
    const int minutes = config_setting_get_int(setting);
    if (config_setting_type(setting) != CONFIG_TYPE_INT || minutes < FEWEST || minutes > MOST)
        rubric_complain(reader, setting, "\"minutes\" has to be a whole number from %d to %d",
                        FEWEST, MOST);
    return json_integer(minutes);
}

static json_t *read_settings(const char *path, GString *errors)
{
    static const char *const keys[] = {"visibility", "stdout", "leaderboard", "minutes", NULL};
    struct rubric_reader reader = {.path = path, .errors = errors};
    config_t config;
    config_init(&config);
    config_setting_t *group = NULL;
    if (path && rubric_read_configuration(&config, path, errors))
        group = config_lookup(&config, "gradescope");
    if (group && !config_setting_is_group(group)) {
        rubric_complain(&reader, group, "\"gradescope\" has to be a group: { minutes = 10; }");
        group = NULL;
    }
    if (group)
        rubric_only_these_keys(&reader, group, keys);
    json_t *settings = json_pack(
        "{s:o,s:o,s:o,s:o}", "visibility", read_name(&reader, group, "visibility", "visible"),
        "stdout_visibility", read_name(&reader, group, "stdout", "hidden"), "leaderboard",
        read_columns(&reader, group), "minutes", read_minutes(&reader, group));
    config_destroy(&config);
    return settings;
}

int release_settings_command(int argc, char **argv)
{
    g_autofree char *policy = NULL;
    GOptionEntry entries[] = {{"policy", 0, 0, G_OPTION_ARG_FILENAME, &policy,
                               "what the course decided (libconfig)", "FILE"},
                              {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("- what a policy says about Gradescope, as JSON");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &wrong) || argc > 1) {
        fprintf(stderr, "class gradescope: %s\n", wrong ? wrong->message : "too many words");
        return COMMAND_USAGE;
    }
    g_autoptr(GString) errors = g_string_new(NULL);
    json_t *settings = read_settings(policy, errors);
    char *text = json_dumps(settings, JSON_INDENT(2));
    if (errors->len == 0)
        puts(text);
    fputs(errors->str, stderr);
    free(text);
    json_decref(settings);
    return errors->len > 0 ? COMMAND_FAILED : COMMAND_DONE;
}
