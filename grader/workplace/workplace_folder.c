/*
 * The folder to work in. TMPDIR may name one that only its owner may pass (a job's, a user's own), one
 * from which nothing may be executed, one that is full or not there: each is tried before it is used.
 */
#include "grader/workplace/workplace.h"

#include "grader/sandbox/sandbox_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)
#define BYTES_FOR_GRADE                                                                            \
    (256 * MIB)                    /* the tree, two builds, and the evidence of the largest check */
#define BYTES_FOR_RUN   (64 * MIB) /* the evidence of one run */
#define FILES_FOR_GRADE 4000
#define FILES_FOR_RUN   500
#define PROBE           "probe"

/* ---- room ---------------------------------------------------------------------------------------- */

static bool has_room(const char *folder, uint64_t bytes, uint64_t files, GString *error)
{
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0) {
        g_string_append_printf(error, "%s: %s", folder, strerror(errno));
        return false;
    }
    const uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (room < bytes) {
        g_string_append_printf(error,
                               "%s has room for %" G_GUINT64_FORMAT
                               " MiB, and grading needs %" G_GUINT64_FORMAT " MiB",
                               folder, room / MIB, bytes / MIB);
        return false;
    }
    if (disk.f_files > 0 && disk.f_favail < files) { /* some file systems don't count them */
        g_string_append_printf(error,
                               "%s has room for %" G_GUINT64_FORMAT
                               " more files (df -i), and grading needs %" G_GUINT64_FORMAT,
                               folder, (uint64_t)disk.f_favail, files);
        return false;
    }
    return true;
}

bool workplace_has_room(const char *folder, GString *error)
{
    if (has_room(folder, BYTES_FOR_RUN, 0, error))
        return true;
    g_string_append(error, ": make room there, or name another folder: TMPDIR=/another/folder make "
                           "grade");
    return false;
}

/* Half of what is there beside what everybody needs: two checks run at the same time. */
static uint64_t share(uint64_t room, uint64_t needed)
{
    return MAX(needed, room > needed ? (room - needed) / 2 : 0);
}

void workplace_limit_to_room(const char *folder, struct sandbox_limits *limits)
{
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0)
        return;
    const uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
    limits->folder_bytes = (size_t)MIN(limits->folder_bytes, share(room, BYTES_FOR_RUN));
    if (disk.f_files > 0)
        limits->entries = (int)MIN((uint64_t)limits->entries, share(disk.f_favail, FILES_FOR_RUN));
}

/* ---- one try ------------------------------------------------------------------------------------- */

/* What can't be done with a new file; NULL: nothing. */
static const char *try_file(int file)
{
    static const char text[] = "probe";
    if (pwrite(file, text, sizeof text, 0) != sizeof text)
        return "write to a file in";
    struct statfs system;
    /* A quota shows only here. On file systems that keep files in memory this would take that. */
    if (fstatfs(file, &system) == 0 && system.f_type != TMPFS_MAGIC &&
        fallocate(file, 0, 0, (off_t)BYTES_FOR_RUN) != 0 && (errno == ENOSPC || errno == EDQUOT))
        return "get 64 MiB for a file in";
    return NULL;
}

/* What the sandbox's user can't do in a folder of its own below the one that is tried; NULL: nothing.
 * In a process that is this user. */
static const char *try_as_user(const char *folder, uid_t user)
{
    if (!sandbox_become(user))
        return "own a process in";
    if (chdir(folder) != 0)
        return "pass to";
    int file = open(PROBE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    if (file < 0)
        return "make a file in";
    const char *lack = try_file(file);
    const bool removed = close(file) == 0 && unlink(PROBE) == 0;
    return lack ? lack : removed ? NULL : "remove a file in";
}

struct answer {
    int error;
    const char *not_done; /* a constant of this program, or NULL */
};

/* Asks a child that becomes the sandbox's user. own: its folder, somewhere below `folder`. */
static bool can_be_used(const char *folder, const char *own, uid_t user, GString *error)
{
    struct answer answer = {.not_done = "be asked about"};
    int ends[2], status;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        g_string_append_printf(error, "pipe: %s", strerror(errno));
        return false;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        answer.not_done = try_as_user(own, user);
        answer.error = errno;
        _exit(write(ends[1], &answer, sizeof answer) == sizeof answer ? 0 : 1);
    }
    answer.error = errno;
    close(ends[1]);
    const bool answered = pid > 0 && read(ends[0], &answer, sizeof answer) == sizeof answer;
    close(ends[0]);
    if (pid > 0)
        waitpid(pid, &status, 0);
    if (answered && !answer.not_done)
        return true;
    g_string_append_printf(error, "the sandbox's user can't %s %s: %s", answer.not_done, folder,
                           pid < 0 || answered ? strerror(answer.error)
                                               : "the process that asks was ended");
    return false;
}

static bool is_a_place(const char *folder, GString *error)
{
    struct statvfs disk;
    struct stat status;
    if (!g_path_is_absolute(folder))
        g_string_append_printf(error, "%s does not begin with /", folder);
    else if (stat(folder, &status) != 0)
        g_string_append_printf(error, "%s: %s", folder, strerror(errno));
    else if (!S_ISDIR(status.st_mode))
        g_string_append_printf(error, "%s is no folder", folder);
    else if (statvfs(folder, &disk) == 0 && (disk.f_flag & ST_NOEXEC))
        g_string_append_printf(error, "no program may be started in %s (it is mounted noexec)",
                               folder);
    else
        return has_room(folder, BYTES_FOR_GRADE, FILES_FOR_GRADE, error);
    return false;
}

/* Makes the grader's folder in this one, and a folder of the sandbox's user in it for the time of the
 * try. The new path, or NULL. */
static char *make_in(const char *folder, GString *error)
{
    if (!is_a_place(folder, error))
        return NULL;
    g_autofree char *work = g_build_filename(folder, WORKPLACE_NAME "XXXXXX", NULL);
    /* Nothing but the sandbox's own folders may be writable for its users, but they must pass. */
    const bool made = g_mkdtemp(work);
    if (!made || chmod(work, 0711) != 0) {
        g_string_append_printf(error, "no folder can be made in %s: %s", folder, strerror(errno));
        if (made)
            rmdir(work);
        return NULL;
    }
    workplace_claim_folder(work); /* at once: from here on it is removed, should this be killed */
    g_autofree char *own = g_build_filename(work, PROBE, NULL);
    const uid_t user = sandbox_user(0);
    const bool usable =
        sandbox_writable_folder(own, user, error) && can_be_used(folder, own, user, error);
    g_autoptr(GString) left = g_string_new(NULL);
    if (sandbox_remove(usable ? own : work, left) && usable)
        return g_steal_pointer(&work);
    if (left->len > 0)
        g_string_append_printf(error, "%s%s", usable ? "" : "; ", left->str);
    return NULL;
}

/* ---- the choice ------------------------------------------------------------------------------------ */

bool workplace_make_folder(struct workplace *workplace, GString *error)
{
    if (!sandbox_has_users()) {
        g_string_append(
            error,
            "root can't become another user here, as in a container to which only one user is "
            "mapped, and no submission may run as root: grade as an ordinary user, or give the "
            "container more users (/etc/subuid)");
        return false;
    }
    const char *named = g_getenv("TMPDIR");
    const char *const folders[] = {named && *named ? named : "/tmp", "/tmp", "/var/tmp"};
    g_autoptr(GString) why = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(folders) && !workplace->work; i++) {
        if (i > 0 && strcmp(folders[i], folders[0]) == 0)
            continue;
        g_string_append(why, why->len > 0 ? "; " : "");
        const gsize before = why->len;
        workplace->work = make_in(folders[i], why);
        if (!workplace->work)
            continue;
        g_string_truncate(why, before > 2 ? before - 2 : 0);
        workplace_sweep(folders[i]);
    }
    if (!workplace->work) {
        g_string_append_printf(error,
                               "there is no folder to work in: %s; name one that everybody may "
                               "pass, with %d MiB free: TMPDIR=/another/folder make grade",
                               why->str, (int)(BYTES_FOR_GRADE / MIB));
        return false;
    }
    if (why->len > 0)
        workplace->elsewhere = g_strdup(why->str);
    return true;
}
