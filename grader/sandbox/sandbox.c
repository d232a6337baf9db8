/* The sandbox: how a command is started. sandbox_watch.c looks after it while it runs. */
#include "grader/sandbox/sandbox.h"

#include "grader/sandbox/process_tree.h"
#include "grader/sandbox/sandbox_child.h"
#include "grader/sandbox/sandbox_filter.h"
#include "grader/sandbox/sandbox_folder.h"
#include "grader/sandbox/sandbox_group.h"
#include "grader/sandbox/sandbox_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* The buffers of pipes and sockets, page tables and whatever else the kernel holds for a command. */
#define KERNEL_MEMORY  ((size_t)64 << 20)
#define PRIVATE_FOLDER "268435456" /* bytes of the private /tmp and /dev/shm */

struct sandbox_limits sandbox_limits_default(void)
{
    return (struct sandbox_limits){.seconds = 10,
                                   .memory = (size_t)2 << 30,
                                   .processes = 64,
                                   .output = 1 << 20,
                                   .kept = 64 << 10,
                                   .file_bytes = 64 << 20,
                                   .folder_bytes = 512 << 20,
                                   .entries = 10000,
                                   .spare_memory = 128 << 20};
}

/* ---- the command line and environment ------------------------------------ */

static void add(GPtrArray *words, ...) G_GNUC_NULL_TERMINATED;
static void add(GPtrArray *words, ...)
{
    va_list list;
    va_start(list, words);
    for (char *word; (word = va_arg(list, char *));)
        g_ptr_array_add(words, word);
    va_end(list);
}

/* /lib, /bin and so on: links into /usr on most systems, folders of their own on others. */
static void add_system_folder(GPtrArray *words, const char *path)
{
    char target[256];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length > 0) {
        target[length] = '\0';
        add(words, "--symlink", g_intern_string(target), path, NULL);
    } else if (access(path, F_OK) == 0) {
        add(words, "--ro-bind", path, path, NULL);
    }
}

static GPtrArray *isolated_words(const struct sandbox_command *command, bool filtered)
{
    static const char *const folders[] = {"/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin"};
    GPtrArray *words = g_ptr_array_new();
    add(words, "bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session",
        "--hostname", "sandbox", "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc",
        "--ro-bind-try", "/sys", "/sys", "--proc", "/proc", "--dev", "/dev", "--size",
        PRIVATE_FOLDER, "--tmpfs", "/dev/shm", "--size", PRIVATE_FOLDER, "--tmpfs", "/tmp", NULL);
    add(words, "--json-status-fd", G_STRINGIFY(SANDBOX_STATUS_FILE), NULL);
    if (filtered)
        add(words, "--seccomp", G_STRINGIFY(SANDBOX_FILTER_FILE), NULL);
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        add_system_folder(words, folders[i]);
    for (const struct sandbox_bind *bind = command->see; bind && bind->from; bind++)
        add(words, "--ro-bind", bind->from, bind->to, NULL);
    for (char *const *device = command->devices; device && *device; device++)
        add(words, "--dev-bind-try", *device, *device, NULL);
    if (command->write.from)
        add(words, "--bind", command->write.from, command->write.to, NULL);
    add(words, "--remount-ro", "/", "--chdir", command->folder ? command->folder : "/tmp", "--",
        NULL);
    for (char *const *word = command->words; *word; word++)
        g_ptr_array_add(words, *word);
    g_ptr_array_add(words, NULL);
    return words;
}

static GPtrArray *bare_words(const struct sandbox_command *command)
{
    GPtrArray *words = g_ptr_array_new();
    for (char *const *word = command->words; *word; word++)
        g_ptr_array_add(words, *word);
    g_ptr_array_add(words, NULL);
    return words;
}

static GPtrArray *environment_words(const struct sandbox_command *command)
{
    GPtrArray *words = g_ptr_array_new();
    add(words, "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp", "LANG=C.UTF-8", "TMPDIR=/tmp",
        NULL);
    for (char *const *word = command->environment; word && *word; word++)
        g_ptr_array_add(words, *word);
    g_ptr_array_add(words, NULL);
    return words;
}

/* ---- the whole --------------------------------------------------------------- */

/* What lies in the writable folder is memory, too, where that is a file system in memory: it has a limit
 * of its own. */
static struct sandbox_group *new_group(const struct sandbox_command *command)
{
    const struct sandbox_limits *limits = &command->limits;
    return sandbox_group_new(
        limits->memory + KERNEL_MEMORY +
        (sandbox_folder_is_in_memory(command->write.from) ? limits->folder_bytes : 0));
}

static pid_t start(const struct sandbox_command *command, int output, int status, bool isolated,
                   const struct sock_fprog *filter, const struct sandbox_group *group)
{
    struct sandbox_launch launch = {.words = isolated ? isolated_words(command, filter)
                                                      : bare_words(command),
                                    .environment = environment_words(command),
                                    .command = command,
                                    .isolated = isolated,
                                    .filter = filter};
    /* The limit counts threads, a rank has about four, and others of this user count, too. */
    launch.threads = (rlim_t)(process_count_threads(command->user) + 4 * command->limits.processes);
    pid_t pid = sandbox_group_fork(group, status);
    if (pid == 0)
        sandbox_child(&launch, output, status);
    g_ptr_array_free(launch.words, TRUE);
    g_ptr_array_free(launch.environment, TRUE);
    return pid;
}

/* Two pipes whose ends nobody inherits and whose reading ends do not block. */
static bool open_pipes(int output[2], int status[2])
{
    if (pipe2(output, O_CLOEXEC) != 0)
        return false;
    if (pipe2(status, O_CLOEXEC) != 0) {
        const int error = errno;
        close(output[0]);
        close(output[1]);
        errno = error;
        return false;
    }
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    fcntl(status[0], F_SETFL, O_NONBLOCK);
    return true;
}

static void run(const struct sandbox_command *command, struct sandbox_result *result, bool isolated)
{
    int output[2], status[2];
    const time_t began = time(NULL);
    *result = (struct sandbox_result){
        .end = SANDBOX_NOT_STARTED, .status = -1, .output = g_string_new(NULL)};
    const struct sock_fprog *filter;
    if (!sandbox_filter(isolated, &filter)) {
        result->trouble =
            g_strdup_printf("the filter of system calls can't be made: %s", strerror(errno));
        return;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!open_pipes(output, status)) {
        result->trouble = g_strdup_printf("pipe: %s", strerror(errno));
        return;
    }
    struct sandbox_group *group = new_group(command);
    const struct sandbox_started started = {
        .pid = start(command, output[1], status[1], isolated, filter, group),
        .output = output[0],
        .status = status[0],
        .isolated = isolated,
        .group = group,
    };
    if (started.pid < 0)
        result->trouble = g_strdup_printf("fork: %s", strerror(errno));
    close(output[1]);
    close(status[1]);
    if (started.pid > 0)
        sandbox_watch(command, &started, result);
    close(output[0]);
    close(status[0]);
    sandbox_group_free(group);
    if (!isolated && geteuid() == 0 && command->user != 0)
        sandbox_remove_of_user(command->user, began);
}

void sandbox_run(const struct sandbox_command *command, struct sandbox_result *result)
{
    run(command, result, sandbox_isolates(NULL));
}

bool sandbox_did(const struct sandbox_result *result)
{
    return result->end == SANDBOX_EXITED && result->status == 0;
}

void sandbox_result_clear(struct sandbox_result *result)
{
    g_free(result->trouble);
    if (result->output)
        g_string_free(result->output, TRUE);
    *result = (struct sandbox_result){.end = SANDBOX_NOT_STARTED};
}

bool sandbox_isolates(const char **reason)
{
    static int known = -1;
    static char *why;
    if (known < 0) {
        char *words[] = {"true", NULL};
        struct sandbox_command command = {
            .words = words, .limits = sandbox_limits_default(), .user = sandbox_user(0)};
        struct sandbox_result result;
        run(&command, &result, true);
        if (!sandbox_did(&result)) { /* for a whole grade: not for what passes */
            sandbox_result_clear(&result);
            run(&command, &result, true);
        }
        known = sandbox_did(&result);
        why = known ? NULL
                    : g_strstrip(g_strdup(result.trouble ? result.trouble : result.output->str));
        sandbox_result_clear(&result);
        if (g_getenv("GRADER_NO_NAMESPACES")) { /* for tests of the way without */
            known = 0;
            why = g_strdup("GRADER_NO_NAMESPACES is set");
        }
    }
    if (reason)
        *reason = why;
    return known;
}

bool sandbox_filters(void)
{
    const struct sock_fprog *filter;
    return !sandbox_filter(sandbox_isolates(NULL), &filter) || filter; /* or nothing runs */
}

char *sandbox_describe(void)
{
    const char *reason, *group = sandbox_group_kind();
    const bool isolated = sandbox_isolates(&reason);
    return g_strdup_printf(
        "Isolation: %s%s\nMemory: %s\nSystem calls: %s",
        isolated ? "name spaces (bubblewrap)" : "none: ", isolated ? "" : reason,
        group ? group : "counted every 0.1 s, because no control group can be made here",
        sandbox_filters() ? "filtered (seccomp)" : "not filtered, because this kernel can't");
}

const char *sandbox_path(const char *outside, const char *inside)
{
    return sandbox_isolates(NULL) ? inside : outside;
}
