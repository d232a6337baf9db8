/*
 * The part of the sandbox that watches a command while it runs; sandbox.c calls it.
 */
#ifndef GRADER_SANDBOX_SANDBOX_WATCH_H
#define GRADER_SANDBOX_SANDBOX_WATCH_H

#include "grader/sandbox/sandbox.h"

/* Exit status of a child that could not be set up; it printed "sandbox: can't …". */
#define SANDBOX_SETUP_FAILED 120

/* Waits for the command `pid`, whose output comes from the non-blocking descriptor, and ends
 * it where it breaks a limit. Fills the result. Afterwards nothing of it runs any more. */
void sandbox_watch(const struct sandbox_command *command, pid_t pid, int output,
                   struct sandbox_result *result);

#endif
