/* One grader; see job_process.h. */
#include "class/engines/job_process.h"

#include "grader/sandbox/process_tree.h"
#include "grader/text/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_WORDS 4096 /* bytes */
#define TICK       0.25 /* s */
#define GRACE      10.0 /* s for a grader that was asked to end: it removes its folders */

struct watched {
    pid_t pid;
    int words, asked, engine; /* files to read from; -1: none */
    GString *said;
};

static sigset_t asking(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGUSR1, SIGUSR2};
    sigset_t set;
    sigemptyset(&set);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        sigaddset(&set, signals[i]);
    return set;
}

void job_process_prepare(void)
{
    const sigset_t set = asking();
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGCHLD, SIG_DFL); /* ignored, children would not be counted */
    signal(SIGPIPE, SIG_IGN);
}

static _Noreturn void be_the_grader(const struct job_process *process, int words)
{
    const sigset_t set = asking();
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* an interrupt from the keyboard is this program's to handle */
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) == STDIN_FILENO &&
        dup2(nothing, STDOUT_FILENO) == STDOUT_FILENO && dup2(words, STDERR_FILENO) >= 0 &&
        (process->lock < 0 || fcntl(process->lock, F_SETFD, 0) == 0))
        execv(process->words[0], process->words);
    dprintf(STDERR_FILENO, "%s can't be started: %s\n", process->words[0], strerror(errno));
    _exit(127);
}

static void take_words(struct watched *watched)
{
    char text[MOST_WORDS];
    ssize_t size;
    while ((size = read(watched->words, text, sizeof text)) > 0) {
        g_string_append_len(watched->said, text, size);
        if (watched->said->len > MOST_WORDS)
            g_string_erase(watched->said, 0, (gssize)(watched->said->len - MOST_WORDS));
    }
}

/* Waits for a moment, or for the grader to say something. Is it asked for an end? */
static bool wait_a_moment(struct watched *watched)
{
    struct pollfd files[] = {{.fd = watched->words, .events = POLLIN},
                             {.fd = watched->asked, .events = POLLIN},
                             {.fd = watched->engine, .events = POLLIN}};
    poll(files, G_N_ELEMENTS(files), (int)(TICK * 1000));
    if (files[0].revents & POLLIN)
        take_words(watched);
    else if (files[0].revents) { /* it closed its end: the next polls would not wait */
        close(watched->words);
        watched->words = -1;
    }
    return (files[1].revents & POLLIN) || (files[2].revents & POLLIN);
}

/* Has the grader ended? */
static bool has_ended(pid_t pid, int *status)
{
    int how;
    if (waitpid(pid, &how, WNOHANG) != pid)
        return false;
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    return true;
}

static double now(void)
{
    return (double)g_get_monotonic_time() / G_USEC_PER_SEC;
}

/* Lets it run until it ends, its time is over, or somebody asks for its end. */
static enum job_end watch(struct watched *watched, double seconds, int *status)
{
    double used = 0, before = now();
    for (;;) {
        const bool asked = wait_a_moment(watched);
        const double time = now();
        used += (time - before) / process_crowding();
        before = time;
        if (has_ended(watched->pid, status))
            return JOB_EXITED;
        if (asked)
            return JOB_INTERRUPTED;
        if (used > seconds)
            return JOB_TIME;
    }
}

static void end_it(struct watched *watched)
{
    int status;
    kill(watched->pid, SIGTERM);
    const double until = now() + GRACE;
    watched->asked = watched->engine = -1; /* once is enough */
    while (now() < until) {
        wait_a_moment(watched);
        if (has_ended(watched->pid, &status))
            return;
    }
    kill(watched->pid, SIGKILL);
}

static double processor_seconds(void)
{
    struct rusage use;
    getrusage(RUSAGE_CHILDREN, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / G_USEC_PER_SEC;
}

static bool start(const struct job_process *process, struct watched *watched)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    watched->words = ends[0];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    watched->pid = fork();
    if (watched->pid == 0)
        be_the_grader(process, ends[1]);
    close(ends[1]);
    return watched->pid > 0;
}

/* What is told of an engine that has ended before this began? That it has. */
static bool open_watches(const struct job_process *process, struct watched *watched)
{
    const sigset_t set = asking();
    watched->asked = signalfd(-1, &set, SFD_CLOEXEC);
    if (process->engine > 0)
        watched->engine = (int)syscall(SYS_pidfd_open, process->engine, 0);
    return watched->asked >= 0 && (process->engine <= 0 || watched->engine >= 0 || errno == ENOSYS);
}

void job_process_run(const struct job_process *process, struct job_ended *ended)
{
    struct watched watched = {.pid = -1, .words = -1, .asked = -1, .engine = -1};
    watched.said = g_string_new(NULL);
    const double began = now();
    *ended = (struct job_ended){.end = JOB_NOT_STARTED, .status = -1};
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!open_watches(process, &watched) || !start(process, &watched)) {
        g_string_append_printf(watched.said, "the grader can't be started: %s", strerror(errno));
        if (errno == ESRCH)
            ended->end = JOB_INTERRUPTED;
    } else {
        const int asked = watched.asked, engine = watched.engine;
        ended->end = watch(&watched, process->seconds, &ended->status);
        if (ended->end != JOB_EXITED)
            end_it(&watched);
        process_tree_kill(0);
        take_words(&watched);
        close(asked);
        if (engine >= 0)
            close(engine);
    }
    if (watched.words >= 0)
        close(watched.words);
    ended->words = text_clean(watched.said->str, watched.said->len, MOST_WORDS);
    ended->wall_seconds = now() - began;
    ended->processor_seconds = processor_seconds();
    g_string_free(watched.said, TRUE);
}
