/*
 * What the sandboxed process sets itself before it becomes somebody else. Nothing of that is
 * inherited: whatever the shell set in which somebody grades, a submission gets the same.
 */
#include "grader/sandbox/sandbox_watch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define STACK ((rlim_t)8 << 20)
#define OPEN_FILES                                                                                 \
    ((rlim_t)16384) /* a simulated rank keeps its log open, and there may be a thousand */
#define LOCKED  ((rlim_t)8 << 20)
#define QUEUED  ((rlim_t)800 << 10) /* bytes in message queues */
#define SIGNALS 4096                /* that wait, and timers */

/* Only root may go over the hard limit that it inherits; the grader has looked whether that is enough. */
static bool set_limit(int which, rlim_t soft, rlim_t hard)
{
    struct rlimit inherited;
    if (setrlimit(which, &(struct rlimit){.rlim_cur = soft, .rlim_max = hard}) == 0)
        return true;
    if (getrlimit(which, &inherited) != 0)
        return false;
    hard = MIN(hard, inherited.rlim_max);
    return setrlimit(which, &(struct rlimit){.rlim_cur = MIN(soft, hard), .rlim_max = hard}) == 0;
}

bool sandbox_set_limits(const struct sandbox_limits *limits, rlim_t threads)
{
    const double seconds = limits->cpu_seconds > 0 ? limits->cpu_seconds : 2 * limits->seconds + 2;
    const rlim_t cpu = (rlim_t)seconds + 1;
    /* At the soft limit of processor time comes SIGXCPU, which says why; at the hard one SIGKILL, which
     * doesn't. Memory is watched by what is used. A core of 1 byte is none, and keeps the machine's
     * collector of crashes from being started, which 0 does not. */
    return set_limit(RLIMIT_CPU, cpu, cpu + 2) &&
           set_limit(RLIMIT_FSIZE, limits->file_bytes, limits->file_bytes) &&
           set_limit(RLIMIT_CORE, 1, 1) && set_limit(RLIMIT_NPROC, threads, threads) &&
           set_limit(RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY) &&
           set_limit(RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY) &&
           set_limit(RLIMIT_STACK, STACK, STACK) &&
           set_limit(RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES) &&
           set_limit(RLIMIT_MEMLOCK, LOCKED, LOCKED) &&
           set_limit(RLIMIT_MSGQUEUE, QUEUED, QUEUED) &&
           set_limit(RLIMIT_SIGPENDING, SIGNALS, SIGNALS) && set_limit(RLIMIT_RTPRIO, 0, 0) &&
           set_limit(RLIMIT_NICE, 0, 0);
}

void sandbox_set_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            signal(number,
                   SIG_DFL); /* those of the threads' library can't be set, and need not be */
    umask(022);
}
