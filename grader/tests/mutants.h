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
 */
#ifndef GRADER_TESTS_MUTANTS_H
#define GRADER_TESTS_MUTANTS_H

#include <glib.h>
#include <jansson.h>
#include <libconfig.h>
#include <stdbool.h>
#include <string.h>

#define MUTANTS_FOLDER "grader/tests/mutants"
#define MUTANTS_SEED   "20" /* of every run: the outcome must not depend on the day */

struct mutant {
    char *name;
    char *what;
    char *mistake; /* or NULL */
    GPtrArray *fails, *passes, *fast;
    GString *trouble; /* what is wrong with its files; empty: nothing */
};

/* What came of a mutant. */
struct mutant_result {
    GString *failed;    /* checks that failed by themselves, "a, b" */
    GString *named;     /* known mistakes that were named, "a; b" */
    GString *surprises; /* what is not as expected, a line each; empty: caught, or accepted */
    double score, seconds;
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

/* Known mistakes stand among a test's tags, beside its questions. */
static inline void mutant_take_named(const json_t *test, GString *named)
{
    size_t i;
    json_t *tag;
    json_array_foreach(json_object_get(test, "tags"), i, tag)
    {
        const char *text = json_string_value(tag);
        bool is_question = text && text[0] == 'Q' && g_ascii_isdigit(text[1]);
        if (text && !is_question && strcmp(text, "not judged") != 0 && !strstr(named->str, text))
            mutant_add_word(named, "; ", text);
    }
}

/* Compares one check with what the mutant's file says. */
static inline void mutant_compare_check(const struct mutant *mutant, const json_t *test,
                                        struct mutant_result *result)
{
    const char *name = json_string_value(json_object_get(test, "number"));
    const char *status = json_string_value(json_object_get(test, "status"));
    const char *output = json_string_value(json_object_get(test, "output"));
    if (!name || !output)
        return;
    bool unreached = g_str_has_prefix(output, "needs ");
    bool failed = status && strcmp(status, "failed") == 0 && !unreached;
    bool passed = status && strcmp(status, "passed") == 0;
    const char *is = failed      ? "failed"
                     : passed    ? "passed"
                     : unreached ? "was not reached"
                                 : "was not judged";
    g_autofree char *line = g_strndup(output, strcspn(output, "\n"));
    if (failed)
        mutant_add_word(result->failed, ", ", name);
    if (mutant_lists(mutant->fails, name) && !failed)
        g_string_append_printf(result->surprises, "%s must fail, and %s (%s)\n", name, is, line);
    if (mutant_lists(mutant->passes, name) && !passed)
        g_string_append_printf(result->surprises, "%s must pass, and %s (%s)\n", name, is, line);
}

static inline void mutant_compare(const struct mutant *mutant, const json_t *root,
                                  struct mutant_result *result)
{
    size_t i;
    json_t *test;
    result->score = json_number_value(json_object_get(root, "score"));
    json_array_foreach(json_object_get(root, "tests"), i, test)
    {
        mutant_compare_check(mutant, test, result);
        mutant_take_named(test, result->named);
    }
    if (json_array_size(json_object_get(root, "tests")) == 0)
        g_string_append(result->surprises, "results.json holds no tests\n");
    if (strcmp(result->named->str, mutant->mistake ? mutant->mistake : "") != 0)
        g_string_append_printf(result->surprises, "named “%s” and not “%s”\n", result->named->str,
                               mutant->mistake ? mutant->mistake : "");
    const json_t *extra = json_object_get(root, "extra_data");
    if (mutant_is_right(mutant) &&
        json_number_value(json_object_get(extra, "judged_points")) > result->score)
        g_string_append_printf(result->surprises, "only %g points\n", result->score);
}

/* Grades the mutant with BUILD/grade. checks: "a,b", or NULL for all. jobs: of the grader. */
static inline struct mutant_result mutant_grade(const struct mutant *mutant, const char *build,
                                                const char *checks, const char *jobs)
{
    struct mutant_result result = {g_string_new(NULL), g_string_new(NULL),
                                   g_string_new(mutant->trouble->str), 0, 0};
    gint64 began = g_get_monotonic_time();
    g_autofree char *folder = g_dir_make_tmp("mutant-XXXXXX", NULL);
    g_autofree char *out = g_build_filename(folder, "out", NULL);
    g_autofree char *json = g_build_filename(out, "results.json", NULL);
    g_autofree char *program = g_build_filename(build, "grade", NULL);
    char *words[] = {program,
                     "--submission",
                     folder,
                     "--build-folder",
                     (char *)build,
                     "--out",
                     out,
                     "--seed",
                     MUTANTS_SEED,
                     "--jobs",
                     (char *)jobs,
                     "--quiet",
                     checks ? "--check" : NULL,
                     (char *)checks,
                     NULL};
    if (mutant_make(mutant, folder, result.surprises) &&
        mutant_run(words, NULL, result.surprises)) {
        json_error_t error;
        json_t *root = json_load_file(json, 0, &error);
        if (root)
            mutant_compare(mutant, root, &result);
        else
            g_string_append_printf(result.surprises, "results.json: %s\n", error.text);
        json_decref(root);
    }
    char *remove[] = {"rm", "-rf", "--", folder, NULL};
    mutant_run(remove, NULL, result.surprises);
    result.seconds = (double)(g_get_monotonic_time() - began) * 1e-6;
    return result;
}

static inline void mutant_result_clear(struct mutant_result *result)
{
    g_string_free(result->failed, TRUE);
    g_string_free(result->named, TRUE);
    g_string_free(result->surprises, TRUE);
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
