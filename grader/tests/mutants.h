/*
 * Mutants: the solutions with one thing changed, to grade the grader by.
 *
 * grader/tests/mutants/NAME.patch changes files of solutions/pipeline; NAME.cfg
 * (libconfig) says what must come of it:
 *
 *     what    = "the loss is not divided by the number of micro-batches";
 *     mistake = "…";                  # the known mistake that must be named; else none may be
 *     fails   = ( "train_step_afab" );   # checks that must fail by themselves
 *     passes  = ( "afab_order", … );     # checks that must pass
 *     fast    = ( "train_step_afab" );   # those to look at in a hurry; else the first of fails
 *
 * A check in neither list is not looked at. With fails = () the mutant is no
 * mistake but another right way (its name begins with right-): it must get full
 * marks from every judge. Everything here returns problems as text.
 *
 * This file reads and makes mutants; mutants_build.h builds and mutants_look.h
 * grades them.
 */
#ifndef GRADER_TESTS_MUTANTS_H
#define GRADER_TESTS_MUTANTS_H

#include <glib.h>
#include <libconfig.h>
#include <stdbool.h>
#include <string.h>

#define MUTANTS_FOLDER "grader/tests/mutants"
#define MUTANTS_SEED   20 /* of every run: the outcome must not depend on the day */

struct mutant {
    char *name;
    char *what;
    char *mistake; /* or NULL */
    GPtrArray *fails, *passes, *fast;
    GString *trouble; /* what is wrong with its files; empty: nothing */
};

static inline bool mutant_is_right(const struct mutant *mutant)
{
    return mutant->fails->len == 0;
}

static inline bool mutant_lists(const GPtrArray *names, const char *name)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, NULL);
}

/* ---- reading ----------------------------------------------------------------------- */

static inline GPtrArray *mutant_read_names(struct mutant *mutant, const config_t *config,
                                           const char *key, bool required)
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

static inline struct mutant *mutant_read(const char *folder, const char *name)
{
    struct mutant *mutant = g_new0(struct mutant, 1);
    g_autofree char *file = g_strconcat(name, ".cfg", NULL);
    g_autofree char *path = g_build_filename(folder, file, NULL);
    config_t config;
    const char *text = NULL;
    config_init(&config);
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
    mutant->fails = mutant_read_names(mutant, &config, "fails", true);
    mutant->passes = mutant_read_names(mutant, &config, "passes", true);
    mutant->fast = mutant_read_names(mutant, &config, "fast", false);
    if (mutant->fast->len == 0 && mutant->fails->len > 0)
        g_ptr_array_add(mutant->fast, g_strdup(mutant->fails->pdata[0]));
    if (mutant_is_right(mutant) != g_str_has_prefix(name, "right-"))
        g_string_append(mutant->trouble, "right- in the name and an empty fails belong together\n");
    config_destroy(&config);
    return mutant;
}

static inline void mutant_free(void *pointer)
{
    struct mutant *mutant = pointer;
    g_free(mutant->name);
    g_free(mutant->what);
    g_free(mutant->mistake);
    g_ptr_array_unref(mutant->fails);
    g_ptr_array_unref(mutant->passes);
    g_ptr_array_unref(mutant->fast);
    g_string_free(mutant->trouble, TRUE);
    g_free(mutant);
}

static inline int mutant_by_name(gconstpointer a, gconstpointer b)
{
    return strcmp((*(struct mutant *const *)a)->name, (*(struct mutant *const *)b)->name);
}

/* All mutants of a folder, by name: an array of struct mutant *. */
static inline GPtrArray *mutants_read(const char *folder)
{
    GPtrArray *mutants = g_ptr_array_new_with_free_func(mutant_free);
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    for (const char *file; listing && (file = g_dir_read_name(listing));)
        if (g_str_has_suffix(file, ".patch")) {
            g_autofree char *name = g_strndup(file, strlen(file) - strlen(".patch"));
            g_ptr_array_add(mutants, mutant_read(folder, name));
        }
    g_ptr_array_sort(mutants, mutant_by_name);
    return mutants;
}

/* ---- making and grading -------------------------------------------------------------- */

/* Runs a command in a folder; on a failure adds what it printed to surprises. */
static inline bool mutant_run(char *const *words, const char *folder, GString *surprises)
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

/* The solutions with the patch, in FOLDER/pipeline. git takes no notice of a repository around
 * the folder: the ceiling is set. */
static inline bool mutant_make(const struct mutant *mutant, const char *folder, GString *surprises)
{
    g_autofree char *top = g_get_current_dir();
    g_autofree char *patch = g_strdup_printf("%s/" MUTANTS_FOLDER "/%s.patch", top, mutant->name);
    g_autofree char *files = g_build_filename(folder, "pipeline", NULL);
    char *copy[] = {"cp", "-r", "solutions/pipeline", files, NULL};
    char *apply[] = {"git", "apply", "--whitespace=nowarn", patch, NULL};
    return mutant_run(copy, NULL, surprises) && mutant_run(apply, files, surprises);
}

static inline void mutant_add_word(GString *text, const char *separator, const char *word)
{
    g_string_append_printf(text, "%s%s", text->len > 0 ? separator : "", word);
}

/* "a,b": the checks that a hurried look takes. A new string. */
static inline char *mutant_fast_checks(const struct mutant *mutant)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < mutant->fast->len; i++)
        mutant_add_word(text, ",", mutant->fast->pdata[i]);
    return g_string_free(text, FALSE);
}

#endif
