/* The pristine tree, and the flags that make wrote. */
#include "grader/builder/build_tree.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

bool build_copy_file(const char *from, const char *to, GString *error)
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
        if (!build_copy_file(source, target, error))
            return false;
        copied++;
    }
    if (copied == 0)
        g_string_append_printf(error, "%s holds no *%s: build the kit first (make build)", from,
                               ending);
    return copied > 0;
}

/* The headers of common/, folder by folder. */
static bool copy_common(const char *tree, const char *kit, GString *error)
{
    g_autofree char *common = g_build_filename(kit, "common", NULL);
    g_autoptr(GDir) folders = g_dir_open(common, 0, NULL);
    if (!folders) {
        g_string_append_printf(error, "%s: %s", common, strerror(errno));
        return false;
    }
    for (const char *name; (name = g_dir_read_name(folders));) {
        g_autofree char *from = g_build_filename(common, name, NULL);
        g_autofree char *to = g_build_filename(tree, "common", name, NULL);
        if (strcmp(name, "tests") != 0 && strcmp(name, "platforms") != 0 &&
            g_file_test(from, G_FILE_TEST_IS_DIR) && !copy_files(from, to, ".h", error))
            return false;
    }
    return true;
}

/* The headers that students include, which lie at the top of the assignment's folder. */
static bool copy_assignment(const char *tree, const char *kit, const char *assignment,
                            GString *error)
{
    g_autofree char *from = g_build_filename(kit, "assignments", assignment, NULL);
    g_autofree char *to = g_build_filename(tree, "assignments", assignment, NULL);
    return copy_files(from, to, ".h", error);
}

char *build_tree_course(const char *tree, const char *library, const char *used)
{
    g_autofree char *name = g_strdup_printf("course-%s.a", used);
    return tree ? g_build_filename(tree, library, name, NULL)
                : g_build_filename(library, name, NULL);
}

/* Copies BUILD/FROM to TO, an archive that make builds. */
static bool copy_archive(const char *build_folder, const char *from, const char *to, GString *error)
{
    g_autofree char *source = g_build_filename(build_folder, from, NULL);
    if (build_copy_file(source, to, error))
        return true;
    g_string_append(error, ": build the kit first (make build)");
    return false;
}

static bool copy_used_archives(const char *tree, const char *library, const char *build_folder,
                               const char *used, GString *error)
{
    g_autofree char *given = g_build_filename("assignments", used, "given.a", NULL);
    g_autofree char *given_name = g_strdup_printf("given-%s.a", used);
    g_autofree char *given_to = g_build_filename(tree, library, given_name, NULL);
    g_autofree char *course = g_build_filename("solutions", used, "course.a", NULL);
    g_autofree char *course_from = g_build_filename(build_folder, course, NULL);
    g_autofree char *course_to = build_tree_course(tree, library, used);
    return copy_archive(build_folder, given, given_to, error) &&
           (!g_file_test(course_from, G_FILE_TEST_IS_REGULAR) ||
            copy_archive(build_folder, course, course_to, error));
}

static bool copy_archives(const char *tree, const char *library, const char *build_folder,
                          const struct rubric *rubric, GString *error)
{
    g_autofree char *folder = g_build_filename(tree, library, NULL);
    g_autofree char *program =
        g_build_filename("assignments", rubric->assignment, "program.a", NULL);
    g_autofree char *program_to = g_build_filename(folder, "program.a", NULL);
    g_autofree char *common_to = g_build_filename(folder, "libcommon.a", NULL);
    if (g_mkdir_with_parents(folder, 0755) != 0) {
        g_string_append_printf(error, "%s: %s", folder, strerror(errno));
        return false;
    }
    bool copied = copy_archive(build_folder, program, program_to, error) &&
                  copy_archive(build_folder, "libcommon.a", common_to, error);
    for (guint i = 0; copied && i < rubric->uses->len; i++)
        copied = copy_used_archives(tree, library, build_folder, rubric->uses->pdata[i], error);
    return copied;
}

bool build_tree_new(const char *tree, const char *kit, const char *build_folder,
                    const struct rubric *rubric, GString *error)
{
    bool copied =
        copy_common(tree, kit, error) && copy_assignment(tree, kit, rubric->assignment, error);
    for (guint i = 0; copied && i < rubric->uses->len; i++)
        copied = copy_assignment(tree, kit, rubric->uses->pdata[i], error);
    g_autofree char *tools = g_build_filename(kit, "tools", NULL);
    g_autofree char *tree_tools = g_build_filename(tree, "tools", NULL);
    return copied && copy_files(tools, tree_tools, "launch", error) &&
           copy_archives(tree, "lib", build_folder, rubric, error);
}

bool build_tree_add_simulator(const char *tree, const char *kit, const char *build_folder,
                              const struct rubric *rubric, GString *error)
{
    g_autofree char *simulator = g_build_filename(build_folder, "simulator", NULL);
    g_autofree char *platforms = g_build_filename(kit, "common", "platforms", NULL);
    g_autofree char *tree_platforms = g_build_filename(tree, "common", "platforms", NULL);
    g_autofree char *tools = g_build_filename(kit, "tools", NULL);
    g_autofree char *tree_tools = g_build_filename(tree, "tools", NULL);
    return copy_archives(tree, "simulator", simulator, rubric, error) &&
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
