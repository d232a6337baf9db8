/* What the mutants of an assignment say of its rubric: NAME.cfg beside NAME.patch. */
#include "grader/rubric/rubric.h"
#include "grader/rubric/rubric_lint.h"
#include "grader/rubric/rubric_values.h"

#include <string.h>

static const char *const lists[] = {"fails", "passes", "fast", NULL};

/* Every name in a list is a check of the rubric. */
static void lint_names(const struct rubric_reader *reader, const struct rubric *rubric,
                       config_setting_t *mutant, const char *key)
{
    g_autoptr(GPtrArray) names = rubric_read_names(reader, mutant, key);
    for (guint i = 0; i < names->len; i++) {
        g_autoptr(GString) meant = g_string_new(NULL);
        if (rubric_find(rubric, names->pdata[i]))
            continue;
        rubric_append_meant_check(rubric, names->pdata[i], meant);
        rubric_complain(reader, config_setting_get_member(mutant, key),
                        "%s: the rubric has no check \"%s\"%s", key, (char *)names->pdata[i],
                        meant->str);
    }
}

/* What fails does not pass. */
static void lint_contradictions(const struct rubric_reader *reader, config_setting_t *mutant)
{
    g_autoptr(GPtrArray) fails = rubric_read_names(reader, mutant, "fails");
    g_autoptr(GPtrArray) passes = rubric_read_names(reader, mutant, "passes");
    for (guint i = 0; i < fails->len; i++)
        if (g_ptr_array_find_with_equal_func(passes, fails->pdata[i], g_str_equal, NULL))
            rubric_complain(reader, config_setting_get_member(mutant, "passes"),
                            "\"%s\" is among fails, too", (char *)fails->pdata[i]);
}

static void lint_mutant(const struct rubric *rubric, const char *path, GString *errors)
{
    static const char *const keys[] = {"what", "mistake", "fails", "passes",
                                       "fast", "sample",  NULL};
    struct rubric_reader reader = {.path = path, .errors = errors};
    config_t config;
    config_init(&config);
    if (rubric_read_configuration(&config, path, errors)) {
        config_setting_t *mutant = config_root_setting(&config);
        const gsize before = errors->len;
        rubric_only_these_keys(&reader, mutant, keys);
        g_free(rubric_read_text(&reader, mutant, "what", true));
        g_free(rubric_read_text(&reader, mutant, "mistake", false));
        rubric_read_switch(&reader, mutant, "sample");
        for (int i = 0; lists[i]; i++)
            lint_names(&reader, rubric, mutant, lists[i]);
        if (errors->len == before)
            lint_contradictions(&reader, mutant);
    }
    config_destroy(&config);
}

/* The file beside it with another ending is there. */
static void lint_pair(const char *folder, const char *name, const char *ending, const char *other,
                      GString *errors)
{
    if (!g_str_has_suffix(name, ending))
        return;
    g_autofree char *alone = g_strndup(name, strlen(name) - strlen(ending));
    g_autofree char *missing = g_strdup_printf("%s/%s%s", folder, alone, other);
    if (!g_file_test(missing, G_FILE_TEST_IS_REGULAR))
        g_string_append_printf(errors, "%s/%s: %s%s is missing beside it\n", folder, name, alone,
                               other);
}

bool rubric_lint_mutants(const struct rubric *rubric, const char *mutants_folder, GString *errors)
{
    gsize before = errors->len;
    g_autoptr(GDir) folder = g_dir_open(mutants_folder, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        g_autofree char *path = g_build_filename(mutants_folder, name, NULL);
        lint_pair(mutants_folder, name, ".cfg", ".patch", errors);
        lint_pair(mutants_folder, name, ".patch", ".cfg", errors);
        if (g_str_has_suffix(name, ".cfg"))
            lint_mutant(rubric, path, errors);
    }
    return errors->len == before;
}

/* ---- coverage ---------------------------------------------------------------------- */

/* Adds the names in the `fails` list of one mutant. */
static void add_covered(const char *path, GHashTable *covered)
{
    config_t config;
    config_init(&config);
    const config_setting_t *fails =
        config_read_file(&config, path) ? config_lookup(&config, "fails") : NULL;
    for (int i = 0; fails && i < config_setting_length(fails); i++) {
        const char *name = config_setting_get_string_elem(fails, i);
        if (name)
            g_hash_table_add(covered, g_strdup(name));
    }
    config_destroy(&config);
}

bool rubric_is_covered(const struct rubric *rubric, const char *path, const char *mutants_folder,
                       GString *errors)
{
    gsize before = errors->len;
    g_autoptr(GHashTable) covered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GDir) folder = g_dir_open(mutants_folder, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        g_autofree char *mutant = g_build_filename(mutants_folder, name, NULL);
        if (g_str_has_suffix(name, ".cfg"))
            add_covered(mutant, covered);
    }
    for (guint i = 0; i < rubric->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(rubric, i);
        if (check->judge && !g_hash_table_contains(covered, check->name))
            g_string_append_printf(errors,
                                   "%s:%d: check \"%s\": no mutant in %s has to fail it: name it "
                                   "in the fails of one\n",
                                   path, check->line, check->name, mutants_folder);
    }
    return errors->len == before;
}
