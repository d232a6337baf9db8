/* What a run left becomes the grader's, before anybody reads it. */
#include "grader/run/outcome.h"

#include "grader/sandbox/sandbox_folder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* From here on nobody else can put anything into it, or another thing in the place of what is there. */
static bool take_folder(const char *folder)
{
    sandbox_folder_open(folder);
    return geteuid() != 0 || (lchown(folder, 0, 0) == 0 && chmod(folder, 0700) == 0);
}

/* Makes one entry a plain file of the grader's, or lets it go. False, and errno. */
static bool take_entry(const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT;
    if (S_ISREG(status.st_mode) && status.st_nlink == 1)
        return (geteuid() != 0 || lchown(path, 0, 0) == 0) && chmod(path, 0600) == 0;
    /* A file with two names may be somebody else's. Nobody reads what is still there then. */
    g_autoptr(GString) error = g_string_new(NULL);
    sandbox_remove(path, error);
    return true;
}

void outcome_take_evidence(const char *folder, GString *trouble)
{
    GError *problem = NULL;
    if (!take_folder(folder)) {
        g_string_append_printf(trouble, "the evidence in %s can't be taken over: %s", folder,
                               strerror(errno));
        return;
    }
    g_autoptr(GDir) listing = g_dir_open(folder, 0, &problem);
    if (!listing) {
        g_string_append_printf(trouble, "the evidence in %s can't be read: %s", folder,
                               problem->message);
        g_clear_error(&problem);
        return;
    }
    errno = 0;
    for (const char *name; trouble->len == 0 && (name = g_dir_read_name(listing)); errno = 0) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (!take_entry(path))
            g_string_append_printf(trouble, "the evidence %s can't be taken over: %s", path,
                                   strerror(errno));
    }
    if (trouble->len == 0 && errno != 0)
        g_string_append_printf(trouble, "the evidence in %s can't be read: %s", folder,
                               strerror(errno));
}

void outcome_empty_evidence(const char *folder)
{
    g_autoptr(GString) error = g_string_new(NULL);
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    for (const char *name; listing && (name = g_dir_read_name(listing));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        sandbox_remove(path, error);
    }
}
