/* The archive: the files are laid out in a temporary folder, and tar packs that. */
#include "handin/archive.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Writes the files into folder/ASSIGNMENT. */
static bool lay_out(const struct handed_in *handed_in, const char *folder, GString *problems)
{
    if (g_mkdir(folder, 0755) != 0) {
        g_string_append_printf(problems, "%s can't be made: %s\n", folder, strerror(errno));
        return false;
    }
    for (guint i = 0; i < handed_in->files->len; i++) {
        const struct handed_in_file *file = HANDED_IN_FILES(handed_in, i);
        g_autofree char *path = g_build_filename(folder, file->name, NULL);
        g_autoptr(GError) error = NULL;
        if (!g_file_set_contents(path, file->text, (gssize)file->length, &error)) {
            g_string_append_printf(problems, "%s\n", error->message);
            return false;
        }
    }
    return true;
}

/* Removes what lay_out made, as far as it came. */
static void clear_away(const struct handed_in *handed_in, const char *folder)
{
    for (guint i = 0; i < handed_in->files->len; i++) {
        g_autofree char *path = g_build_filename(folder, HANDED_IN_FILES(handed_in, i)->name, NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
}

static bool run_tar(const char *folder, const char *assignment, const char *path, GString *problems)
{
    /* gzip -n: without it the archive would hold the time at which it was made. */
    const char *arguments[] = {"tar",
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
                               folder,
                               "--",
                               assignment,
                               NULL};
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, (char **)arguments, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &said,
                      &status, &error)) {
        g_string_append_printf(problems, "tar can't be run: %s\n", error->message);
        return false;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        g_string_append_printf(problems, "tar can't write %s: %s\n", path, g_strstrip(said));
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
        g_string_append_printf(problems, "%s\n", error->message);
        return false;
    }
    g_autofree char *folder = g_build_filename(temporary, assignment, NULL);
    /* tar takes a colon in the name for another computer's name, unless the name has a slash. */
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    const bool done =
        lay_out(handed_in, folder, problems) && run_tar(temporary, assignment, absolute, problems);
    clear_away(handed_in, folder);
    g_rmdir(temporary);
    return done;
}
