/* Watching a sandboxed command: its output, time, memory, processes and files. */
#include "grader/sandbox/sandbox_watch.h"

#include "grader/sandbox/process_tree.h"
#include "grader/sandbox/sandbox_folder.h"
#include "grader/sandbox/sandbox_memory.h"
#include "grader/text/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY 0.1  /* seconds */
#define SLOWEST    20.0 /* the wall clock ends a run at this many times its limit */

struct watch {
    const struct sandbox_command *command;
    const struct sandbox_started *started;
    const struct sandbox_group *group; /* or NULL */
    unsigned long ended_before;        /* processes that the kernel ended for want of memory */
    struct sandbox_result *result;
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
    while ((size = read(watch->started->output, buffer, sizeof buffer)) > 0) {
        watch->printed += (size_t)size;
        g_string_append_len(watch->kept, buffer, size);
        const size_t kept = watch->command->limits.kept;
        if (watch->kept->len > 2 * kept)
            g_string_erase(watch->kept, 0, (gssize)(watch->kept->len - kept));
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

static void stop_for_memory(struct watch *watch)
{
    stop(
        watch, SANDBOX_MEMORY,
        g_strdup_printf("needed more than %zu MiB of memory", watch->command->limits.memory >> 20));
}

/* held: bytes of the writable folder, if that lies in memory: it has its own limit. */
static void check_memory(struct watch *watch, const GArray *pids, size_t held)
{
    const struct sandbox_limits *limits = &watch->command->limits;
    size_t used = watch->group ? sandbox_group_memory(watch->group)
                               : sandbox_memory_counted(pids, limits->memory);
    used -= watch->group ? MIN(used, held) : 0;
    if (used > limits->memory || (watch->group && sandbox_group_was_full(watch->group)))
        stop_for_memory(watch);
    const size_t left = sandbox_memory_left();
    if (left < limits->spare_memory)
        stop(watch, SANDBOX_MACHINE,
             g_strdup_printf("%zu MiB of this machine's memory were left, and grading leaves it "
                             "%zu; the run itself held %zu of the %zu that it may: end other "
                             "programs, or grade fewer submissions at the same time",
                             left >> 20, limits->spare_memory >> 20, used >> 20,
                             limits->memory >> 20));
}

/* Bytes of the writable folder, and of what was in it and is still open. */
static size_t check_files(struct watch *watch, const GArray *pids)
{
    const struct sandbox_limits *limits = &watch->command->limits;
    const char *path = watch->command->write.from;
    struct stat status;
    if (!path)
        return 0;
    const struct sandbox_folder folder = sandbox_folder_measure(path, limits->entries);
    const size_t nameless =
        stat(path, &status) == 0 ? sandbox_nameless_bytes(pids, status.st_dev) : 0;
    if (folder.bytes + nameless > limits->folder_bytes)
        stop(watch, SANDBOX_FILES,
             g_strdup_printf("wrote more than %zu MiB of files", limits->folder_bytes >> 20));
    if (folder.deep)
        stop(watch, SANDBOX_FILES,
             g_strdup_printf("made more than %d folders in each other", SANDBOX_MOST_DEPTH));
    if (folder.entries > limits->entries)
        stop(watch, SANDBOX_FILES,
             g_strdup_printf("made more than %d files and folders", limits->entries));
    return sandbox_folder_is_in_memory(path) ? folder.bytes + nameless : 0;
}

static void check_resources(struct watch *watch)
{
    const struct sandbox_limits *limits = &watch->command->limits;
    g_autoptr(GArray) pids = process_tree_at_a_glance(getpid());
    const size_t held = check_files(watch, pids);
    check_memory(watch, pids, held);
    if (pids->len > (guint)limits->processes)
        stop(watch, SANDBOX_PROCESSES,
             g_strdup_printf("ran more than %d processes at once", limits->processes));
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

/* Without a group they may be anybody's. */
static unsigned long ended_for_memory(const struct watch *watch)
{
    return watch->group ? sandbox_group_ended(watch->group) : sandbox_ended_by_kernel();
}

/* What was said of the start, when nobody can say any more. A new string. */
static char *read_status(const struct watch *watch)
{
    char buffer[1024];
    GString *said = g_string_new(NULL);
    for (ssize_t size; (size = read(watch->started->status, buffer, sizeof buffer)) > 0;)
        g_string_append_len(said, buffer, size);
    return g_string_free(said, FALSE);
}

/* Has it ended although the command never began? Bubblewrap tells of the command's end; the sandbox's own
 * child says what it could not do. */
static void look_at_start(struct watch *watch)
{
    g_autofree char *said = read_status(watch);
    if (watch->started->isolated ? strstr(said, "\"exit-code\"") != NULL : said[0] == '\0')
        return;
    const char *why = strstr(said, "sandbox: can't ");
    why = why ? why : watch->kept->str;
    stop(watch, SANDBOX_NOT_STARTED,
         why[0] != '\0' ? text_clean(why, strlen(why), 512)
                        : g_strdup_printf("bwrap ended with exit status %d, and no word",
                                          watch->result->status));
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
    if (watch->group && sandbox_group_was_full(watch->group))
        stop_for_memory(watch);
    else if (signal == SIGKILL && ended_for_memory(watch) > watch->ended_before)
        stop(watch, SANDBOX_MACHINE,
             g_strdup("the kernel ended it, because this machine's memory was full: end other "
                      "programs, or grade fewer submissions at the same time"));
    else if (signal == SIGXCPU)
        stop(watch, SANDBOX_TIME, g_strdup("used more processor time than allowed"));
    else if (signal == SIGXFSZ)
        stop(watch, SANDBOX_FILES,
             g_strdup_printf("wrote a file of more than %zu MiB",
                             watch->command->limits.file_bytes >> 20));
    if (WIFEXITED(status))
        look_at_start(watch);
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

/* What was written since the last look. */
static void look_at_files_left(struct watch *watch)
{
    g_autoptr(GArray) nobody = g_array_new(FALSE, FALSE, sizeof(pid_t));
    check_files(watch, nobody);
}

static void watch_until_end(struct watch *watch)
{
    const pid_t pid = watch->started->pid;
    int status = 0;
    pid_t ended = 0;
    const int process =
        (int)syscall(SYS_pidfd_open, pid, 0); /* -1, before Linux 5.3: then it is noticed later */
    while (ended == 0 && !watch->stopped) {
        struct pollfd waiting[] = {
            {.fd = watch->output_open ? watch->started->output : -1, .events = POLLIN},
            {.fd = process, .events = POLLIN}};
        poll(waiting, G_N_ELEMENTS(waiting), 20);
        if (watch->output_open)
            read_output(watch);
        ended = waitpid(pid, &status, WNOHANG);
        if (ended == 0)
            look(watch);
    }
    if (process >= 0)
        close(process);
    if (watch->stopped)
        ask_before_end(watch);
    process_tree_kill(watch->command->user);
    if (watch->output_open && !watch->stopped)
        read_output(watch); /* what was still in the pipe */
    if (ended == pid)
        name_the_end(watch, status);
    if (watch->result->end == SANDBOX_EXITED || watch->result->end == SANDBOX_SIGNALLED)
        look_at_files_left(watch);
}

void sandbox_watch(const struct sandbox_command *command, const struct sandbox_started *started,
                   struct sandbox_result *result)
{
    struct watch watch = {.command = command,
                          .started = started,
                          .group = started->group,
                          .result = result,
                          .output_open = true,
                          .kept = g_string_new(NULL),
                          .began = now(),
                          .looked = now()};
    watch.ended_before = ended_for_memory(&watch);
    watch_until_end(&watch);
    result->seconds = now() - watch.began;
    g_autofree char *clean = text_clean(watch.kept->str, watch.kept->len, command->limits.kept);
    g_string_assign(result->output, clean);
    g_string_free(watch.kept, TRUE);
}
