/* Memory as /proc tells it. */
#include "grader/sandbox/sandbox_memory.h"

#include "grader/sandbox/sandbox_group_place.h"
#include "grader/sandbox/sandbox_objects.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- what is mapped -------------------------------------------------------------------------- */

static FILE *open_of(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
}

static size_t resident_bytes(pid_t pid)
{
    FILE *file = open_of(pid, "statm");
    unsigned long pages = 0;
    if (file && fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Of every mapping the process's share, unless it belongs to the objects. Another user's figures may be
 * hidden: then the resident size has to do. */
static size_t share_beside(pid_t pid, const struct sandbox_objects *objects)
{
    FILE *file = open_of(pid, "smaps");
    char *line = NULL; /* of any length: a piece of a long name must not look like a line */
    size_t room = 0, bytes = 0;
    bool counts = true, any = false;
    while (file && getline(&line, &room, file) >= 0) {
        unsigned long begin, end, number, kilobytes;
        unsigned major, minor;
        if (sscanf(line, "%lx-%lx %*s %*x %x:%x %lu", &begin, &end, &major, &minor, &number) == 5)
            counts =
                number == 0 || !sandbox_objects_has(objects, makedev(major, minor), (ino_t)number);
        else if (sscanf(line, "Pss: %lu", &kilobytes) == 1)
            any = true, bytes += counts ? kilobytes * 1024 : 0;
    }
    free(line);
    if (file)
        fclose(file);
    return any ? bytes : resident_bytes(pid);
}

size_t sandbox_memory_counted(const GArray *pids, size_t enough)
{
    struct sandbox_objects objects = sandbox_objects_find(pids);
    size_t bytes = objects.bytes;
    for (guint i = 0; i < pids->len; i++)
        bytes += resident_bytes(g_array_index(pids, pid_t, i));
    if (bytes > enough) {
        bytes = objects.bytes;
        for (guint i = 0; i < pids->len; i++)
            bytes += share_beside(g_array_index(pids, pid_t, i), &objects);
    }
    sandbox_objects_clear(&objects);
    return bytes;
}

/* ---- files without a name ------------------------------------------------------------------------ */

struct nameless {
    dev_t device;
    size_t bytes;
};

static void add_on_device(const char *path, const struct stat *status, void *context)
{
    struct nameless *nameless = context;
    (void)path;
    if (status->st_dev == nameless->device)
        nameless->bytes += (size_t)status->st_blocks * 512;
}

size_t sandbox_nameless_bytes(const GArray *pids, dev_t device)
{
    struct nameless nameless = {.device = device};
    g_autoptr(GHashTable) seen = sandbox_objects_table();
    sandbox_objects_nameless(pids, seen, add_on_device, &nameless);
    return nameless.bytes;
}

/* ---- what is left ----------------------------------------------------------------------------------- */

/* The number behind `name` in a file of /proc; false: there is none. */
static bool read_number(const char *path, const char *name, unsigned long *number)
{
    FILE *file = fopen(path, "re");
    char line[128];
    bool known = false;
    const size_t length = strlen(name);
    while (file && !known && fgets(line, sizeof line, file))
        known = strncmp(line, name, length) == 0 && sscanf(line + length, "%lu", number) == 1;
    if (file)
        fclose(file);
    return known;
}

size_t sandbox_memory_left(void)
{
    unsigned long kilobytes;
    const size_t room = sandbox_group_room_in(sandbox_group_place());
    return read_number("/proc/meminfo", "MemAvailable:", &kilobytes) ? MIN(room, kilobytes * 1024)
                                                                     : room;
}

unsigned long sandbox_ended_by_kernel(void)
{
    unsigned long count = 0;
    return read_number("/proc/vmstat", "oom_kill ", &count) ? count : 0;
}
