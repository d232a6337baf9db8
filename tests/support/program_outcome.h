/*
 * The outcome of a real run of a program, with its options and its logs read as for a judge. Its other evidence is in
 * outcome.folder.
 */
#ifndef TESTS_SUPPORT_PROGRAM_OUTCOME_H
#define TESTS_SUPPORT_PROGRAM_OUTCOME_H

#include "grader/verdict/judge.h"

/* Runs a program (as for test_run_program) with these options; fails the test unless it ends well and
 * its logs can be read. own: the program's own options, which must stay as they are. */
struct outcome program_outcome(bool simulated, int ranks, const char *program,
                               const struct own_options *own, const char *options);
/* Removes the folder, too. */
void program_outcome_clear(struct outcome *outcome);

#endif
