/* A grade comes into its place in one go; see job.h. */
#include "class/engines/job.h"

#include "grader/sandbox/sandbox_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK ".lock-"
#define NEW  ".new-"
#define OLD  ".old-"

static char *folder_of(const struct student *student, const char *prefix, const char *assignment)
{
    g_autofree char *name = g_strconcat(prefix, assignment, NULL);
    return g_build_filename(student->folder, name, NULL);
}

char *job_new_folder(const struct student *student, const char *assignment)
{
    return folder_of(student, NEW, assignment);
}

static bool is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static bool moved(const char *from, const char *to, GString *error)
{
    if (rename(from, to) == 0)
        return true;
    g_string_append_printf(error, "%s can't be renamed to %s: %s\n", from, to, strerror(errno));
    return false;
}

/* Where two folders can't be exchanged (NFS): the old one goes aside first, and comes back where that was all. */
static bool put_in_two_steps(const struct student *student, const char *assignment, GString *error)
{
    g_autofree char *fresh = folder_of(student, NEW, assignment),
                    *old = folder_of(student, OLD, assignment),
                    *place = folder_of(student, "", assignment);
    return moved(place, old, error) && moved(fresh, place, error) && sandbox_remove(old, error);
}

bool job_put_in_place(const struct student *student, const char *assignment, GString *error)
{
    g_autofree char *fresh = folder_of(student, NEW, assignment),
                    *place = folder_of(student, "", assignment);
    if (!is_there(place))
        return moved(fresh, place, error);
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, place, RENAME_EXCHANGE) == 0)
        return sandbox_remove(fresh, error);
    if (errno == EINVAL || errno == ENOSYS)
        return put_in_two_steps(student, assignment, error);
    g_string_append_printf(error, "%s can't be put in place: %s\n", fresh, strerror(errno));
    return false;
}

bool job_tidy(const struct student *student, const char *assignment, GString *error)
{
    g_autofree char *fresh = folder_of(student, NEW, assignment),
                    *old = folder_of(student, OLD, assignment),
                    *place = folder_of(student, "", assignment);
    if (is_there(old) && !is_there(place) && !moved(old, place, error))
        return false;
    return sandbox_remove(fresh, error) && sandbox_remove(old, error);
}

/* The assignment that a leftover of this name is of; NULL: it is none. */
static const char *leftover_of(const char *name)
{
    static const char *const prefixes[] = {LOCK, NEW, OLD};
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(name, prefixes[i]) && student_is_id(name + strlen(prefixes[i])))
            return name + strlen(prefixes[i]);
    return NULL;
}

void job_sweep(const struct student *student, GString *error)
{
    g_autoptr(GPtrArray) assignments = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) listing = g_dir_open(student->folder, 0, NULL);
    for (const char *name; listing && (name = g_dir_read_name(listing));)
        if (leftover_of(name))
            g_ptr_array_add(assignments, g_strdup(leftover_of(name)));
    for (guint i = 0; i < assignments->len; i++) {
        const char *assignment = assignments->pdata[i];
        const int lock = job_lock(student, assignment, 0, error);
        if (lock < 0)
            continue;
        job_tidy(student, assignment, error);
        job_unlock(student, assignment, lock);
    }
}
