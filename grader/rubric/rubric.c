/* The rubric: read from libconfig, value by value, with everything odd reported. */
#include "grader/rubric/rubric.h"

#include "grader/rubric/rubric_calls.h"
#include "grader/rubric/rubric_cases.h"
#include "grader/rubric/rubric_lint.h"
#include "grader/rubric/rubric_values.h"

#include <string.h>

/* ---- files, runs, checks, tiers ------------------------------------------------ */

static void read_file(const struct rubric_reader *reader, config_setting_t *group, void *into)
{
    struct rubric *rubric = into;
    struct rubric_file file = {
        .name = rubric_read_text(reader, group, "name", true),
        .question = rubric_read_text(reader, group, "question", false),
        .line = (int)config_setting_source_line(group),
    };
    if (config_setting_get_member(group, "begin"))
        file.begin = (int)rubric_read_number(reader, group, "begin");
    if (strchr(file.name, '/') || file.name[0] == '.')
        rubric_complain(reader, config_setting_get_member(group, "name"),
                        "\"%s\" has to be the name of a file, without a folder", file.name);
    g_array_append_val(rubric->files, file);
}

/* The files that another assignment's rubric names. */
static void read_used(const struct rubric_reader *reader, config_setting_t *root,
                      const char *assignment, struct rubric *rubric)
{
    g_autofree char *path = rubric_beside(reader->path, assignment);
    config_t config;
    config_init(&config);
    const config_setting_t *files =
        config_read_file(&config, path) ? config_lookup(&config, "files") : NULL;
    if (!files || strchr(assignment, '/') || strcmp(assignment, rubric->assignment) == 0)
        rubric_complain(reader, config_setting_get_member(root, "uses"),
                        "uses \"%s\": %s names no files of another assignment", assignment, path);
    for (int i = 0; files && i < config_setting_length(files); i++) {
        const char *name = NULL;
        config_setting_lookup_string(config_setting_get_elem(files, (unsigned)i), "name", &name);
        if (!name || !g_str_has_suffix(name, ".c"))
            continue; /* answers are for that assignment alone */
        struct rubric_file file = {.name = g_build_filename(assignment, name, NULL)};
        g_array_append_val(rubric->used_files, file);
    }
    config_destroy(&config);
}

static const struct judge *find_judge(const struct rubric_reader *reader, config_setting_t *group,
                                      const char *name)
{
    if (!*name || strcmp(name, "person") == 0)
        return NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GString) known = g_string_new(NULL);
    for (const struct judge *judge = reader->assignment->judges; judge->name; judge++) {
        if (strcmp(judge->name, name) == 0)
            return judge;
        g_ptr_array_add(names, (char *)judge->name);
    }
    g_ptr_array_add(names, (char *)"person");
    g_ptr_array_add(names, NULL);
    rubric_append_nearest(known, name, (const char *const *)names->pdata);
    rubric_complain(reader, config_setting_get_member(group, "judge"),
                    "there is no judge \"%s\"; there are: %s (assignments/%s/judges/assignment.c "
                    "lists them)",
                    name, known->str, reader->assignment->name);
    return NULL;
}

static void clear_variable(void *pointer)
{
    g_free(((struct rubric_variable *)pointer)->name);
}

static void read_check(const struct rubric_reader *reader, config_setting_t *group, void *into)
{
    static const char *const run_keys[] = {"ranks",     "arguments",   "seconds",
                                           "otherwise", "reference",   "machine",
                                           "platform",  "synchronous", NULL};
    struct rubric *rubric = into;
    g_autofree char *judge = rubric_read_text(reader, group, "judge", true);
    struct rubric_check check = {
        .name = rubric_read_text(reader, group, "name", true),
        .title = rubric_read_text(reader, group, "title", true),
        .points = rubric_read_number(reader, group, "points"),
        .question = rubric_read_text(reader, group, "question", false),
        .judge = find_judge(reader, group, judge),
        .files = rubric_read_names(reader, group, "files"),
        .about = rubric_read_names(reader, group, "about"),
        .after = rubric_read_names(reader, group, "after"),
        .builds_on = rubric_read_names(reader, group, "builds_on"),
        .needs = rubric_read_names(reader, group, "needs"),
        .visibility = rubric_read_text(reader, group, "visibility", false),
        .look = rubric_read_text(reader, group, "look", false),
        .heading = rubric_read_text(reader, group, "heading", false),
        .calm = rubric_read_switch(reader, group, "calm"),
        .curve = rubric_read_switch(reader, group, "curve"),
        .waits = rubric_read_switch(reader, group, "waits"),
        .runs = g_array_new(FALSE, TRUE, sizeof(struct rubric_run)),
        .variables = g_array_new(FALSE, TRUE, sizeof(struct rubric_variable)),
        .tier = (int)rubric->tiers->len - 1,
        .line = (int)config_setting_source_line(group),
    };
    if (!check.visibility)
        check.visibility = g_strdup("visible");
    g_array_set_clear_func(check.variables, clear_variable);
    rubric_read_groups(reader, group, "runs", false, run_keys, rubric_read_run, &check);
    rubric_lint_cases(reader, group, &check);
    g_array_append_val(rubric->checks, check);
}

static void read_tier(const struct rubric_reader *reader, config_setting_t *group, void *into)
{
    static const char *const check_keys[] = {
        "name",  "title", "points",     "question", "judge", "files",
        "about", "after", "builds_on",  "needs",    "look",  "calm",
        "curve", "runs",  "visibility", "heading",  "waits", NULL};
    struct rubric *rubric = into;
    struct rubric_tier tier = {
        .name = rubric_read_text(reader, group, "name", true),
        .points = rubric_read_number(reader, group, "points"),
        .bonus = rubric_read_switch(reader, group, "bonus"),
        .line = (int)config_setting_source_line(group),
    };
    g_array_append_val(rubric->tiers, tier);
    rubric_read_groups(reader, group, "checks", true, check_keys, read_check, rubric);
}

static void read_rubric(struct rubric_reader *reader, config_setting_t *root, struct rubric *rubric)
{
    static const char *const keys[] = {"assignment", "template", "uses", "files", "tiers", NULL};
    static const char *const file_keys[] = {"name", "question", "begin", NULL};
    static const char *const tier_keys[] = {"name", "points", "bonus", "checks", NULL};
    rubric_only_these_keys(reader, root, keys);
    rubric->assignment = rubric_read_text(reader, root, "assignment", true);
    reader->assignment = assignment_find(rubric->assignment);
    if (!reader->assignment) {
        rubric_complain(reader, config_setting_get_member(root, "assignment"),
                        "nobody has registered an assignment \"%s\": does "
                        "assignments/%s/judges/assignment.c call assignment_register, with that "
                        "name?",
                        rubric->assignment, rubric->assignment);
        return;
    }
    rubric->is_template = rubric_read_switch(reader, root, "template");
    rubric->uses = rubric_read_names(reader, root, "uses");
    for (guint i = 0; i < rubric->uses->len; i++)
        read_used(reader, root, rubric->uses->pdata[i], rubric);
    rubric_read_groups(reader, root, "files", true, file_keys, read_file, rubric);
    rubric_read_groups(reader, root, "tiers", true, tier_keys, read_tier, rubric);
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
    g_free(run->form);
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
    g_array_free(check->variables, TRUE);
    g_ptr_array_free(check->files, TRUE);
    g_ptr_array_free(check->about, TRUE);
    g_ptr_array_free(check->after, TRUE);
    g_ptr_array_free(check->builds_on, TRUE);
    g_ptr_array_free(check->needs, TRUE);
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
    struct rubric_reader reader = {path, platforms, NULL, errors};
    struct rubric *rubric = g_new0(struct rubric, 1);
    rubric->files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file));
    rubric->used_files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file));
    rubric->tiers = g_array_new(FALSE, TRUE, sizeof(struct rubric_tier));
    rubric->checks = g_array_new(FALSE, TRUE, sizeof(struct rubric_check));
    g_array_set_clear_func(rubric->files, clear_file);
    g_array_set_clear_func(rubric->used_files, clear_file);
    g_array_set_clear_func(rubric->tiers, clear_tier);
    g_array_set_clear_func(rubric->checks, clear_check);
    gsize before = errors->len;
    config_t config;
    config_init(&config);
    config_setting_t *root = NULL;
    if (rubric_read_configuration(&config, path, errors))
        read_rubric(&reader, root = config_root_setting(&config), rubric);
    if (errors->len == before)
        rubric_lint(rubric, &reader, root);
    if (errors->len == before)
        rubric_lint_needs(rubric, &reader, root);
    if (errors->len == before)
        rubric_calls_read(rubric, path, errors);
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
    g_clear_pointer(&rubric->uses, g_ptr_array_unref);
    g_array_free(rubric->files, TRUE);
    g_array_free(rubric->used_files, TRUE);
    g_array_free(rubric->tiers, TRUE);
    g_array_free(rubric->checks, TRUE);
    rubric_calls_free(rubric);
    g_free(rubric->assignment);
    g_free(rubric);
}
