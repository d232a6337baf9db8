/* Files of data sets: where the sandbox's user can read them. */
#include "grader/run/runner_data.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool can_open(const char *path)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file >= 0)
        close(file);
    return file >= 0;
}

/* Which of these files can the sandbox's user not read? A bit for each; at most 6 of them. */
static int out_of_reach(char *const *path, int files)
{
    const int all = (1 << files) - 1;
    const pid_t pid = fork();
    if (pid == 0) {
        int bits = sandbox_become(sandbox_user(0)) ? 0 : all;
        for (int i = 0; i < files; i++)
            bits |= can_open(path[i]) ? 0 : 1 << i;
        _exit(bits);
    }
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : all;
}

/* ---- in the grader's own folder --------------------------------------------------------------------- */

/* Shares the blocks where the file system can, else copies them. */
static bool copy_content(int from, int to)
{
    if (ioctl(to, FICLONE, from) == 0)
        return true;
    ssize_t sent;
    while ((sent = sendfile(to, from, NULL, 1 << 30)) > 0)
        ;
    return sent == 0;
}

/* False, and errno. */
static bool copy_file(const char *from, const char *to)
{
    g_autofree char *part = g_strconcat(to, ".part", NULL);
    const int source = open(from, O_RDONLY | O_CLOEXEC);
    const int target = source < 0 ? -1 : open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool copied = target >= 0 && fchmod(target, 0644) == 0 && copy_content(source, target);
    int cause = errno;
    if (target >= 0 && close(target) != 0 && copied) {
        cause = errno;
        copied = false;
    }
    if (copied && rename(part, to) != 0) {
        cause = errno;
        copied = false;
    }
    if (!copied)
        g_unlink(part);
    if (source >= 0)
        close(source);
    errno = cause;
    return copied;
}

/* A file as the sandbox's user can read it: a hard link, which costs nothing, if only the way to it is
 * closed. False, and errno. */
static bool bring(const char *from, const char *to)
{
    struct stat status;
    if (access(to, F_OK) == 0)
        return true;
    const bool for_others = stat(from, &status) == 0 && (status.st_mode & S_IROTH) != 0;
    return (for_others && link(from, to) == 0) || copy_file(from, to);
}

static bool link_to(const char *target, const char *path)
{
    return symlink(target, path) == 0 || errno == EEXIST;
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static void note_file(struct runner_data_set *set, const char *path, const char *inside)
{
    struct stat status = {0};
    if (stat(path, &status) != 0)
        status.st_size = -1; /* it is gone: seen when it is read */
    struct runner_data_file file = {.path = g_strdup(path),
                                    .device = status.st_dev,
                                    .number = status.st_ino,
                                    .size = status.st_size,
                                    .changed = status.st_mtim};
    g_array_append_val(set->files, file);
    if (inside) {
        struct sandbox_bind bind = {.from = g_strdup(path), .to = g_strdup(inside)};
        g_array_append_val(set->see, bind);
    }
}

/* The folder in which all these files lie under their own names; NULL if there is none. A new string. */
static char *common_folder(char *const *real, char path[DATASET_MOST_FILES][DATASET_PATH_SIZE],
                           int files)
{
    g_autofree char *folder = g_path_get_dirname(real[0]);
    for (int i = 0; i < files; i++) {
        g_autofree char *its = g_path_get_dirname(real[i]);
        g_autofree char *name = g_path_get_basename(path[i]), *own = g_path_get_basename(real[i]);
        if (strcmp(folder, its) != 0 || strcmp(name, own) != 0)
            return NULL;
    }
    return g_steal_pointer(&folder);
}

/* One file, in a folder of the grader's own. */
static bool place_one(struct runner_data_set *set, const char *real, bool reached, const char *own,
                      const char *inside)
{
    if (reached ? link_to(real, own) : bring(real, own)) {
        note_file(set, reached ? real : own, inside);
        return true;
    }
    const char *why = strerror(errno);
    set->trouble =
        reached ? g_strdup_printf("%s: no link to it can be made at %s: %s", real, own, why)
                : g_strdup_printf("%s: can't be read by the sandbox's user, nor be copied to "
                                  "%s: %s; make it readable for others, or make room there",
                                  real, own, why);
    return false;
}

/* A folder that others may pass, whatever the umask. */
static bool make_folder(struct runner_data_set *set, const char *path)
{
    if ((g_mkdir(path, 0755) == 0 && chmod(path, 0755) == 0) || errno == EEXIST)
        return true;
    set->trouble = g_strdup_printf("%s: %s", path, strerror(errno));
    return false;
}

static bool place_in_own_folder(struct runner_data_set *set, char *const *real, int unreached,
                                char path[DATASET_MOST_FILES][DATASET_PATH_SIZE], int files,
                                bool is_folder, const char *inside, const char *work)
{
    g_autofree char *all = g_build_filename(work, "data", NULL);
    g_autofree char *name = g_path_get_basename(inside);
    set->outside = g_build_filename(all, name, NULL);
    if (!make_folder(set, all) || (is_folder && !make_folder(set, set->outside)))
        return false;
    for (int i = 0; i < files; i++) {
        g_autofree char *its = is_folder ? g_path_get_basename(path[i]) : NULL;
        g_autofree char *own = g_build_filename(set->outside, its, NULL);
        g_autofree char *seen = g_build_filename(inside, its, NULL);
        if (!place_one(set, real[i], !(unreached & 1 << i), own, seen))
            return false;
    }
    return true;
}

static bool place_all(struct runner_data_set *set, char *const *real,
                      char path[DATASET_MOST_FILES][DATASET_PATH_SIZE], int files, bool is_folder,
                      const char *inside, const char *work)
{
    const int unreached = out_of_reach(real, files);
    g_autofree char *place = is_folder ? common_folder(real, path, files) : g_strdup(real[0]);
    if (!place || unreached != 0)
        return place_in_own_folder(set, real, unreached, path, files, is_folder, inside, work);
    struct sandbox_bind bind = {.from = g_strdup(place), .to = g_strdup(inside)};
    g_array_append_val(set->see, bind);
    for (int i = 0; i < files; i++)
        note_file(set, real[i], NULL);
    set->outside = g_steal_pointer(&place);
    return true;
}

bool runner_data_place(struct runner_data_set *set,
                       char path[DATASET_MOST_FILES][DATASET_PATH_SIZE], int files, bool is_folder,
                       const char *inside, const char *work)
{
    char *real[DATASET_MOST_FILES] = {0};
    bool placed = files > 0;
    for (int i = 0; i < files && placed; i++) {
        real[i] = realpath(path[i], NULL);
        placed = real[i] != NULL;
        if (!placed)
            set->trouble = g_strdup_printf("%s: %s", path[i], strerror(errno));
    }
    placed = placed && place_all(set, real, path, files, is_folder, inside, work);
    for (int i = 0; i < files; i++)
        free(real[i]);
    return placed;
}
