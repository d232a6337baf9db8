/*
 * What a run is started with: its arguments on this machine, the words of the program, and the commands that repeat
 * it.
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

/*
 * Lines to be pasted into a shell in the kit's folder; new strings.
 */

/* "make WHAT ASSIGNMENT=… SUBMISSION=… DEVICE=…", to go on with; without what make takes itself where nobody said
 * otherwise: the assignment that the kit (NULL: none) names, and the skeleton. submission, device: NULL: not said. */
GString *runner_make_words(const char *kit, const char *what, const char *assignment,
                           const char *submission, const char *device);
/* "make grade … CHECK=… SEED=… CASE=…": makes the runs of runner->check again, all with that seed, and judges them. */
char *runner_command(const struct runner *runner, uint64_t seed);
/* "make train …", or "make simulate …": the run alone, whose evidence goes to a folder of the kit's. */
char *runner_by_hand(const struct runner *runner, const struct rubric_run *run,
                     const char *arguments, uint64_t seed);
/* One that lets both sanitizers look at it, on this computer; NULL: that is what was run. */
char *runner_sanitized_command(const struct runner *runner, const struct rubric_run *run,
                               const char *arguments, uint64_t seed);

#endif
