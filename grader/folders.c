/* The folders of a grading run; see folders.h. */
#include "grader/folders.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* Nothing but the sandbox's own folders may be writable for its users, but they must pass. */
bool folders_make_work(struct folders *folders, GString *error)
{
    GError *problem = NULL;
    folders->work = g_dir_make_tmp("grade-XXXXXX", &problem);
    if (!folders->work) {
        g_string_append_printf(error, "no room to work in: %s", problem->message);
        g_error_free(problem);
        return false;
    }
    g_autofree char *evidence = g_build_filename(folders->work, "evidence", NULL);
    folders->submission = g_build_filename(folders->work, "submission", NULL);
    folders->pictures = g_build_filename(folders->work, "pictures", NULL);
    if (chmod(folders->work, 0711) == 0 && mkdir(evidence, 0711) == 0 &&
        mkdir(folders->pictures, 0711) == 0)
        return true;
    g_string_append_printf(error, "%s: %s", folders->work, strerror(errno));
    return false;
}

bool folders_make_out(struct folders *folders, const struct arguments *arguments,
                      const char *submission, GString *error)
{
    folders->out = arguments->out ? g_strdup(arguments->out)
                                  : g_build_filename(arguments->kit, "build", "grades", submission,
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
    char *words[] = {"rm", "-rf", "--", folders->work, NULL};
    if (folders->work && !keep)
        g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(folders->work);
    g_free(folders->submission);
    g_free(folders->pictures);
    g_free(folders->out);
}
