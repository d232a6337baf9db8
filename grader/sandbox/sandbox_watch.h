/*
 * What sandbox.c calls: what the child sets itself, and the part that watches a command while it runs.
 */
#ifndef GRADER_SANDBOX_SANDBOX_WATCH_H
#define GRADER_SANDBOX_SANDBOX_WATCH_H

#include "grader/sandbox/sandbox.h"
#include "grader/sandbox/sandbox_group.h"

#include <sys/resource.h>

/* A command that has been started. */
struct sandbox_started {
    pid_t pid;
    int output, status;                /* ends to read from, non-blocking; sandbox_child.h */
    bool isolated;                     /* bubblewrap tells of it in `status` */
    const struct sandbox_group *group; /* its control group, or NULL */
};

/* Waits for the command, and ends it where it breaks a limit. Fills the result. Afterwards nothing of it
 * runs any more. */
void sandbox_watch(const struct sandbox_command *command, const struct sandbox_started *started,
                   struct sandbox_result *result);

/* For the child, before it becomes the command: every limit, and no signal ignored or blocked, whatever
 * it inherits. False, and errno. sandbox_limits.c. */
bool sandbox_set_limits(const struct sandbox_limits *limits, rlim_t threads);
void sandbox_set_signals(void);

#endif
