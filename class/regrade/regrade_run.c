/* Grading once more; see regrade_run.h. */
#include "class/regrade/regrade_run.h"

#include "class/engines/job.h"
#include "class/students/records.h"
#include "grader/sandbox/sandbox_folder.h"
#include "grader/text/text.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define MOST_WORDS 2000 /* bytes of what a program said */

static char *folder_of(const struct student *student, const char *assignment)
{
    g_autofree char *name = g_strconcat(".regrade-", assignment, NULL);
    return g_build_filename(student->folder, name, NULL);
}

/* Its words on standard error go to error where it ends with something else than 0. */
static bool run(char *const *words, GString *error)
{
    g_autofree char *said = NULL;
    GError *problem = NULL;
    int status;
    if (!g_spawn_sync(NULL, (char **)words, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                          G_SPAWN_CHILD_INHERITS_STDIN,
                      NULL, NULL, NULL, &said, &status, &problem)) {
        g_string_append_printf(error, "%s can't be started: %s\n", words[0], problem->message);
        g_error_free(problem);
        return false;
    }
    if (g_spawn_check_wait_status(status, NULL))
        return true;
    g_autofree char *clean = text_clean(said ? said : "", said ? strlen(said) : 0, MOST_WORDS);
    g_string_append_printf(error, "%s did not end well: %s\n", words[0], clean);
    return false;
}

/* A copy, so that nothing that happens to the one changes the other meanwhile. */
static struct student *copy_of(const struct student *student, const char *folder, GString *error)
{
    struct student *copy = student_new(folder, student->id);
    g_autofree char *intake = g_build_filename(student->folder, "intake.json", NULL),
                    *submission = g_build_filename(student->folder, "submission", NULL);
    char *words[] = {(char *)"cp", (char *)"-a", (char *)"--", intake,
                     submission,   copy->folder, NULL};
    const bool made = g_mkdir_with_parents(copy->folder, 0755) == 0;
    if (!made)
        g_string_append_printf(error, "%s can't be made: %s\n", copy->folder, g_strerror(errno));
    if (made && run(words, error))
        return copy;
    student_free(copy);
    return NULL;
}

static bool grade(const struct student *copy, const char *folder, const char *assignment,
                  const struct regrade_how *how, GString *error)
{
    g_autofree char *year = g_strdup_printf("--year=%d", how->year);
    const char *words[] = {how->self,
                           "grade",
                           "--again",
                           "--out",
                           folder,
                           "--student",
                           copy->id,
                           "--assignment",
                           assignment,
                           "--kit",
                           how->kit,
                           "--build-folder",
                           how->build_folder,
                           how->year > 0 ? year : NULL,
                           NULL};
    return run((char *const *)words, error);
}

bool regrade_run(const struct student *student, const char *assignment,
                 const struct regrade_how *how, struct graded **now, GString *error)
{
    g_autofree char *folder = folder_of(student, assignment);
    if (!sandbox_remove(folder, error)) /* of somebody who was killed */
        return false;
    struct student *copy = copy_of(student, folder, error);
    const gsize before = error->len;
    *now = NULL;
    if (copy && grade(copy, folder, assignment, how, error)) {
        *now = graded_read(copy, assignment, error);
        if (!*now && error->len == before)
            g_string_append_printf(error, "%s: there is no new grade\n", folder);
    }
    student_free(copy);
    return *now != NULL;
}

/* It was not the first attempt. */
static bool count_attempt(const struct graded *then, const struct graded *now, GString *error)
{
    g_autofree char *path = g_build_filename(now->folder, "run.json", NULL);
    json_t *run = record_read(path, error);
    if (!run)
        return false;
    json_object_set_new(run, "attempt", json_integer(then->attempt + 1));
    const bool written = record_write(path, run, error);
    json_decref(run);
    return written;
}

bool regrade_accept(const struct student *student, const struct graded *then,
                    const struct graded *now, GString *error)
{
    g_autofree char *fresh = job_new_folder(student, then->assignment);
    if (!count_attempt(then, now, error) || !job_tidy(student, then->assignment, error))
        return false;
    if (g_rename(now->folder, fresh) == 0)
        return job_put_in_place(student, then->assignment, error);
    g_string_append_printf(error, "%s can't be renamed to %s: %s\n", now->folder, fresh,
                           g_strerror(errno));
    return false;
}

void regrade_clear(const struct student *student, const char *assignment, GString *error)
{
    g_autofree char *folder = folder_of(student, assignment);
    sandbox_remove(folder, error);
}
