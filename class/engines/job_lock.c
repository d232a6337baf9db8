/*
 * One grader for each job, however many engines there are. The lock is held by the open file, which the grader inherits:
 * so it ends with the last of them, and a job that was killed while its grader lives on for a moment is not begun twice.
 */
#include "class/engines/job.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char *path_of(const struct student *student, const char *assignment)
{
    g_autofree char *name = g_strconcat(".lock-", assignment, NULL);
    return g_build_filename(student->folder, name, NULL);
}

/* Whoever had the lock before took the file away: a lock on that would hold nobody back. */
static bool is_still_there(int file, const char *path)
{
    struct stat held, there;
    return fstat(file, &held) == 0 && stat(path, &there) == 0 && held.st_ino == there.st_ino &&
           held.st_dev == there.st_dev;
}

/* -1 and errno; EWOULDBLOCK: somebody else has it. */
static int try_once(const char *path)
{
    for (;;) {
        const int file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file < 0)
            return -1;
        const bool locked = flock(file, LOCK_EX | LOCK_NB) == 0;
        const int why = errno;
        if (locked && is_still_there(file, path))
            return file;
        close(file);
        errno = why;
        if (!locked)
            return -1;
    }
}

int job_lock(const struct student *student, const char *assignment, double seconds, GString *error)
{
    g_autofree char *path = path_of(student, assignment);
    const gint64 until = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
    int file;
    while ((file = try_once(path)) < 0 && errno == EWOULDBLOCK && g_get_monotonic_time() < until)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    if (file < 0 && errno != EWOULDBLOCK)
        g_string_append_printf(error, "%s can't be locked: %s\n", path, strerror(errno));
    return file;
}

void job_unlock(const struct student *student, const char *assignment, int lock)
{
    g_autofree char *path = path_of(student, assignment);
    unlink(path);
    close(lock);
}
