/* What everybody was given; see source.h. */
#include "class/similarity/source.h"

#include <string.h>

/* Calls visit for each file of the kit whose name ends like this, in folders below that are not the instructor's own. */
typedef void visit_function(const char *text, gsize length, void *data);

static bool is_handed_out(const char *name)
{
    static const char *const own[] = {"mutants", "tests", "judges", "curves",
                                      "docs",    "tools", NULL};
    return name[0] != '.' && !g_strv_contains(own, name);
}

static void visit_files(const char *folder, const char *ending, visit_function *visit, void *data)
{
    GDir *open_folder = g_dir_open(folder, 0, NULL);
    for (const char *name; open_folder && (name = g_dir_read_name(open_folder)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = NULL;
        gsize length;
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            if (is_handed_out(name))
                visit_files(path, ending, visit, data);
        } else if (g_str_has_suffix(name, ending) &&
                   g_file_get_contents(path, &text, &length, NULL)) {
            visit(text, length, data);
        }
    }
    if (open_folder)
        g_dir_close(open_folder);
}

static void visit_kit(const char *kit, const char *assignment, const char *ending,
                      visit_function *visit, void *data)
{
    const char *const parts[][2] = {
        {"common", NULL}, {"assignments", assignment}, {"skeleton", assignment}};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *folder = g_build_filename(kit, parts[i][0], parts[i][1], NULL);
        visit_files(folder, ending, visit, data);
    }
}

static void add_names(const char *text, gsize length, void *names)
{
    tokens_add_names(text, length, names);
}

GHashTable *similarity_kit_names(const char *kit, const char *assignment)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    visit_kit(kit, assignment, ".h", add_names, names);
    return names;
}

struct runs {
    const struct similarity_how *how;
    GHashTable *names;
    GArray *runs;
};

static void add_runs(const char *text, gsize length, void *data)
{
    struct runs *to = data;
    g_autoptr(GArray) tokens = g_array_new(FALSE, FALSE, sizeof(struct token));
    tokens_read(text, length, 0, to->how->folds, to->names, tokens);
    g_autoptr(GArray) runs = prints_runs(tokens, to->how->gram);
    g_array_append_vals(to->runs, runs->data, runs->len);
}

/* Only what stands between lines of three backquotes. */
static void add_code_of(const char *text, gsize length, void *data)
{
    g_auto(GStrv) part = g_strsplit(text, "\n```", -1);
    (void)length;
    for (guint i = 1; part[0] && part[i]; i += 2)
        add_runs(part[i], strlen(part[i]), data);
}

GArray *similarity_kit_runs(const char *kit, const char *assignment,
                            const struct similarity_how *how, GHashTable *names)
{
    struct runs to = {how, names, g_array_new(FALSE, FALSE, sizeof(uint64_t))};
    visit_kit(kit, assignment, ".h", add_runs, &to);
    visit_kit(kit, assignment, ".c", add_runs, &to);
    visit_kit(kit, assignment, ".md", add_code_of, &to);
    g_autofree char *whole = g_build_filename(kit, "HANDOUT.md", NULL), *text = NULL;
    if (g_file_get_contents(whole, &text, NULL, NULL))
        add_code_of(text, strlen(text), &to);
    runs_sort(to.runs);
    return to.runs;
}
