/* The rubric: read from libconfig, value by value, with everything odd reported. */
#include "grader/rubric.h"

#include "grader/rubric_lint.h"

#include <libconfig.h>
#include <string.h>

/* Where the reader is, for messages. */
struct reader {
    const char *path;
    const char *platforms; /* folder of the described clusters */
    GString *errors;
};

static void complain(const struct reader *reader, const config_setting_t *at, const char *format,
                     ...) G_GNUC_PRINTF(3, 4);
static void complain(const struct reader *reader, const config_setting_t *at, const char *format,
                     ...)
{
    g_string_append_printf(reader->errors, "%s:%u: ", reader->path, config_setting_source_line(at));
    va_list list;
    va_start(list, format);
    g_string_append_vprintf(reader->errors, format, list);
    va_end(list);
    g_string_append_c(reader->errors, '\n');
}

/* ---- single values ----------------------------------------------------------- */

static void only_these_keys(const struct reader *reader, const config_setting_t *group,
                            const char *const *keys)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(setting);
        if (name && !g_strv_contains(keys, name)) {
            g_autofree char *known = g_strjoinv(", ", (char **)keys);
            complain(reader, setting, "unknown key \"%s\"; known here: %s", name, known);
        }
    }
}

static char *read_text(const struct reader *reader, config_setting_t *group, const char *key,
                       bool needed)
{
    config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting) {
        if (needed)
            complain(reader, group, "\"%s\" is missing", key);
        return needed ? g_strdup("") : NULL;
    }
    const char *text = config_setting_get_string(setting);
    if (!text)
        complain(reader, setting, "\"%s\" has to be a text in quotes", key);
    else if (!*text || strchr(text, '\n'))
        complain(reader, setting, "\"%s\" has to be one line of text", key);
    return g_strdup(text ? text : "");
}

static double read_number(const struct reader *reader, config_setting_t *group, const char *key)
{
    config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting) {
        complain(reader, group, "\"%s\" is missing", key);
        return 0;
    }
    if (!config_setting_is_number(setting)) {
        complain(reader, setting, "\"%s\" has to be a number", key);
        return 0;
    }
    double number = config_setting_type(setting) == CONFIG_TYPE_FLOAT
                        ? config_setting_get_float(setting)
                        : (double)config_setting_get_int64(setting);
    if (!(number >= 0 && number <= 1e6))
        complain(reader, setting, "\"%s\" = %g is out of range", key, number);
    return number;
}

static bool read_switch(const struct reader *reader, config_setting_t *group, const char *key)
{
    config_setting_t *setting = config_setting_get_member(group, key);
    if (setting && config_setting_type(setting) != CONFIG_TYPE_BOOL)
        complain(reader, setting, "\"%s\" has to be true or false", key);
    return setting && config_setting_get_bool(setting);
}

/* The list under a key; an empty result (NULL) is fine unless it is needed. */
static config_setting_t *read_list(const struct reader *reader, config_setting_t *group,
                                   const char *key, bool needed)
{
    config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting) {
        if (needed)
            complain(reader, group, "\"%s\" is missing", key);
        return NULL;
    }
    if (!config_setting_is_list(setting) && !config_setting_is_array(setting)) {
        complain(reader, setting, "\"%s\" has to be a list: ( …, … )", key);
        return NULL;
    }
    return setting;
}

static GPtrArray *read_names(const struct reader *reader, config_setting_t *group, const char *key)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    config_setting_t *list = read_list(reader, group, key, false);
    for (int i = 0; list && i < config_setting_length(list); i++) {
        const char *name = config_setting_get_string_elem(list, i);
        if (name)
            g_ptr_array_add(names, g_strdup(name));
        else
            complain(reader, list, "\"%s\" has to be a list of texts", key);
    }
    return names;
}

/* Calls read for every group of the list under a key. */
static void read_groups(const struct reader *reader, config_setting_t *parent, const char *key,
                        bool needed, const char *const *keys,
                        void (*read)(const struct reader *, config_setting_t *, void *), void *into)
{
    config_setting_t *list = read_list(reader, parent, key, needed);
    for (int i = 0; list && i < config_setting_length(list); i++) {
        config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        if (!config_setting_is_group(group)) {
            complain(reader, group, "\"%s\" has to be a list of groups: ( { … }, … )", key);
            continue;
        }
        only_these_keys(reader, group, keys);
        read(reader, group, into);
    }
}

/* ---- files, runs, checks, tiers ------------------------------------------------ */

static void read_file(const struct reader *reader, config_setting_t *group, void *into)
{
    struct rubric *rubric = into;
    struct rubric_file file = {
        .name = read_text(reader, group, "name", true),
        .question = read_text(reader, group, "question", false),
    };
    if (config_setting_get_member(group, "begin"))
        file.begin = (int)read_number(reader, group, "begin");
    if (strchr(file.name, '/') || file.name[0] == '.')
        complain(reader, group, "\"%s\" has to be the name of a file, without a folder", file.name);
    g_array_append_val(rubric->files, file);
}

static void read_machine(const struct reader *reader, config_setting_t *group,
                         struct rubric_run *run)
{
    g_autofree char *machine = read_text(reader, group, "machine", false);
    run->platform = read_text(reader, group, "platform", false);
    run->synchronous = read_switch(reader, group, "synchronous");
    run->simulated = g_strcmp0(machine, "simulated") == 0;
    if (machine && !run->simulated && strcmp(machine, "real") != 0)
        complain(reader, group, "machine = \"%s\": has to be \"real\" or \"simulated\"", machine);
    if (!run->simulated) {
        if (run->platform || run->synchronous)
            complain(reader, group, "\"%s\" goes with machine = \"simulated\"",
                     run->platform ? "platform" : "synchronous");
        return;
    }
    if (!run->platform)
        run->platform = g_strdup("free");
    g_autofree char *file = g_strconcat(run->platform, ".xml", NULL);
    g_autofree char *path = g_build_filename(reader->platforms, file, NULL);
    if (strchr(run->platform, '/') || !g_file_test(path, G_FILE_TEST_IS_REGULAR))
        complain(reader, group, "there is no platform \"%s\": %s is missing", run->platform, path);
}

static void read_run(const struct reader *reader, config_setting_t *group, void *into)
{
    struct rubric_check *check = into;
    struct rubric_run run = {
        .ranks = (int)read_number(reader, group, "ranks"),
        .arguments = read_text(reader, group, "arguments", true),
        .seconds = read_number(reader, group, "seconds"),
        .otherwise = read_text(reader, group, "otherwise", false),
        .reference = read_text(reader, group, "reference", false),
    };
    if (run.ranks < 1 || run.ranks > RUBRIC_MAX_RANKS)
        complain(reader, group, "ranks = %d: has to be 1 … %d", run.ranks, RUBRIC_MAX_RANKS);
    if (!(run.seconds > 0))
        complain(reader, group, "seconds has to be more than 0");
    read_machine(reader, group, &run);
    char *arguments[] = {run.arguments, run.otherwise};
    for (int i = 0; i < 2; i++) {
        struct options options;
        char error[OPTIONS_ERROR_SIZE];
        if (arguments[i] && !rubric_parse_arguments(arguments[i], &options, error))
            complain(reader, group, "the program would refuse \"%s\": %s", arguments[i], error);
    }
    g_array_append_val(check->runs, run);
}

static const struct judge *find_judge(const struct reader *reader, config_setting_t *group,
                                      const char *name)
{
    if (strcmp(name, "person") == 0)
        return NULL;
    for (const struct judge *judge = judges; judge->name; judge++)
        if (strcmp(judge->name, name) == 0)
            return judge;
    complain(reader, group, "there is no judge \"%s\"", name);
    return NULL;
}

static void read_check(const struct reader *reader, config_setting_t *group, void *into)
{
    static const char *const run_keys[] = {"ranks",     "arguments",   "seconds",
                                           "otherwise", "reference",   "machine",
                                           "platform",  "synchronous", NULL};
    struct rubric *rubric = into;
    g_autofree char *judge = read_text(reader, group, "judge", true);
    struct rubric_check check = {
        .name = read_text(reader, group, "name", true),
        .title = read_text(reader, group, "title", true),
        .points = read_number(reader, group, "points"),
        .question = read_text(reader, group, "question", false),
        .judge = find_judge(reader, group, judge),
        .files = read_names(reader, group, "files"),
        .after = read_names(reader, group, "after"),
        .visibility = read_text(reader, group, "visibility", false),
        .look = read_text(reader, group, "look", false),
        .heading = read_text(reader, group, "heading", false),
        .calm = read_switch(reader, group, "calm"),
        .curve = read_switch(reader, group, "curve"),
        .runs = g_array_new(FALSE, TRUE, sizeof(struct rubric_run)),
        .tier = (int)rubric->tiers->len - 1,
        .line = (int)config_setting_source_line(group),
    };
    if (!check.visibility)
        check.visibility = g_strdup("visible");
    read_groups(reader, group, "runs", false, run_keys, read_run, &check);
    g_array_append_val(rubric->checks, check);
}

static void read_tier(const struct reader *reader, config_setting_t *group, void *into)
{
    static const char *const check_keys[] = {"name",  "title",      "points",  "question", "judge",
                                             "files", "after",      "look",    "calm",     "curve",
                                             "runs",  "visibility", "heading", NULL};
    struct rubric *rubric = into;
    struct rubric_tier tier = {
        .name = read_text(reader, group, "name", true),
        .points = read_number(reader, group, "points"),
        .bonus = read_switch(reader, group, "bonus"),
        .line = (int)config_setting_source_line(group),
    };
    g_array_append_val(rubric->tiers, tier);
    read_groups(reader, group, "checks", true, check_keys, read_check, rubric);
}

static void read_rubric(const struct reader *reader, config_setting_t *root, struct rubric *rubric)
{
    static const char *const keys[] = {"assignment", "files", "tiers", NULL};
    static const char *const file_keys[] = {"name", "question", "begin", NULL};
    static const char *const tier_keys[] = {"name", "points", "bonus", "checks", NULL};
    only_these_keys(reader, root, keys);
    rubric->assignment = read_text(reader, root, "assignment", true);
    read_groups(reader, root, "files", true, file_keys, read_file, rubric);
    read_groups(reader, root, "tiers", true, tier_keys, read_tier, rubric);
}

/* ---- in and out ------------------------------------------------------------------ */

static void clear_file(void *pointer)
{
    struct rubric_file *file = pointer;
    g_free(file->name);
    g_free(file->question);
}

static void clear_run(void *pointer)
{
    struct rubric_run *run = pointer;
    g_free(run->arguments);
    g_free(run->otherwise);
    g_free(run->reference);
    g_free(run->platform);
}

static void clear_check(void *pointer)
{
    struct rubric_check *check = pointer;
    for (guint i = 0; i < check->runs->len; i++)
        clear_run(RUBRIC_RUNS(check, i));
    g_array_free(check->runs, TRUE);
    g_ptr_array_free(check->files, TRUE);
    g_ptr_array_free(check->after, TRUE);
    g_free(check->name);
    g_free(check->title);
    g_free(check->question);
    g_free(check->visibility);
    g_free(check->look);
    g_free(check->heading);
}

static void clear_tier(void *pointer)
{
    g_free(((struct rubric_tier *)pointer)->name);
}

/* KIT/common/platforms of a rubric KIT/assignments/NAME/rubric.cfg. */
static char *platforms_of(const char *path)
{
    g_autofree char *own = g_path_get_dirname(path);
    return g_build_filename(own, "..", "..", "common", "platforms", NULL);
}

struct rubric *rubric_load(const char *path, GString *errors)
{
    g_autofree char *platforms = platforms_of(path);
    struct reader reader = {path, platforms, errors};
    struct rubric *rubric = g_new0(struct rubric, 1);
    rubric->files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file));
    rubric->tiers = g_array_new(FALSE, TRUE, sizeof(struct rubric_tier));
    rubric->checks = g_array_new(FALSE, TRUE, sizeof(struct rubric_check));
    g_array_set_clear_func(rubric->files, clear_file);
    g_array_set_clear_func(rubric->tiers, clear_tier);
    g_array_set_clear_func(rubric->checks, clear_check);
    gsize before = errors->len;
    config_t config;
    config_init(&config);
    if (!config_read_file(&config, path))
        g_string_append_printf(errors, "%s:%d: %s\n", path, config_error_line(&config),
                               config_error_text(&config));
    else
        read_rubric(&reader, config_root_setting(&config), rubric);
    if (errors->len == before)
        rubric_lint(rubric, path, errors);
    config_destroy(&config);
    if (errors->len == before)
        return rubric;
    rubric_free(rubric);
    return NULL;
}

void rubric_free(struct rubric *rubric)
{
    if (!rubric)
        return;
    g_array_free(rubric->files, TRUE);
    g_array_free(rubric->tiers, TRUE);
    g_array_free(rubric->checks, TRUE);
    g_free(rubric->assignment);
    g_free(rubric);
}
