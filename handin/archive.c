/* The archive: the files are laid out in a temporary folder, and tar packs that. */
#include "handin/archive.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Where a file lies in the archive: "ASSIGNMENT/FILE". A new string. */
static char *place_of(const struct handed_in_file *file, const char *assignment)
{
    return strchr(file->name, '/') ? g_strdup(file->name)
                                   : g_build_filename(assignment, file->name, NULL);
}

/* The folders in the archive, each once. Of char *; the caller frees with g_ptr_array_unref. */
static GPtrArray *folders_of(const struct handed_in *handed_in, const char *assignment)
{
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < handed_in->files->len; i++) {
        g_autofree char *place = place_of(HANDED_IN_FILES(handed_in, i), assignment);
        g_autofree char *folder = g_path_get_dirname(place);
        if (!g_ptr_array_find_with_equal_func(folders, folder, g_str_equal, NULL))
            g_ptr_array_add(folders, g_steal_pointer(&folder));
    }
    return folders;
}

/* Writes the files into the folders, which it makes in `temporary`. */
static bool lay_out(const struct handed_in *handed_in, const char *assignment,
                    const GPtrArray *folders, const char *temporary, GString *problems)
{
    for (guint i = 0; i < folders->len; i++) {
        g_autofree char *folder = g_build_filename(temporary, folders->pdata[i], NULL);
        if (g_mkdir(folder, 0755) != 0) {
            g_string_append_printf(problems,
                                   "%s can't be made: %s. TMPDIR=FOLDER names another "
                                   "folder for what is made meanwhile.\n",
                                   folder, strerror(errno));
            return false;
        }
    }
    for (guint i = 0; i < handed_in->files->len; i++) {
        const struct handed_in_file *file = HANDED_IN_FILES(handed_in, i);
        g_autofree char *place = place_of(file, assignment);
        g_autofree char *path = g_build_filename(temporary, place, NULL);
        g_autoptr(GError) error = NULL;
        if (!g_file_set_contents(path, file->text, (gssize)file->length, &error)) {
            g_string_append_printf(problems,
                                   "%s. TMPDIR=FOLDER names another folder for what is made "
                                   "meanwhile.\n",
                                   error->message);
            return false;
        }
    }
    return true;
}

/* Removes what lay_out made, as far as it came. */
static void clear_away(const struct handed_in *handed_in, const char *assignment,
                       const GPtrArray *folders, const char *temporary)
{
    for (guint i = 0; i < handed_in->files->len; i++) {
        g_autofree char *place = place_of(HANDED_IN_FILES(handed_in, i), assignment);
        g_autofree char *path = g_build_filename(temporary, place, NULL);
        g_unlink(path);
    }
    for (guint i = 0; i < folders->len; i++) {
        g_autofree char *folder = g_build_filename(temporary, folders->pdata[i], NULL);
        g_rmdir(folder);
    }
}

static bool run_tar(const char *temporary, const GPtrArray *folders, const char *path,
                    GString *problems)
{
    /* gzip -n: without it the archive would hold the time at which it was made. */
    const char *const options[] = {"tar",
                                   "--create",
                                   "--format=ustar",
                                   "--sort=name",
                                   "--mtime=@0",
                                   "--owner=0",
                                   "--group=0",
                                   "--numeric-owner",
                                   "--mode=u=rwX,go=rX",
                                   "--use-compress-program=gzip -n -9",
                                   "--file",
                                   path,
                                   "--directory",
                                   temporary,
                                   "--"};
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(options); i++)
        g_ptr_array_add(arguments, (gpointer)options[i]);
    for (guint i = 0; i < folders->len; i++)
        g_ptr_array_add(arguments, folders->pdata[i]);
    g_ptr_array_add(arguments, NULL);
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, (char **)arguments->pdata, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &said,
                      &status, &error)) {
        g_string_append_printf(problems, "tar can't be run: %s. Install tar and gzip.\n",
                               error->message);
        return false;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        g_string_append_printf(
            problems,
            "tar can't write %s: %s. See that its folder can be written to and that its disk has "
            "space, and that gzip is installed.\n",
            path, g_strstrip(said));
        return false;
    }
    return true;
}

bool archive_write(const struct handed_in *handed_in, const char *assignment, const char *path,
                   GString *problems)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *temporary = g_dir_make_tmp("handin-XXXXXX", &error);
    if (!temporary) {
        g_string_append_printf(
            problems, "%s. TMPDIR=FOLDER names another folder for what is made meanwhile.\n",
            error->message);
        return false;
    }
    g_autoptr(GPtrArray) folders = folders_of(handed_in, assignment);
    /* tar takes a colon in the name for another computer's name, unless the name has a slash. */
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    /* An archive of an earlier time stays until its successor is whole. */
    g_autofree char *new_path = g_strconcat(absolute, ".new", NULL);
    bool done = lay_out(handed_in, assignment, folders, temporary, problems) &&
                run_tar(temporary, folders, new_path, problems);
    if (done && g_rename(new_path, absolute) != 0) {
        g_string_append_printf(problems, "%s can't be put in place: %s. Remove what is there.\n",
                               absolute, strerror(errno));
        done = false;
    }
    if (!done)
        g_unlink(new_path);
    clear_away(handed_in, assignment, folders, temporary);
    g_rmdir(temporary);
    return done;
}
