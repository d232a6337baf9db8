/* The folders of a grading run; see folders.h. */
#include "grader/folders.h"

#include "grader/sandbox/sandbox_folder.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

bool folders_make_work(struct folders *folders, const char *work, GString *error)
{
    g_autofree char *evidence = g_build_filename(work, "evidence", NULL);
    folders->work = g_strdup(work);
    folders->submission = g_build_filename(work, "submission", NULL);
    folders->pictures = g_build_filename(work, "pictures", NULL);
    if (mkdir(evidence, 0711) == 0 && mkdir(folders->pictures, 0711) == 0)
        return true;
    g_string_append_printf(error, "%s: %s", folders->work, strerror(errno));
    return false;
}

/* As make does (tools/short_name), so that two submissions whose last folders have one name don't share a
 * folder; where that can't be asked, the submission's own name. The caller frees it. */
static char *short_name(const struct arguments *arguments, const char *submission)
{
    g_autofree char *tool = g_build_filename(arguments->kit, "tools", "short_name", NULL);
    g_autofree char *whole = g_canonicalize_filename(arguments->submission, NULL);
    char *words[] = {tool, whole, NULL};
    g_autofree char *said = NULL;
    int status = 1;
    if (!g_spawn_sync(NULL, words, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &said, NULL,
                      &status, NULL) ||
        status != 0 || g_strstrip(said)[0] == '\0')
        return g_strdup(submission);
    return g_steal_pointer(&said);
}

bool folders_make_out(struct folders *folders, const struct arguments *arguments,
                      const char *submission, GString *error)
{
    g_autofree char *name = arguments->out ? NULL : short_name(arguments, submission);
    folders->out = arguments->out ? g_strdup(arguments->out)
                                  : g_build_filename(arguments->kit, "build", "grades", name,
                                                     arguments->assignment, NULL);
    g_autofree char *probe = g_build_filename(folders->out, ".probe", NULL);
    if (g_mkdir_with_parents(folders->out, 0755) != 0) {
        g_string_append_printf(error, "the output folder %s can't be made: %s", folders->out,
                               strerror(errno));
        return false;
    }
    GError *problem = NULL;
    bool writable =
        g_file_set_contents_full(probe, "probe", -1, G_FILE_SET_CONTENTS_DURABLE, 0644, &problem);
    if (!writable) {
        g_string_append_printf(error, "the output folder %s can't be written to: %s", folders->out,
                               problem->message);
        g_error_free(problem);
    }
    g_unlink(probe);
    return writable;
}

void folders_clear(struct folders *folders, bool keep)
{
    g_autoptr(GString) error = g_string_new(NULL);
    if (folders->work && !keep && !sandbox_remove(folders->work, error))
        grader_complain(error->str);
    g_free(folders->work);
    g_free(folders->submission);
    g_free(folders->pictures);
    g_free(folders->out);
}
