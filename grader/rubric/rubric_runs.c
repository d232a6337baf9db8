/* The runs of a check: how many ranks, on which machine, with which arguments. */
#include "common/files/dataset.h"
#include "grader/rubric/rubric.h"
#include "grader/rubric/rubric_values.h"

#include <string.h>

static bool has_platform(const struct rubric_reader *reader, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    g_autofree char *path = g_build_filename(reader->platforms, file, NULL);
    return !strchr(name, '/') && g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

/* All that there are, the nearest first. */
static void append_platforms(const struct rubric_reader *reader, const char *meant, GString *text)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) folder = g_dir_open(reader->platforms, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));)
        if (g_str_has_suffix(name, ".xml"))
            g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".xml")));
    g_ptr_array_add(names, NULL);
    rubric_append_nearest(text, meant, (const char *const *)names->pdata);
}

static void read_machine(const struct rubric_reader *reader, config_setting_t *group,
                         struct rubric_run *run)
{
    g_autofree char *machine = rubric_read_text(reader, group, "machine", false);
    run->platform = rubric_read_text(reader, group, "platform", false);
    run->synchronous = rubric_read_switch(reader, group, "synchronous");
    run->simulated = g_strcmp0(machine, "simulated") == 0;
    if (machine && !run->simulated && strcmp(machine, "real") != 0)
        rubric_complain(reader, config_setting_get_member(group, "machine"),
                        "machine = \"%s\": has to be \"real\" or \"simulated\"", machine);
    if (!run->simulated) {
        if (run->platform || run->synchronous)
            rubric_complain(
                reader,
                config_setting_get_member(group, run->platform ? "platform" : "synchronous"),
                "\"%s\" goes with machine = \"simulated\"",
                run->platform ? "platform" : "synchronous");
        return;
    }
    if (!run->platform)
        run->platform = g_strdup("free");
    if (has_platform(reader, run->platform))
        return;
    g_autoptr(GString) known = g_string_new(NULL);
    append_platforms(reader, run->platform, known);
    rubric_complain(reader, config_setting_get_member(group, "platform"),
                    "platform = \"%s\": there is no such file in common/platforms%s%s",
                    run->platform, known->len > 0 ? "; there are: " : "", known->str);
}

/* Would the program take them? */
static bool arguments_are_meant(const struct rubric_reader *reader, config_setting_t *at,
                                const struct rubric_run *run, const char *arguments)
{
    struct options options = {0};
    char error[OPTIONS_ERROR_SIZE], why[DATASET_ERROR_SIZE];
    /* How many classes a text has is only known where it can be read: no fault of the rubric's. */
    if (rubric_parse_arguments(run, arguments, &options, error) ||
        (dataset_has_files(options.dataset) && !dataset_present(options.dataset, why)))
        return true;
    rubric_complain(reader, at, "the program would refuse \"%s\": %s", arguments, error);
    return false;
}

bool rubric_run_is_meant(const struct rubric_reader *reader, config_setting_t *group,
                         const struct rubric_run *run)
{
    config_setting_t *ranks = config_setting_get_member(group, "ranks");
    const bool good = !ranks || (run->ranks >= 1 && run->ranks <= RUBRIC_MAX_RANKS);
    if (!good)
        rubric_complain(reader, ranks, "ranks = %d: has to be 1 … %d", run->ranks,
                        RUBRIC_MAX_RANKS);
    return arguments_are_meant(reader, config_setting_get_member(group, "arguments"), run,
                               run->arguments) &&
           good;
}

/* What varies is read with the arguments. */
static int read_ranks(const struct rubric_reader *reader, config_setting_t *group)
{
    config_setting_t *ranks = config_setting_get_member(group, "ranks");
    const char *text = ranks ? config_setting_get_string(ranks) : NULL;
    return text && strpbrk(text, "{}") ? 0 : (int)rubric_read_number(reader, group, "ranks");
}

void rubric_read_run(const struct rubric_reader *reader, config_setting_t *group, void *into)
{
    struct rubric_check *check = into;
    struct rubric_run run = {
        .assignment = reader->assignment,
        .ranks = read_ranks(reader, group),
        .arguments = rubric_read_text(reader, group, "arguments", true),
        .seconds = rubric_read_number(reader, group, "seconds"),
        .otherwise = rubric_read_text(reader, group, "otherwise", false),
        .reference = rubric_read_text(reader, group, "reference", false),
    };
    config_setting_t *otherwise = config_setting_get_member(group, "otherwise");
    if (!(run.seconds > 0) && config_setting_get_member(group, "seconds"))
        rubric_complain(reader, config_setting_get_member(group, "seconds"),
                        "seconds has to be more than 0");
    read_machine(reader, group, &run);
    g_array_append_val(check->runs, run);
    if (rubric_read_form(reader, group, check))
        rubric_run_is_meant(reader, group, RUBRIC_RUNS(check, check->runs->len - 1));
    if (run.otherwise && strpbrk(run.otherwise, "{}"))
        rubric_complain(reader, otherwise, "\"otherwise\" can't vary: { } are for arguments");
    else if (run.otherwise)
        arguments_are_meant(reader, otherwise, &run, run.otherwise);
}
