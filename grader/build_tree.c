/* The pristine tree, and the flags that make wrote. */
#include "grader/build_tree.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

bool copy_plain_file(const char *from, const char *to, GString *error)
{
    GError *problem = NULL;
    char *content;
    gsize length;
    bool copied = g_file_get_contents(from, &content, &length, &problem);
    if (copied) {
        copied = g_file_set_contents_full(to, content, (gssize)length, G_FILE_SET_CONTENTS_NONE,
                                          0644, &problem);
        g_free(content);
    }
    if (!copied) {
        g_string_append(error, problem->message);
        g_error_free(problem);
    }
    return copied;
}

/* Copies the files of a folder whose names end like this; it has to hold at least one. */
static bool copy_files(const char *from, const char *to, const char *ending, GString *error)
{
    g_autoptr(GDir) folder = g_dir_open(from, 0, NULL);
    if (!folder || g_mkdir_with_parents(to, 0755) != 0) {
        g_string_append_printf(error, "%s: %s", folder ? to : from, strerror(errno));
        return false;
    }
    int copied = 0;
    for (const char *name; (name = g_dir_read_name(folder));) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        if (!g_str_has_suffix(name, ending) || !g_file_test(source, G_FILE_TEST_IS_REGULAR))
            continue;
        if (!copy_plain_file(source, target, error))
            return false;
        copied++;
    }
    if (copied == 0)
        g_string_append_printf(error, "%s holds no *%s: build the kit first (make build)", from,
                               ending);
    return copied > 0;
}

bool build_tree_new(const char *tree, const char *kit, const char *build_folder,
                    const char *assignment, GString *error)
{
    g_autofree char *common = g_build_filename(kit, "common", NULL);
    g_autofree char *own = g_build_filename(kit, "assignments", assignment, NULL);
    g_autofree char *objects = g_build_filename(build_folder, "assignments", assignment, NULL);
    g_autofree char *tree_common = g_build_filename(tree, "common", NULL);
    g_autofree char *tree_own = g_build_filename(tree, "assignments", assignment, NULL);
    g_autofree char *tree_objects = g_build_filename(tree, "lib", assignment, NULL);
    g_autofree char *library = g_build_filename(build_folder, "libcommon.a", NULL);
    g_autofree char *tree_library = g_build_filename(tree, "lib", "libcommon.a", NULL);
    return copy_files(common, tree_common, ".h", error) && copy_files(own, tree_own, ".h", error) &&
           copy_files(objects, tree_objects, ".o", error) &&
           copy_plain_file(library, tree_library, error);
}

bool build_tree_add_simulator(const char *tree, const char *kit, const char *build_folder,
                              const char *assignment, GString *error)
{
    g_autofree char *objects =
        g_build_filename(build_folder, "simulator", "assignments", assignment, NULL);
    g_autofree char *tree_objects = g_build_filename(tree, "simulator", assignment, NULL);
    g_autofree char *library = g_build_filename(build_folder, "simulator", "libcommon.a", NULL);
    g_autofree char *tree_library = g_build_filename(tree, "simulator", "libcommon.a", NULL);
    g_autofree char *platforms = g_build_filename(kit, "common", "platforms", NULL);
    g_autofree char *tree_platforms = g_build_filename(tree, "common", "platforms", NULL);
    g_autofree char *tools = g_build_filename(kit, "tools", NULL);
    g_autofree char *tree_tools = g_build_filename(tree, "tools", NULL);
    return copy_files(objects, tree_objects, ".o", error) &&
           copy_plain_file(library, tree_library, error) &&
           copy_files(platforms, tree_platforms, ".xml", error) &&
           copy_files(tools, tree_tools, "simulate", error);
}

/* Three lines of the file from line `first`, 0 the first. */
static bool read_flags(struct build_flags *flags, char *const *lines, guint first, GString *error)
{
    char ***into[] = {&flags->compile, &flags->link, &flags->libraries};
    guint count = g_strv_length((char **)lines);
    for (guint i = 0; i < G_N_ELEMENTS(into); i++)
        if (first + i >= count || !g_shell_parse_argv(lines[first + i], NULL, into[i], NULL)) {
            g_string_append_printf(error, "line %u can't be understood", first + i + 1);
            return false;
        }
    return true;
}

bool build_flags_read(struct build_flags *real, struct build_flags *simulated,
                      const char *build_folder, GString *error)
{
    g_autofree char *path = g_build_filename(build_folder, "program.flags", NULL);
    g_autofree char *content = NULL;
    GError *problem = NULL;
    *real = *simulated = (struct build_flags){0};
    if (!g_file_get_contents(path, &content, NULL, &problem)) {
        g_string_append_printf(error, "%s (make writes it)", problem->message);
        g_error_free(problem);
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(content, "\n", -1);
    g_autoptr(GString) fault = g_string_new(NULL);
    bool has_simulator = g_strv_length(lines) > 3 && *lines[3];
    if (read_flags(real, lines, 0, fault) &&
        (!has_simulator || read_flags(simulated, lines, 3, fault)))
        return true;
    g_string_append_printf(error, "%s: %s", path, fault->str);
    build_flags_clear(real);
    build_flags_clear(simulated);
    return false;
}

void build_flags_clear(struct build_flags *flags)
{
    g_strfreev(flags->compile);
    g_strfreev(flags->link);
    g_strfreev(flags->libraries);
    *flags = (struct build_flags){0};
}
