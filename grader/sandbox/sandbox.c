/* The sandbox: how a command is started. sandbox_watch.c looks after it while it runs. */
#include "grader/sandbox/sandbox.h"

#include "grader/sandbox/process_tree.h"
#include "grader/sandbox/sandbox_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PRIVATE_FOLDER "268435456" /* bytes of the private /tmp and /dev/shm */

struct sandbox_limits sandbox_limits_default(void)
{
    return (struct sandbox_limits){.seconds = 10,
                                   .memory = (size_t)2 << 30,
                                   .processes = 64,
                                   .output = 1 << 20,
                                   .file_bytes = 64 << 20,
                                   .folder_bytes = 512 << 20};
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

static GPtrArray *isolated_words(const struct sandbox_command *command)
{
    static const char *const folders[] = {"/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin"};
    GPtrArray *words = g_ptr_array_new();
    add(words, "bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session",
        "--hostname", "sandbox", "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc",
        "--ro-bind-try", "/sys", "/sys", "--proc", "/proc", "--dev", "/dev", "--size",
        PRIVATE_FOLDER, "--tmpfs", "/dev/shm", "--size", PRIVATE_FOLDER, "--tmpfs", "/tmp", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        add_system_folder(words, folders[i]);
    for (const struct sandbox_bind *bind = command->see; bind && bind->from; bind++)
        add(words, "--ro-bind", bind->from, bind->to, NULL);
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

/* ---- the child ------------------------------------------------------------- */

struct launch {
    GPtrArray *words;
    GPtrArray *environment;
    const char *folder; /* to change to before the start; NULL: bubblewrap does it */
    const struct sandbox_command *command;
    rlim_t threads; /* of the user on the whole machine */
};

static bool set_limit(int which, rlim_t value)
{
    return setrlimit(which, &(struct rlimit){.rlim_cur = value, .rlim_max = value}) == 0;
}

/* At the soft limit comes SIGXCPU, which says why; at the hard one SIGKILL, which doesn't. */
static bool set_cpu_limit(rlim_t seconds)
{
    return setrlimit(RLIMIT_CPU, &(struct rlimit){.rlim_cur = seconds, .rlim_max = seconds + 2}) ==
           0;
}

/* The kernel should end the sandbox first, not the grader, when the machine runs out of memory. */
static void volunteer_for_memory_shortage(void)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (write(file, "1000", 4) != 4)
        errno = 0; /* a wish, not a need */
    close(file);
}

static bool become(uid_t user)
{
    if (geteuid() != 0 || user == 0)
        return true;
    return setgroups(0, NULL) == 0 && setresgid(user, user, user) == 0 &&
           setresuid(user, user, user) == 0;
}

_Noreturn static void child(const struct launch *launch, int output)
{
    const struct sandbox_limits *limits = &launch->command->limits;
    double cpu = limits->cpu_seconds > 0 ? limits->cpu_seconds : 2 * limits->seconds + 2;
    int nothing = open("/dev/null", O_RDONLY);
    const char *doing = "open /dev/null";
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0)
        goto failed;
    volunteer_for_memory_shortage();
    setsid();
    umask(022);
    signal(SIGPIPE, SIG_DFL);
    doing = "set limits";
    if (!set_cpu_limit((rlim_t)cpu + 1) || !set_limit(RLIMIT_FSIZE, limits->file_bytes) ||
        !set_limit(RLIMIT_CORE, 0) || !set_limit(RLIMIT_NPROC, launch->threads))
        goto failed;
    doing = "become the sandbox's user";
    if (!become(launch->command->user))
        goto failed;
    doing = "give up privileges";
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        goto failed;
    doing = "enter the folder";
    if (launch->folder && chdir(launch->folder) != 0)
        goto failed;
    close_range(3, ~0U, 0);
    doing = "start the program";
    environ = (char **)launch->environment->pdata;
    execvp(launch->words->pdata[0], (char **)launch->words->pdata);
failed:
    dprintf(STDERR_FILENO, "sandbox: can't %s: %s\n", doing, strerror(errno));
    _exit(SANDBOX_SETUP_FAILED);
}

/* ---- the whole --------------------------------------------------------------- */

static pid_t start(const struct sandbox_command *command, int pipe_ends[2], bool isolated)
{
    struct launch launch = {.words = isolated ? isolated_words(command) : bare_words(command),
                            .environment = environment_words(command),
                            .folder = isolated ? NULL : command->folder,
                            .command = command};
    /* The limit counts threads, a rank has about four, and others of this user count, too. */
    launch.threads = (rlim_t)(process_count_threads(command->user) + 4 * command->limits.processes);
    pid_t pid = fork();
    if (pid == 0)
        child(&launch, pipe_ends[1]);
    g_ptr_array_free(launch.words, TRUE);
    g_ptr_array_free(launch.environment, TRUE);
    return pid;
}

static void run(const struct sandbox_command *command, struct sandbox_result *result, bool isolated)
{
    int ends[2];
    *result = (struct sandbox_result){
        .end = SANDBOX_NOT_STARTED, .status = -1, .output = g_string_new(NULL)};
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        result->trouble = g_strdup_printf("pipe: %s", strerror(errno));
        return;
    }
    pid_t pid = start(command, ends, isolated);
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    if (pid < 0)
        result->trouble = g_strdup_printf("fork: %s", strerror(errno));
    else
        sandbox_watch(command, pid, ends[0], result);
    close(ends[0]);
}

void sandbox_run(const struct sandbox_command *command, struct sandbox_result *result)
{
    run(command, result, sandbox_isolates(NULL));
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
        known = result.end == SANDBOX_EXITED && result.status == 0;
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

const char *sandbox_path(const char *outside, const char *inside)
{
    return sandbox_isolates(NULL) ? inside : outside;
}
