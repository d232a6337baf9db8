/* Mutants: reading and making them; see mutant.h. */
#include "tests/mutants/mutant.h"

#include <libconfig.h>
#include <string.h>

bool mutant_is_right(const struct mutant *mutant)
{
    return mutant->fails->len == 0;
}

bool mutant_lists(const GPtrArray *names, const char *name)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, NULL);
}

/* ---- reading ----------------------------------------------------------------------- */

static GPtrArray *read_names(struct mutant *mutant, const config_t *config, const char *key,
                             bool required)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const config_setting_t *list = config_lookup(config, key);
    if (list && !config_setting_is_list(list))
        g_string_append_printf(mutant->trouble, "%s is no list of names\n", key);
    else if (!list && required)
        g_string_append_printf(mutant->trouble, "%s is missing\n", key);
    for (int i = 0; list && i < config_setting_length(list); i++) {
        const char *name = config_setting_get_string_elem(list, i);
        if (name)
            g_ptr_array_add(names, g_strdup(name));
        else
            g_string_append_printf(mutant->trouble, "element %d of %s is no name\n", i, key);
    }
    return names;
}

static struct mutant *read_mutant(const char *assignment, const char *name)
{
    struct mutant *mutant = g_new0(struct mutant, 1);
    g_autofree char *folder = mutants_folder(assignment);
    g_autofree char *file = g_strconcat(name, ".cfg", NULL);
    g_autofree char *path = g_build_filename(folder, file, NULL);
    config_t config;
    const char *text = NULL;
    int sample = 0;
    config_init(&config);
    mutant->assignment = g_strdup(assignment);
    mutant->name = g_strdup(name);
    mutant->trouble = g_string_new(NULL);
    if (!config_read_file(&config, path))
        g_string_append_printf(mutant->trouble, "%s:%d: %s\n", path, config_error_line(&config),
                               config_error_text(&config));
    if (!config_lookup_string(&config, "what", &text) || !*text)
        g_string_append(mutant->trouble, "what is missing\n");
    mutant->what = g_strdup(text ? text : "");
    mutant->mistake =
        config_lookup_string(&config, "mistake", &text) == CONFIG_TRUE ? g_strdup(text) : NULL;
    mutant->fails = read_names(mutant, &config, "fails", true);
    mutant->passes = read_names(mutant, &config, "passes", true);
    mutant->fast = read_names(mutant, &config, "fast", false);
    if (mutant->fast->len == 0 && mutant->fails->len > 0)
        g_ptr_array_add(mutant->fast, g_strdup(mutant->fails->pdata[0]));
    if (config_lookup(&config, "sample") && !config_lookup_bool(&config, "sample", &sample))
        g_string_append(mutant->trouble, "sample is neither true nor false\n");
    mutant->sample = sample != 0;
    if (mutant_is_right(mutant) != g_str_has_prefix(name, "right-"))
        g_string_append(mutant->trouble, "right- in the name and an empty fails belong together\n");
    config_destroy(&config);
    return mutant;
}

static void free_mutant(void *pointer)
{
    struct mutant *mutant = pointer;
    g_free(mutant->assignment);
    g_free(mutant->name);
    g_free(mutant->what);
    g_free(mutant->mistake);
    g_ptr_array_unref(mutant->fails);
    g_ptr_array_unref(mutant->passes);
    g_ptr_array_unref(mutant->fast);
    g_string_free(mutant->trouble, TRUE);
    g_free(mutant);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp((*(struct mutant *const *)a)->name, (*(struct mutant *const *)b)->name);
}

char *mutants_folder(const char *assignment)
{
    return g_build_filename("assignments", assignment, "mutants", NULL);
}

GPtrArray *mutants_read(const char *assignment)
{
    g_autofree char *folder = mutants_folder(assignment);
    GPtrArray *mutants = g_ptr_array_new_with_free_func(free_mutant);
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    for (const char *file; listing && (file = g_dir_read_name(listing));)
        if (g_str_has_suffix(file, ".patch")) {
            g_autofree char *name = g_strndup(file, strlen(file) - strlen(".patch"));
            g_ptr_array_add(mutants, read_mutant(assignment, name));
        }
    g_ptr_array_sort(mutants, by_name);
    return mutants;
}

GPtrArray *mutants_sample(const GPtrArray *mutants)
{
    GPtrArray *sample = g_ptr_array_new();
    for (guint i = 0; i < mutants->len; i++)
        if (((const struct mutant *)mutants->pdata[i])->sample)
            g_ptr_array_add(sample, mutants->pdata[i]);
    if (sample->len == 0)
        g_ptr_array_extend(sample, (GPtrArray *)mutants, NULL, NULL);
    return sample;
}

/* ---- making --------------------------------------------------------------------------- */

bool mutant_run(char *const *words, const char *folder, GString *surprises)
{
    g_autofree char *output = NULL, *errors = NULL;
    g_autofree char *ceiling = g_path_get_dirname(folder ? folder : "/");
    g_auto(GStrv) environment =
        g_environ_setenv(g_get_environ(), "GIT_CEILING_DIRECTORIES", ceiling, TRUE);
    int status = 0;
    GError *problem = NULL;
    if (g_spawn_sync(folder, (char **)words, environment, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
                     &errors, &status, &problem) &&
        g_spawn_check_wait_status(status, &problem))
        return true;
    g_string_append_printf(surprises, "%s: %s %s%s\n", words[0], problem->message,
                           output ? output : "", errors ? errors : "");
    g_error_free(problem);
    return false;
}

/* Do the paths of a patch name the folders of assignments? Then it is all of solutions/ that it changes. */
static bool names_folders(const char *patch)
{
    g_autofree char *text = NULL;
    return g_file_get_contents(patch, &text, NULL, NULL) &&
           g_regex_match_simple("^(---|\\+\\+\\+) [ab]/[^/\\s]+/", text, G_REGEX_MULTILINE, 0);
}

bool mutant_make(const struct mutant *mutant, const char *folder, GString *surprises)
{
    g_autofree char *mutants = mutants_folder(mutant->assignment);
    g_autofree char *relative = g_strdup_printf("%s/%s.patch", mutants, mutant->name);
    g_autofree char *patch = g_canonicalize_filename(relative, NULL);
    g_autofree char *files = g_build_filename(folder, mutant->assignment, NULL);
    /* With those of other assignments: it may use their files. */
    char *copy[] = {"cp", "-r", "solutions/.", (char *)folder, NULL};
    char *apply[] = {"git", "apply", "--whitespace=nowarn", patch, NULL};
    return mutant_run(copy, NULL, surprises) &&
           mutant_run(apply, names_folders(patch) ? folder : files, surprises);
}

void mutant_add_word(GString *text, const char *separator, const char *word)
{
    g_string_append_printf(text, "%s%s", text->len > 0 ? separator : "", word);
}

char *mutant_fast_checks(const struct mutant *mutant)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < mutant->fast->len; i++)
        mutant_add_word(text, ",", mutant->fast->pdata[i]);
    return g_string_free(text, FALSE);
}
