/* The pristine tree. */
#include "grader/builder/build_tree.h"

#include "grader/workplace/workplace.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* The next name of a folder; NULL at its end and, with an error, where it can't be read on. */
static const char *next_name(GDir *folder, const char *path, GString *error)
{
    errno = 0;
    const char *name = g_dir_read_name(folder);
    if (!name && errno != 0)
        g_string_append_printf(error, "%s can't be read: %s", path, strerror(errno));
    return name;
}

/* Is it a plain file? What can't be said is an error. */
static bool is_plain_file(const char *path, GString *error)
{
    GStatBuf status;
    if (g_stat(path, &status) == 0)
        return S_ISREG(status.st_mode);
    if (errno != ENOENT)
        g_string_append_printf(error, "%s: %s", path, strerror(errno));
    return false;
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
    const gsize before = error->len;
    for (const char *name; error->len == before && (name = next_name(folder, from, error));) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        if (g_str_has_suffix(name, ending) && is_plain_file(source, error))
            copied += workplace_copy_file(source, target, error);
    }
    if (error->len > before)
        return false;
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
    const gsize before = error->len;
    for (const char *name; (name = next_name(folders, common, error));) {
        g_autofree char *from = g_build_filename(common, name, NULL);
        g_autofree char *to = g_build_filename(tree, "common", name, NULL);
        if (strcmp(name, "tests") != 0 && strcmp(name, "platforms") != 0 &&
            g_file_test(from, G_FILE_TEST_IS_DIR) && !copy_files(from, to, ".h", error))
            return false;
    }
    return error->len == before;
}

/* The headers that students include, which lie at the top of the assignment's folder. */
static bool copy_assignment(const char *tree, const char *kit, const char *assignment,
                            GString *error)
{
    g_autofree char *from = g_build_filename(kit, "assignments", assignment, NULL);
    g_autofree char *to = g_build_filename(tree, "assignments", assignment, NULL);
    return copy_files(from, to, ".h", error);
}

bool build_tree_declares(const char *tree, const char *assignment, const char *expression)
{
    g_autofree char *path = g_build_filename(tree, "assignments", assignment, NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    bool found = false;
    for (const char *name; folder && !found && (name = g_dir_read_name(folder));) {
        g_autofree char *header = g_build_filename(path, name, NULL), *text = NULL;
        found = g_file_get_contents(header, &text, NULL, NULL) &&
                g_regex_match_simple(expression, text, 0, 0);
    }
    return found;
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
    if (workplace_copy_file(source, to, error))
        return true;
    GStatBuf status;
    if (g_stat(source, &status) != 0 && errno == ENOENT)
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

/* What tools/launch and tools/simulate read: which mpirun the kit was configured with. */
static bool copy_configuration(const char *tree, const char *kit, GString *error)
{
    g_autofree char *from = g_build_filename(kit, "build", "config.mk", NULL);
    g_autofree char *folder = g_build_filename(tree, "build", NULL);
    g_autofree char *to = g_build_filename(folder, "config.mk", NULL);
    if (!g_file_test(from, G_FILE_TEST_EXISTS))
        return true; /* it will be the one in PATH */
    if (g_mkdir_with_parents(folder, 0755) == 0)
        return workplace_copy_file(from, to, error);
    g_string_append_printf(error, "%s: %s", folder, strerror(errno));
    return false;
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
           copy_configuration(tree, kit, error) &&
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
