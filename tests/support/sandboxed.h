/*
 * Shell scripts in the sandbox, with a folder that they may write to and one that
 * they only see.
 */
#ifndef TESTS_SUPPORT_SANDBOXED_H
#define TESTS_SUPPORT_SANDBOXED_H

#include "grader/sandbox/sandbox.h"

extern char *sandboxed_evidence; /* the writable folder; the other is /seen for the script */

/* A fixture. */
void sandboxed_begin(void);
void sandboxed_end(void);

struct sandbox_result sandboxed_script(const char *script, struct sandbox_limits limits);
/* tests/programs/hostile.c of grader/sandbox, which does `what`. */
struct sandbox_result sandboxed_hostile(const char *what, struct sandbox_limits limits);
/* With the usual limits, but for a second only. */
struct sandbox_result sandboxed_short(const char *script);

/* Fails the test if a process is left. */
void sandboxed_nothing_is_left(void);

#endif
