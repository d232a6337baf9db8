/*
 * Checkpoints of steps 2 and 4, of a run of 6 steps on 2 ranks: made once for a test case, and each of its tests has a
 * copy in a folder of its own.
 */
#ifndef TESTS_SUPPORT_TWO_CHECKPOINTS_H
#define TESTS_SUPPORT_TWO_CHECKPOINTS_H

#include "tests/support/resumed.h"

#include <check.h>

#define TWO_CHECKPOINTS_PROGRAM "common/tests/programs/sharded"
#define TWO_CHECKPOINTS_OPTIONS                                                                    \
    "--data synthetic --batch 16 --micro-batches 4 --model mlp:depth=2,width=24 "

/* The copy of the test that runs. */
extern struct resumed two_checkpoints;

void two_checkpoints_for(TCase *tests);
/* Runs a command of the shell in the folder of the copy's checkpoints; it must end well. Empty: nothing. */
void two_checkpoints_command(const char *command);

#endif
