/*
 * What a run is started with: its arguments on this machine, the words of the program, and the command that repeats
 * it by hand.
 */
#ifndef GRADER_RUN_RUNNER_COMMAND_H
#define GRADER_RUN_RUNNER_COMMAND_H

#include "grader/run/runner.h"

/* The arguments that a run takes on this machine: its own or, where their data set is not installed,
 * its other ones. NULL, with the cause in *missing (to be freed; else it is NULL), if neither
 * will do; *is_wrong (may be NULL): because a data set is not what it should be. */
const char *runner_arguments(const struct rubric_run *run, char **missing, bool *is_wrong);

/* "PROGRAM ARGUMENTS --seed … --quiet", split; to be unref'd. program and evidence: as the program sees them. */
GPtrArray *runner_program_words(const char *program, const char *arguments, const char *evidence,
                                uint64_t seed);

/* "make train …", to be pasted. A new string. */
char *runner_command(const struct runner *runner, const struct rubric_run *run,
                     const char *arguments, uint64_t seed);
/* The same on this computer, where both sanitizers can look at it; NULL: that is what was run. */
char *runner_sanitized_command(const struct runner *runner, const struct rubric_run *run,
                               const char *arguments, uint64_t seed);

#endif
