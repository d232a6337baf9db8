/* The rubric: read from libconfig, value by value, with everything odd reported. */
#include "grader/rubric/rubric.h"

#include "common/files/dataset.h"
#include "grader/rubric/rubric_calls.h"
#include "grader/rubric/rubric_lint.h"
#include "grader/rubric/rubric_values.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* ---- files, runs, checks, tiers ------------------------------------------------ */

static void read_file(const struct rubric_reader *reader, config_setting_t *group, void *into)
{
    struct rubric *rubric = into;
    struct rubric_file file = {
        .name = rubric_read_text(reader, group, "name", true),
        .question = rubric_read_text(reader, group, "question", false),
    };
    if (config_setting_get_member(group, "begin"))
        file.begin = (int)rubric_read_number(reader, group, "begin");
    if (strchr(file.name, '/') || file.name[0] == '.')
        rubric_complain(reader, group, "\"%s\" has to be the name of a file, without a folder",
                        file.name);
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
        rubric_complain(reader, root, "uses \"%s\": %s names no files of another assignment",
                        assignment, path);
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

static void read_machine(const struct rubric_reader *reader, config_setting_t *group,
                         struct rubric_run *run)
{
    g_autofree char *machine = rubric_read_text(reader, group, "machine", false);
    run->platform = rubric_read_text(reader, group, "platform", false);
    run->synchronous = rubric_read_switch(reader, group, "synchronous");
    run->simulated = g_strcmp0(machine, "simulated") == 0;
    if (machine && !run->simulated && strcmp(machine, "real") != 0)
        rubric_complain(reader, group, "machine = \"%s\": has to be \"real\" or \"simulated\"",
                        machine);
    if (!run->simulated) {
        if (run->platform || run->synchronous)
            rubric_complain(reader, group, "\"%s\" goes with machine = \"simulated\"",
                            run->platform ? "platform" : "synchronous");
        return;
    }
    if (!run->platform)
        run->platform = g_strdup("free");
    g_autofree char *file = g_strconcat(run->platform, ".xml", NULL);
    g_autofree char *path = g_build_filename(reader->platforms, file, NULL);
    struct stat status;
    const char *trouble = strchr(run->platform, '/') ? "a slash is in the name"
                          : stat(path, &status) != 0 ? strerror(errno)
                          : !S_ISREG(status.st_mode) ? "not a plain file"
                                                     : NULL;
    if (trouble)
        rubric_complain(reader, group, "platform = \"%s\": %s: %s", run->platform, path, trouble);
}

static void read_run(const struct rubric_reader *reader, config_setting_t *group, void *into)
{
    struct rubric_check *check = into;
    struct rubric_run run = {
        .assignment = reader->assignment,
        .ranks = (int)rubric_read_number(reader, group, "ranks"),
        .arguments = rubric_read_text(reader, group, "arguments", true),
        .seconds = rubric_read_number(reader, group, "seconds"),
        .otherwise = rubric_read_text(reader, group, "otherwise", false),
        .reference = rubric_read_text(reader, group, "reference", false),
    };
    if ((run.ranks < 1 || run.ranks > RUBRIC_MAX_RANKS) &&
        config_setting_get_member(group, "ranks"))
        rubric_complain(reader, group, "ranks = %d: has to be 1 … %d", run.ranks, RUBRIC_MAX_RANKS);
    if (!(run.seconds > 0) && config_setting_get_member(group, "seconds"))
        rubric_complain(reader, group, "seconds has to be more than 0");
    read_machine(reader, group, &run);
    char *arguments[] = {run.arguments, run.otherwise};
    for (int i = 0; i < 2; i++) {
        struct options options = {0};
        char error[OPTIONS_ERROR_SIZE], why[DATASET_ERROR_SIZE];
        /* How many classes a text has is only known where it can be read: no fault of the rubric's. */
        if (arguments[i] && !rubric_parse_arguments(&run, arguments[i], &options, error) &&
            !(dataset_has_files(options.dataset) && !dataset_present(options.dataset, why)))
            rubric_complain(reader, group, "the program would refuse \"%s\": %s", arguments[i],
                            error);
    }
    g_array_append_val(check->runs, run);
}

static const struct judge *find_judge(const struct rubric_reader *reader, config_setting_t *group,
                                      const char *name)
{
    if (!*name || strcmp(name, "person") == 0)
        return NULL;
    g_autoptr(GString) known = g_string_new("person");
    for (const struct judge *judge = reader->assignment->judges; judge->name; judge++) {
        if (strcmp(judge->name, name) == 0)
            return judge;
        g_string_append_printf(known, ", %s", judge->name);
    }
    rubric_complain(reader, group,
                    "there is no judge \"%s\"; there are: %s (assignments/%s/judges/assignment.c "
                    "lists them)",
                    name, known->str, reader->assignment->name);
    return NULL;
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
        .tier = (int)rubric->tiers->len - 1,
        .line = (int)config_setting_source_line(group),
    };
    if (!check.visibility)
        check.visibility = g_strdup("visible");
    rubric_read_groups(reader, group, "runs", false, run_keys, read_run, &check);
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
    if (!config_read_file(&config, path))
        g_string_append_printf(errors, "%s:%d: %s\n", path, config_error_line(&config),
                               config_error_text(&config));
    else
        read_rubric(&reader, config_root_setting(&config), rubric);
    if (errors->len == before)
        rubric_lint(rubric, path, errors);
    if (errors->len == before)
        rubric_lint_needs(rubric, path, errors);
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
