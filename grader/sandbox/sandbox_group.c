/* Control groups for commands; sandbox_group_place.c finds where they can be made. */
#include "grader/sandbox/sandbox_group.h"

#include "grader/sandbox/sandbox_group_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAME "grade-sandbox-" /* of every group; a number follows */

struct sandbox_group {
    char *path;
    int folder; /* open, and locked as long as its grader lives */
    int join;   /* version 1: the file into which a child writes itself */
};

/* ---- what is in a group's files ------------------------------------------------------------ */

static bool put(const struct sandbox_group *group, const char *name, const char *text)
{
    const int file = openat(group->folder, name, O_WRONLY | O_CLOEXEC);
    const bool done = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
    if (file >= 0)
        close(file);
    return done;
}

static size_t field(const struct sandbox_group *group, const char *file, const char *name)
{
    return sandbox_group_field(group->folder, file, name);
}

size_t sandbox_group_memory(const struct sandbox_group *group)
{
    if (sandbox_group_place()->version == 1)
        return field(group, "memory.stat", "total_rss") +
               field(group, "memory.stat", "total_shmem") +
               field(group, "memory.stat", "total_swap");
    return field(group, "memory.stat", "anon") + field(group, "memory.stat", "shmem");
}

/* Version 1 does not say it. The kernel charges some pages at a time, and stops before the limit. */
static bool came_to_its_limit(const struct sandbox_group *group)
{
    if (sandbox_group_place()->version == 2)
        return field(group, "memory.events", "oom") > 0;
    return field(group, "memory.max_usage_in_bytes", NULL) + ((size_t)1 << 20) >
           field(group, "memory.limit_in_bytes", NULL);
}

bool sandbox_group_was_full(const struct sandbox_group *group)
{
    /* Processes are also ended because the whole machine is full. */
    return sandbox_group_ended(group) > 0 && came_to_its_limit(group);
}

unsigned long sandbox_group_ended(const struct sandbox_group *group)
{
    const char *file = sandbox_group_place()->version == 1 ? "memory.oom_control" : "memory.events";
    return field(group, file, "oom_kill");
}

/* ---- removing one ---------------------------------------------------------------------------- */

static void kill_all(const struct sandbox_group *group)
{
    if (put(group, "cgroup.kill", "1")) /* version 2, since Linux 5.14 */
        return;
    const int file = openat(group->folder, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *list = file >= 0 ? fdopen(file, "r") : NULL;
    int pid;
    while (list && fscanf(list, "%d", &pid) == 1)
        if (pid > 1)
            kill(pid, SIGKILL);
    if (list)
        fclose(list);
}

/* What was ended stays in its group for a moment. */
static void empty_and_remove(const struct sandbox_group *group)
{
    for (int attempt = 0; attempt < 200 && rmdir(group->path) != 0 && errno == EBUSY; attempt++) {
        kill_all(group);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

void sandbox_group_free(struct sandbox_group *group)
{
    if (!group)
        return;
    empty_and_remove(group);
    if (group->join >= 0)
        close(group->join);
    close(group->folder);
    g_free(group->path);
    g_free(group);
}

/* Groups whose grader was killed have nobody who locks them. */
static void sweep(const char *where)
{
    DIR *listing = opendir(where);
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        if (!g_str_has_prefix(entry->d_name, NAME))
            continue;
        struct sandbox_group old = {.path = g_build_filename(where, entry->d_name, NULL)};
        old.folder = open(old.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (old.folder >= 0 && flock(old.folder, LOCK_EX | LOCK_NB) == 0)
            empty_and_remove(&old);
        if (old.folder >= 0)
            close(old.folder);
        g_free(old.path);
    }
    if (listing)
        closedir(listing);
}

/* ---- making one ------------------------------------------------------------------------------ */

/* It is empty, and unlocked for a moment: another grader that begins just now may have taken it for an
 * old one. Then the files are not there. */
static bool set_limit(const struct sandbox_group *group, size_t limit)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", limit);
    if (flock(group->folder, LOCK_EX | LOCK_NB) != 0)
        return false;
    if (sandbox_group_place()->version == 1) {
        /* with swapped pages; not on every kernel, and never below the other limit */
        const bool limited = put(group, "memory.limit_in_bytes", text);
        put(group, "memory.memsw.limit_in_bytes", text);
        return limited;
    }
    put(group, "memory.swap.max", "0");
    return put(group, "memory.max", text);
}

static struct sandbox_group *make(const char *where, size_t limit)
{
    static unsigned made;
    struct sandbox_group *group = g_new0(struct sandbox_group, 1);
    group->path = g_strdup_printf("%s/" NAME "%d-%u", where, (int)getpid(), made++);
    group->join = group->folder = -1;
    if (mkdir(group->path, 0755) == 0) {
        group->folder = open(group->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (sandbox_group_place()->version == 1)
            group->join = openat(group->folder, "tasks", O_WRONLY | O_CLOEXEC);
        if (group->folder >= 0 && set_limit(group, limit))
            return group;
        rmdir(group->path);
    }
    if (group->join >= 0)
        close(group->join);
    if (group->folder >= 0)
        close(group->folder);
    g_free(group->path);
    g_free(group);
    return NULL;
}

/* Both ways cost some 0.1 ms; to write a process into cgroup.procs takes 13. */
pid_t sandbox_group_fork(const struct sandbox_group *group, int complaints)
{
    struct clone_args into = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
    if (!group)
        return fork();
    if (sandbox_group_place()->version == 2) {
        into.cgroup = (uint64_t)group->folder;
        return (pid_t)syscall(SYS_clone3, &into, sizeof into);
    }
    const pid_t pid = fork();
    if (pid == 0 && TEMP_FAILURE_RETRY(write(group->join, "0", 1)) != 1) {
        dprintf(complaints, "sandbox: can't join its control group: %s\n", strerror(errno));
        _exit(1);
    }
    return pid;
}

static bool can_join(const char *where)
{
    struct sandbox_group *group = make(where, SIZE_MAX >> 2);
    const pid_t pid = group ? sandbox_group_fork(group, STDERR_FILENO) : -1;
    if (pid == 0)
        _exit(0);
    int status = 1;
    const bool joined = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
    sandbox_group_free(group);
    return joined;
}

/* NULL: nowhere. */
static const char *usable_place(void)
{
    static bool tried, works;
    const char *path = sandbox_group_place()->path;
    if (!tried && path) {
        sweep(path);
        works = can_join(path);
    }
    tried = true;
    return works ? path : NULL;
}

struct sandbox_group *sandbox_group_new(size_t limit)
{
    const char *where = usable_place();
    struct sandbox_group *group = NULL;
    /* More than one grader that begins just now is unlikely to take it for an old one. */
    for (int attempt = 0; where && !group && attempt < 3; attempt++)
        group = make(where, limit);
    return group;
}

const char *sandbox_group_kind(void)
{
    if (!usable_place())
        return NULL;
    return sandbox_group_place()->version == 1 ? "control group, version 1"
                                               : "control group, version 2";
}
