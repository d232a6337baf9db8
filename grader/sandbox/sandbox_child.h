/*
 * The process that becomes the command: what it gives up before.
 */
#ifndef GRADER_SANDBOX_SANDBOX_CHILD_H
#define GRADER_SANDBOX_SANDBOX_CHILD_H

#include "grader/sandbox/sandbox.h"

#include <linux/filter.h>
#include <sys/resource.h>

/* Where bubblewrap finds the filter, and where it says that the command has been started and has ended:
 * no output of a command can look like that. */
#define SANDBOX_FILTER_FILE 3
#define SANDBOX_STATUS_FILE 4

struct sandbox_launch {
    GPtrArray *words; /* with NULL at the end, like the next */
    GPtrArray *environment;
    const struct sandbox_command *command;
    bool isolated;                   /* bubblewrap stands before the command, and sets the filter */
    const struct sock_fprog *filter; /* NULL: none */
    rlim_t threads;                  /* of the user on the whole machine */
};

/* For a child of fork(): becomes the command, which writes to `output`. What goes wrong before that goes
 * to `status`, as "sandbox: can't …"; so does bubblewrap's account of the command (JSON). */
_Noreturn void sandbox_child(const struct sandbox_launch *launch, int output, int status);

#endif
