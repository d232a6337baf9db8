/* Folders of people who would rather not have them looked into or removed. */
#include "grader/sandbox/sandbox_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MOST_TROUBLES 3 /* told one by one */

/* Opens a folder, and makes it one that can be: by its descriptor, because meanwhile the name may have
 * become a link to something of the grader's. -1: errno says why. */
static int open_folder(int in, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const int place = openat(in, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place < 0)
        return -1;
    struct stat status;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", place);
    if (fstat(place, &status) == 0 && (status.st_mode & S_IRWXU) != S_IRWXU &&
        status.st_uid == geteuid())
        chmod(path, (status.st_mode & 07777) | S_IRWXU);
    const int folder = openat(place, ".", flags);
    const int problem = errno;
    close(place);
    errno = problem;
    return folder;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void sandbox_folder_open(const char *path)
{
    const int folder = open_folder(AT_FDCWD, path);
    if (folder >= 0)
        close(folder);
}

bool sandbox_folder_is_in_memory(const char *path)
{
    struct statfs system;
    return path && statfs(path, &system) == 0 && system.f_type == TMPFS_MAGIC;
}

/* ---- measuring ---------------------------------------------------------------------------------- */

/* Takes the descriptor over. */
static void measure(int folder, int depth, int most, struct sandbox_folder *sum)
{
    DIR *listing = fdopendir(folder);
    if (!listing) {
        close(folder);
        return;
    }
    for (struct dirent *entry; !sum->deep && sum->entries <= most && (entry = readdir(listing));) {
        struct stat status;
        if (is_dots(entry->d_name) ||
            fstatat(dirfd(listing), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        sum->entries++;
        sum->bytes += (size_t)status.st_blocks * 512;
        sum->deep = sum->deep || depth > SANDBOX_MOST_DEPTH;
        const int inner =
            S_ISDIR(status.st_mode) && !sum->deep ? open_folder(dirfd(listing), entry->d_name) : -1;
        if (inner >= 0)
            measure(inner, depth + 1, most, sum);
    }
    closedir(listing);
}

struct sandbox_folder sandbox_folder_measure(const char *path, int most)
{
    struct sandbox_folder sum = {0};
    const int folder = open_folder(AT_FDCWD, path);
    if (folder >= 0)
        measure(folder, 1, most, &sum);
    return sum;
}

/* ---- removing ------------------------------------------------------------------------------------- */

struct removal {
    int top;        /* the folder that is being emptied; what is in its folders moves up into it */
    unsigned moved; /* names the next */
    bool any;       /* has anything been removed or moved? */
    int troubles;
    GString *error;
};

static void complain(struct removal *removal, const char *name)
{
    const int problem = errno;
    /* a folder that keeps something of which was told already */
    if (problem == ENOENT || (problem == ENOTEMPTY && removal->troubles > 0))
        return;
    if (removal->troubles++ < MOST_TROUBLES)
        g_string_append_printf(removal->error, "%s%s: %s", removal->error->len > 0 ? "; " : "",
                               name, g_strerror(problem));
}

/* A folder can only move if it may be written to, because its ".." changes. */
static bool move_up(struct removal *removal, int from, const char *name)
{
    const int opened = open_folder(from, name);
    if (opened >= 0)
        close(opened);
    for (int attempt = 0; attempt < 1000; attempt++) {
        char new[64];
        struct stat status;
        snprintf(new, sizeof new, ".moved-up-%u", removal->moved++);
        if (fstatat(removal->top, new, &status, AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        const bool moved = renameat(from, name, removal->top, new) == 0;
        removal->any = removal->any || moved;
        return moved;
    }
    return false;
}

/* Removes what is in a folder of the top one: files at once, its folders move up. */
static void flatten(struct removal *removal, int folder)
{
    DIR *listing = fdopendir(folder);
    if (!listing) {
        close(folder);
        return;
    }
    for (struct dirent *entry; (entry = readdir(listing));)
        if (!is_dots(entry->d_name) && unlinkat(folder, entry->d_name, 0) != 0 &&
            !move_up(removal, folder, entry->d_name))
            complain(removal, entry->d_name);
    closedir(listing);
}

/* One entry of the top folder. */
static bool remove_entry(struct removal *removal, const char *name)
{
    if (unlinkat(removal->top, name, 0) == 0 || unlinkat(removal->top, name, AT_REMOVEDIR) == 0)
        return true;
    const int folder = open_folder(removal->top, name);
    if (folder >= 0)
        flatten(removal, folder);
    return unlinkat(removal->top, name, AT_REMOVEDIR) == 0;
}

/* Goes over the top folder until nothing more can be removed. */
static void empty(struct removal *removal)
{
    do {
        const int folder = openat(removal->top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *listing = folder >= 0 ? fdopendir(folder) : NULL;
        removal->any = false;
        removal->troubles = 0;
        g_string_truncate(removal->error, 0);
        for (struct dirent *entry; listing && (entry = readdir(listing));) {
            if (is_dots(entry->d_name))
                continue;
            if (remove_entry(removal, entry->d_name))
                removal->any = true;
            else
                complain(removal, entry->d_name);
        }
        if (listing)
            closedir(listing);
    } while (removal->any);
}

bool sandbox_remove(const char *path, GString *error)
{
    g_autoptr(GString) troubles = g_string_new(NULL);
    struct removal removal = {.error = troubles};
    if (unlink(path) == 0 || rmdir(path) == 0 || errno == ENOENT)
        return true;
    removal.top = open_folder(AT_FDCWD, path);
    if (removal.top >= 0) {
        empty(&removal);
        close(removal.top);
    }
    if (rmdir(path) == 0)
        return true;
    if (troubles->len == 0)
        complain(&removal, path);
    g_string_append_printf(error, "%s can't be removed: %s", path, troubles->str);
    if (removal.troubles > MOST_TROUBLES)
        g_string_append_printf(error, "; and %d more", removal.troubles - MOST_TROUBLES);
    return false;
}

void sandbox_remove_of_user(uid_t user, time_t since)
{
    static const char *const folders[] = {"/tmp", "/var/tmp", "/dev/shm"};
    g_autoptr(GString) error = g_string_new(NULL); /* nobody can do anything about it */
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        struct stat folder;
        const bool changed = stat(folders[i], &folder) == 0 && folder.st_mtime >= since;
        DIR *listing = changed ? opendir(folders[i]) : NULL;
        for (struct dirent *entry; listing && (entry = readdir(listing));) {
            struct stat status;
            if (fstatat(dirfd(listing), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
                status.st_uid != user)
                continue;
            g_autofree char *path = g_build_filename(folders[i], entry->d_name, NULL);
            sandbox_remove(path, error);
        }
        if (listing)
            closedir(listing);
    }
}
