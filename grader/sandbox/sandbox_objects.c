/* Files without a name, System V segments and private file systems in memory, through /proc. */
#include "grader/sandbox/sandbox_objects.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

struct object {
    dev_t device;
    ino_t number;
};

static guint hash(gconstpointer key)
{
    const struct object *object = key;
    return (guint)(object->number * 31 + object->device);
}

static gboolean same(gconstpointer a, gconstpointer b)
{
    const struct object *one = a, *other = b;
    return one->device == other->device && one->number == other->number;
}

GHashTable *sandbox_objects_table(void)
{
    return g_hash_table_new_full(hash, same, g_free, NULL);
}

/* False: it was there already. */
static bool remember(GHashTable *seen, dev_t device, ino_t number)
{
    struct object *object = g_new(struct object, 1);
    *object = (struct object){device, number};
    return g_hash_table_add(seen, object);
}

/* ---- descriptors ------------------------------------------------------------------------------ */

void sandbox_objects_nameless(const GArray *pids, GHashTable *seen,
                              void (*see)(const char *path, const struct stat *status,
                                          void *context),
                              void *context)
{
    for (guint i = 0; i < pids->len; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/fd", (int)g_array_index(pids, pid_t, i));
        DIR *listing = opendir(path);
        for (struct dirent *entry; listing && (entry = readdir(listing));) {
            struct stat status;
            if (entry->d_name[0] == '.' || fstatat(dirfd(listing), entry->d_name, &status, 0) != 0)
                continue;
            if (!S_ISREG(status.st_mode) || status.st_nlink > 0 ||
                !remember(seen, status.st_dev, status.st_ino))
                continue;
            char file[128];
            snprintf(file, sizeof file, "%s/%.32s", path, entry->d_name);
            see(file, &status, context);
        }
        if (listing)
            closedir(listing);
    }
}

static void add_in_memory(const char *path, const struct stat *status, void *context)
{
    struct sandbox_objects *objects = context;
    struct statfs system;
    if (statfs(path, &system) == 0 &&
        (system.f_type == TMPFS_MAGIC || system.f_type == HUGETLBFS_MAGIC) &&
        !sandbox_objects_has(objects, status->st_dev, 0))
        objects->bytes += (size_t)status->st_blocks * 512;
}

/* ---- private file systems ------------------------------------------------------------------------ */

/* A file system in memory that is not the grader's own: as a whole, with what has no name in it. */
static void add_private(struct sandbox_objects *objects, pid_t pid, const char *folder)
{
    char path[64];
    struct stat inside, outside;
    struct statfs system;
    snprintf(path, sizeof path, "/proc/%d/root%s", (int)pid, folder);
    if (stat(path, &inside) != 0 || statfs(path, &system) != 0 || system.f_type != TMPFS_MAGIC)
        return;
    if (stat(folder, &outside) == 0 && outside.st_dev == inside.st_dev)
        return;
    for (guint i = 0; i < objects->devices->len; i++)
        if (g_array_index(objects->devices, dev_t, i) == inside.st_dev)
            return;
    g_array_append_val(objects->devices, inside.st_dev);
    objects->bytes += (size_t)(system.f_blocks - system.f_bfree) * (size_t)system.f_bsize;
}

/* ---- System V segments ----------------------------------------------------------------------------- */

/* -1: the process is in the grader's own. */
static int open_other_name_space(pid_t pid)
{
    char path[64];
    struct stat own, other;
    snprintf(path, sizeof path, "/proc/%d/ns/ipc", (int)pid);
    const int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0)
        return -1;
    if (stat("/proc/self/ns/ipc", &own) == 0 && fstat(space, &other) == 0 &&
        own.st_ino != other.st_ino)
        return space;
    close(space);
    return -1;
}

/* Root may enter at once, the user who made it by way of the user name space that owns it. */
static bool enter(int space)
{
    if (setns(space, CLONE_NEWIPC) == 0)
        return true;
    const int owner = ioctl(space, NS_GET_USERNS);
    return owner >= 0 && setns(owner, CLONE_NEWUSER) == 0 && setns(space, CLONE_NEWIPC) == 0;
}

/* Copies the list of a name space's segments to `to`: only who is inside can read it. */
_Noreturn static void list_from_inside(int space, int to)
{
    char text[4096];
    ssize_t size = 0;
    const int list = enter(space) ? open("/proc/sysvipc/shm", O_RDONLY) : -1;
    while (list >= 0 && (size = read(list, text, sizeof text)) > 0)
        if (write(to, text, (size_t)size) != size)
            break;
    _exit(list >= 0 && size == 0 ? 0 : 1);
}

/* The lines of /proc/sysvipc/shm as one of the processes sees it; NULL: it is where the grader is, or
 * can't be asked. */
static FILE *segments_of(pid_t pid)
{
    const int space = open_other_name_space(pid);
    FILE *lines = space >= 0 ? fdopen(memfd_create("segments", MFD_CLOEXEC), "w+") : NULL;
    const pid_t child = lines ? fork() : -1;
    if (child == 0)
        list_from_inside(space, fileno(lines));
    int status = 1;
    const bool read = child > 0 && waitpid(child, &status, 0) == child && status == 0;
    if (space >= 0)
        close(space);
    if (!read && lines) {
        fclose(lines);
        return NULL;
    }
    if (lines)
        rewind(lines);
    return lines;
}

/* The device on which the kernel keeps segments and memfds. */
static dev_t device_of_segments(void)
{
    struct stat status = {0};
    const int file = memfd_create("device", MFD_CLOEXEC);
    if (file >= 0) {
        fstat(file, &status);
        close(file);
    }
    return status.st_dev;
}

/* False: the process can't be asked. */
static bool add_segments(struct sandbox_objects *objects, pid_t pid)
{
    FILE *lines = segments_of(pid);
    char line[512];
    unsigned long number, resident, swapped;
    const dev_t device = lines ? device_of_segments() : 0;
    while (lines && fgets(line, sizeof line, lines))
        if (sscanf(line, "%*d %lu %*o %*u %*d %*d %*u %*u %*u %*u %*u %*d %*d %*d %lu %lu", &number,
                   &resident, &swapped) == 3 &&
            remember(objects->seen, device, number))
            objects->bytes += resident + swapped;
    if (lines)
        fclose(lines);
    return lines;
}

/* ---- all ----------------------------------------------------------------------------------------- */

struct sandbox_objects sandbox_objects_find(const GArray *pids)
{
    struct sandbox_objects objects = {.seen = sandbox_objects_table(),
                                      .devices = g_array_new(FALSE, FALSE, sizeof(dev_t))};
    /* The last is the deepest: bubblewrap itself is outside of what it makes. */
    bool listed = false;
    for (guint i = pids->len; i-- > 0;) {
        const pid_t pid = g_array_index(pids, pid_t, i);
        add_private(&objects, pid, "/tmp");
        add_private(&objects, pid, "/dev/shm");
        listed = listed || add_segments(&objects, pid);
    }
    sandbox_objects_nameless(pids, objects.seen, add_in_memory, &objects);
    return objects;
}

bool sandbox_objects_has(const struct sandbox_objects *objects, dev_t device, ino_t number)
{
    const struct object object = {device, number};
    for (guint i = 0; i < objects->devices->len; i++)
        if (g_array_index(objects->devices, dev_t, i) == device)
            return true;
    return number != 0 && g_hash_table_contains(objects->seen, &object);
}

void sandbox_objects_clear(struct sandbox_objects *objects)
{
    g_hash_table_destroy(objects->seen);
    g_array_free(objects->devices, TRUE);
}
