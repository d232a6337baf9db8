/* Watching a sandboxed command: its output, time, memory, processes and files. */
#include "grader/sandbox/sandbox_watch.h"

#include "grader/sandbox/process_tree.h"
#include "grader/text/text.h"

#include <errno.h>
#include <fts.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_KEPT  (64 * 1024)
#define MOST_ENTRIES 10000 /* of the writable folder */
#define LOOK_EVERY   0.1   /* seconds */
#define SLOWEST      20.0  /* the wall clock ends a run at this many times its limit */

struct watch {
    const struct sandbox_command *command;
    struct sandbox_result *result;
    int output; /* read end of the pipe */
    bool output_open;
    size_t printed;
    GString *kept;
    double began, looked; /* wall clock */
    double clock;         /* the idle machine's clock */
    bool stopped;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void stop(struct watch *watch, enum sandbox_end end, char *trouble)
{
    if (watch->stopped) {
        g_free(trouble);
        return;
    }
    watch->stopped = true;
    watch->result->end = end;
    watch->result->trouble = trouble;
}

static void read_output(struct watch *watch)
{
    char buffer[16384];
    ssize_t size;
    while ((size = read(watch->output, buffer, sizeof buffer)) > 0) {
        watch->printed += (size_t)size;
        g_string_append_len(watch->kept, buffer, size);
        if (watch->kept->len > 2 * OUTPUT_KEPT)
            g_string_erase(watch->kept, 0, (gssize)(watch->kept->len - OUTPUT_KEPT));
        if (watch->printed > watch->command->limits.output) {
            stop(
                watch, SANDBOX_OUTPUT,
                g_strdup_printf("printed more than %zu KiB", watch->command->limits.output / 1024));
            return;
        }
    }
    if (size == 0)
        watch->output_open = false;
}

/* Bytes on disk in a folder and all folders in it. Too many by themselves are more than 10,000
 * entries and what can't be looked into. */
static size_t folder_bytes(const char *path)
{
    size_t bytes = 0;
    int entries = 0;
    bool hidden = false;
    char *const paths[] = {(char *)path, NULL};
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    if (!walk)
        return 0;
    for (FTSENT *entry; !hidden && entries < MOST_ENTRIES && (entry = fts_read(walk));) {
        if (entry->fts_info == FTS_DP) /* a folder again, on the way back */
            continue;
        entries++;
        hidden =
            (entry->fts_info == FTS_DNR || entry->fts_info == FTS_NS) && entry->fts_errno != ENOENT;
        if (entry->fts_info != FTS_NS)
            bytes += (size_t)entry->fts_statp->st_blocks * 512;
    }
    fts_close(walk);
    return hidden || entries >= MOST_ENTRIES ? SIZE_MAX : bytes;
}

static void check_resources(struct watch *watch)
{
    const struct sandbox_limits *limits = &watch->command->limits;
    GArray *pids = process_tree(getpid());
    size_t memory = process_tree_memory(pids, limits->memory);
    guint processes = pids->len;
    g_array_free(pids, TRUE);
    if (memory > limits->memory)
        stop(watch, SANDBOX_MEMORY,
             g_strdup_printf("needed more than %zu MiB of memory", limits->memory >> 20));
    if (processes > (guint)limits->processes)
        stop(watch, SANDBOX_PROCESSES,
             g_strdup_printf("ran more than %d processes at once", limits->processes));
    if (watch->command->write.from &&
        folder_bytes(watch->command->write.from) > limits->folder_bytes)
        stop(watch, SANDBOX_FILES,
             g_strdup_printf("wrote more than %zu MiB of files", limits->folder_bytes >> 20));
}

/* While more threads want to run than there are cores, everybody's clock slows down. */
static void check_time(struct watch *watch, double passed)
{
    const struct sandbox_limits *limits = &watch->command->limits;
    watch->clock += passed / process_crowding();
    double wall = now() - watch->began;
    if (watch->clock > limits->seconds || wall > SLOWEST * limits->seconds)
        stop(watch, SANDBOX_TIME, g_strdup_printf("still ran after %.1f seconds", wall));
    else if (watch->command->is_stuck &&
             watch->command->is_stuck(watch->command->context, watch->clock))
        stop(watch, SANDBOX_STUCK,
             g_strdup_printf("stopped after %.1f seconds: nothing moved any more", wall));
}

static void look(struct watch *watch)
{
    double time = now();
    if (time - watch->looked < LOOK_EVERY)
        return;
    double passed = time - watch->looked;
    watch->looked = time;
    check_time(watch, passed);
    if (!watch->stopped)
        check_resources(watch);
}

static void name_the_end(struct watch *watch, int status)
{
    struct sandbox_result *result = watch->result;
    if (watch->stopped)
        return;
    result->end = WIFEXITED(status) ? SANDBOX_EXITED : SANDBOX_SIGNALLED;
    result->status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    /* mpirun and shells report a rank's signal as 128 + its number. */
    int signal = !WIFEXITED(status)     ? WTERMSIG(status)
                 : result->status > 128 ? result->status - 128
                                        : 0;
    if (signal == SIGXCPU)
        stop(watch, SANDBOX_TIME, g_strdup("used more processor time than allowed"));
    else if (signal == SIGXFSZ)
        stop(watch, SANDBOX_FILES,
             g_strdup_printf("wrote a file of more than %zu MiB",
                             watch->command->limits.file_bytes >> 20));
    if (WIFEXITED(status) && result->status == SANDBOX_SETUP_FAILED &&
        strstr(watch->kept->str, "sandbox: can't "))
        stop(watch, SANDBOX_NOT_STARTED, text_clean(watch->kept->str, watch->kept->len, 512));
    /* Only bubblewrap itself says this, before the program began. */
    if (WIFEXITED(status) && result->status == 1 && watch->printed == watch->kept->len &&
        g_str_has_prefix(watch->kept->str, "bwrap: "))
        stop(watch, SANDBOX_NOT_STARTED, text_clean(watch->kept->str, watch->kept->len, 512));
}

static void ask_before_end(const struct watch *watch)
{
    const struct sandbox_command *command = watch->command;
    const enum sandbox_end end = watch->result->end;
    if (!command->before_end || (end != SANDBOX_STUCK && end != SANDBOX_TIME))
        return;
    g_autoptr(GArray) pids = process_tree(getpid());
    command->before_end(command->context, pids);
}

static void watch_until_end(struct watch *watch, pid_t pid)
{
    int status = 0;
    pid_t ended = 0;
    while (ended == 0 && !watch->stopped) {
        struct pollfd waiting = {.fd = watch->output_open ? watch->output : -1, .events = POLLIN};
        poll(&waiting, 1, 20);
        if (watch->output_open)
            read_output(watch);
        ended = waitpid(pid, &status, WNOHANG);
        if (ended == 0)
            look(watch);
    }
    if (watch->stopped)
        ask_before_end(watch);
    process_tree_kill(watch->command->user);
    if (watch->output_open && !watch->stopped)
        read_output(watch); /* what was still in the pipe */
    if (ended == pid)
        name_the_end(watch, status);
}

void sandbox_watch(const struct sandbox_command *command, pid_t pid, int output,
                   struct sandbox_result *result)
{
    struct watch watch = {.command = command,
                          .result = result,
                          .output = output,
                          .output_open = true,
                          .kept = g_string_new(NULL),
                          .began = now(),
                          .looked = now()};
    watch_until_end(&watch, pid);
    result->seconds = now() - watch.began;
    g_autofree char *clean = text_clean(watch.kept->str, watch.kept->len, OUTPUT_KEPT);
    g_string_assign(result->output, clean);
    g_string_free(watch.kept, TRUE);
}
