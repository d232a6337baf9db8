/*
 * The limits on resources that the grader and the sandboxes below it inherit. Each is raised as far as
 * it may be; what then is still too low is refused here, because further down it would look like a
 * fault of the compiler's or of the submission's.
 */
#include "grader/workplace/workplace.h"

#include "grader/sandbox/process_tree.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB ((rlim_t)1 << 20)

/* Threads of one grade at its largest: two sandboxes (grade.c), each with a run of 16 ranks, that have
 * about four threads, and what starts them. */
#define THREADS 256

struct limit {
    int which;
    const char *what, *option; /* of ulimit */
    rlim_t needed;
    rlim_t unit; /* of ulimit, … */
    const char *unit_name;
    bool of_memory; /* libraries need it when they are loaded: these come first */
};

static const struct limit limits[] = {
    /* The sandbox bounds memory by what is used; what is only reserved is a multiple of that. */
    {RLIMIT_AS, "address space", "-v", 2048 * MIB, 1024, " KiB", true},
    {RLIMIT_DATA, "data", "-d", 2048 * MIB, 1024, " KiB", true},
    {RLIMIT_STACK, "the stack", "-s", 8 * MIB, 1024, " KiB", true},
    {RLIMIT_FSIZE, "the size of files", "-f", 64 * MIB, 1024, " KiB", false},
    {RLIMIT_CPU, "processor time", "-t", 300, 1, " seconds", false},
    {RLIMIT_NOFILE, "open files", "-n", 1024, 1, "", false},
    {RLIMIT_NPROC, "processes", "-u", THREADS, 1, "", false},
};

/* The stack's size is where others lie in memory and how large threads' stacks are: so much is usual. */
static rlim_t wanted(const struct limit *limit)
{
    return limit->which == RLIMIT_STACK ? limit->needed : RLIM_INFINITY;
}

/* As high as it goes: root may lift it, others go up to where they may. */
static void lift(const struct limit *limit, rlim_t needed)
{
    struct rlimit now;
    if (getrlimit(limit->which, &now) != 0)
        return;
    const rlim_t hard = MAX(now.rlim_max, needed);
    rlim_t soft = MIN(hard, wanted(limit));
    soft = MAX(soft, now.rlim_cur);
    if (setrlimit(limit->which, &(struct rlimit){.rlim_cur = soft, .rlim_max = hard}) != 0)
        setrlimit(limit->which,
                  &(struct rlimit){.rlim_cur = MIN(soft, now.rlim_max), .rlim_max = now.rlim_max});
}

/* NULL, or what is too low, in a text that the next call overwrites: GLib can't be used yet when the
 * limits on memory are looked at. */
static const char *lack_of(const struct limit *limit, rlim_t needed)
{
    static char text[600];
    struct rlimit now;
    lift(limit, needed);
    if (getrlimit(limit->which, &now) != 0 || now.rlim_cur >= needed)
        return NULL;
    snprintf(text, sizeof text,
             "the limit on %s (ulimit %s) is %llu%s here, and grading needs %llu%s: grade in a new "
             "shell where no `ulimit %s` was typed; if it is as low there, whoever runs this "
             "computer can raise it (/etc/security/limits.conf, or the batch system's job)",
             limit->what, limit->option, (unsigned long long)(now.rlim_cur / limit->unit),
             limit->unit_name, (unsigned long long)(needed / limit->unit), limit->unit_name,
             limit->option);
    return text;
}

void workplace_raise_memory(void)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0] && limits[i].of_memory; i++) {
        const char *lack = lack_of(&limits[i], limits[i].needed);
        if (!lack)
            continue;
        dprintf(STDERR_FILENO, "grade: %s\n", lack);
        _exit(1);
    }
}

bool workplace_raise_limits(GString *error)
{
    for (guint i = 0; i < G_N_ELEMENTS(limits); i++) {
        /* Whoever is not root shares the processes of one user with the sandbox. */
        const bool is_shared = limits[i].which == RLIMIT_NPROC && geteuid() != 0;
        const rlim_t running = is_shared ? (rlim_t)process_count_threads(geteuid()) : 0;
        const char *lack = lack_of(&limits[i], limits[i].needed + running);
        if (!lack)
            continue;
        g_string_append(error, lack);
        return false;
    }
    return true;
}
