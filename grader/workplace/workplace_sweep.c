/*
 * Folders of graders that were killed. Each grader holds a lock on a file in its folder as long as it lives, the kernel
 * gives it up when it ends, however that was; so whoever gets the lock may remove the folder.
 */
#include "grader/workplace/workplace.h"

#include "grader/sandbox/sandbox_folder.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK "grading" /* a folder without is not finished, or meant to stay */

/* -1: somebody holds it, or it can't be had. */
static int lock_of(const char *work, int flags)
{
    g_autofree char *path = g_build_filename(work, LOCK, NULL);
    const int file = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0)
        return file;
    if (file >= 0)
        close(file);
    return -1;
}

void workplace_claim_folder(const char *work)
{
    lock_of(work, O_CREAT); /* held open until this process ends, and those that it forked */
}

void workplace_keep_folder(const char *work)
{
    g_autofree char *path = g_build_filename(work, LOCK, NULL);
    unlink(path);
}

/* Nobody else can put another folder in its place? */
static bool is_safe(const char *folder)
{
    struct stat status;
    return stat(folder, &status) == 0 && (status.st_uid == 0 || status.st_uid == geteuid()) &&
           ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (status.st_mode & S_ISVTX) != 0);
}

/* What a killed grader had started may end a moment later, and write until then: its folder is not empty, but the file with
 * the lock may be gone. With a new one the next sweep finds it. */
static void let_try_again(const char *work)
{
    const int file = lock_of(work, O_CREAT);
    if (file >= 0)
        close(file);
}

void workplace_sweep(const char *folder)
{
    g_autoptr(GDir) listing = is_safe(folder) ? g_dir_open(folder, 0, NULL) : NULL;
    for (const char *name; listing && (name = g_dir_read_name(listing));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        struct stat status;
        if (!g_str_has_prefix(name, WORKPLACE_NAME) ||
            strlen(name) != strlen(WORKPLACE_NAME "XXXXXX") || lstat(path, &status) != 0 ||
            !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
            continue;
        const int file = lock_of(path, 0);
        g_autoptr(GString) left = g_string_new(NULL);
        if (file >= 0) {
            if (!sandbox_remove(path, left))
                let_try_again(path);
            close(file);
        }
    }
}
