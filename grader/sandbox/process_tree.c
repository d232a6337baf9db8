/* Process trees, read from /proc. */
#include "grader/sandbox/process_tree.h"

#include "grader/sandbox/processors.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_PROCESSES 4096

struct process {
    pid_t pid;
    pid_t parent;
};

/* The parent of a process and its state, or -1. The name in parentheses may contain anything. */
static pid_t parent_and_state_of(pid_t pid, char *state)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    const char *behind_name = strrchr(text, ')');
    int parent;
    if (!behind_name || sscanf(behind_name + 1, " %c %d", state, &parent) != 2)
        return -1;
    return parent;
}

static pid_t parent_of(pid_t pid)
{
    char state;
    return parent_and_state_of(pid, &state);
}

/* All processes of the machine, without their parents. */
static GArray *all_processes(void)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct process));
    DIR *folder = opendir("/proc");
    if (!folder)
        return all;
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        struct process process = {.pid = atoi(entry->d_name), .parent = -1};
        if (process.pid > 0)
            g_array_append_val(all, process);
    }
    closedir(folder);
    return all;
}

GArray *process_tree(pid_t root)
{
    GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    GArray *all = all_processes();
    for (guint i = 0; i < all->len; i++)
        g_array_index(all, struct process, i).parent =
            parent_of(g_array_index(all, struct process, i).pid);
    g_array_append_val(pids, root);
    for (guint next = 0; next < pids->len && pids->len <= MOST_PROCESSES; next++)
        for (guint i = 0; i < all->len; i++) {
            const struct process *process = &g_array_index(all, struct process, i);
            if (process->parent == g_array_index(pids, pid_t, next))
                g_array_append_val(pids, process->pid);
        }
    g_array_remove_index(pids, 0);
    g_array_free(all, TRUE);
    return pids;
}

/* Children are listed thread by thread (Linux 4.2 and later, where it was built in). */
static void append_children(pid_t pid, GArray *pids)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        const int thread = atoi(entry->d_name);
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, thread);
        FILE *file = thread > 0 ? fopen(path, "re") : NULL;
        for (int child; file && pids->len <= MOST_PROCESSES && fscanf(file, "%d", &child) == 1;) {
            const pid_t found = child;
            g_array_append_val(pids, found);
        }
        if (file)
            fclose(file);
    }
    if (folder)
        closedir(folder);
}

GArray *process_tree_at_a_glance(pid_t root)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)root, (int)root);
    if (access(path, R_OK) != 0)
        return process_tree(root);
    GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    append_children(root, pids);
    for (guint next = 0; next < pids->len && pids->len <= MOST_PROCESSES; next++)
        append_children(g_array_index(pids, pid_t, next), pids);
    return pids;
}

/* Sends SIGKILL to everything that runs as a user: only that user's own process can say
 * "all of mine", and it cannot be outrun by a fork bomb. */
static void kill_user(uid_t user)
{
    pid_t child = fork();
    if (child == 0) {
        if (setresuid(user, user, user) == 0)
            kill(-1, SIGKILL);
        _exit(0);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

/* Collects what has ended. Is there no child left? */
static bool reap(void)
{
    pid_t ended;
    while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
        ;
    return ended < 0 && errno == ECHILD;
}

void process_tree_kill(uid_t user)
{
    bool others = geteuid() == 0 && user != 0;
    for (int attempt = 0; attempt < 500; attempt++) {
        /* Who loses its parent becomes a child of the keeper: without a child there is nobody. */
        if (reap())
            return;
        if (others)
            kill_user(user);
        GArray *pids = process_tree(getpid());
        bool none = pids->len == 0;
        /* First stop them all, so that none can fork while the others are being ended. */
        for (guint i = 0; i < pids->len; i++)
            kill(g_array_index(pids, pid_t, i), SIGSTOP);
        for (guint i = 0; i < pids->len; i++)
            kill(g_array_index(pids, pid_t, i), SIGKILL);
        g_array_free(pids, TRUE);
        if (none)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

int process_count_threads(uid_t user)
{
    int threads = 0;
    GArray *all = all_processes();
    for (guint i = 0; i < all->len; i++) {
        char path[64];
        struct stat status;
        snprintf(path, sizeof path, "/proc/%d/task",
                 (int)g_array_index(all, struct process, i).pid);
        /* A folder has two links and one more for each folder in it. */
        if (stat(path, &status) == 0 && status.st_uid == user)
            threads += (int)status.st_nlink - 2;
    }
    g_array_free(all, TRUE);
    return threads;
}

/* Processes that want a processor, of those that can be seen from here. */
static int count_runnable(void)
{
    GArray *all = all_processes();
    int runnable = 0;
    for (guint i = 0; i < all->len; i++) {
        char state = 'S';
        parent_and_state_of(g_array_index(all, struct process, i).pid, &state);
        runnable += state == 'R';
    }
    g_array_free(all, TRUE);
    return runnable;
}

/* What is lent of the processors has to do for all in here; the machine's are everybody's. */
static double crowding_of_share(void)
{
    static double processors; /* it stays as it is while a program runs */
    if (processors == 0)
        processors = process_processors("");
    return processors < (double)sysconf(_SC_NPROCESSORS_ONLN) ? count_runnable() / processors : 1;
}

double process_crowding(void)
{
    FILE *file = fopen("/proc/loadavg", "re");
    if (!file)
        return 1;
    int runnable = 1;
    if (fscanf(file, "%*f %*f %*f %d/", &runnable) != 1)
        runnable = 1;
    fclose(file);
    const double crowding = runnable / (double)MAX(1, sysconf(_SC_NPROCESSORS_ONLN));
    return MAX(MAX(1.0, crowding), crowding_of_share());
}
