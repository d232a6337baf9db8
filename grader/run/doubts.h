/*
 * Runs that failed in a way that could be the machine's fault. Doubts decide nothing: runner.c asks the
 * workplace's control.
 */
#ifndef GRADER_RUN_DOUBTS_H
#define GRADER_RUN_DOUBTS_H

#include "grader/verdict/judge.h"

/* Could it be the machine's: was there a rank that left no record, a signal that comes from outside or
 * from a full disk, words about what machines lack, no end although all ranks ended? What was stopped at
 * a limit of the sandbox's is not in doubt, nor what came to its end. */
bool doubts_about(const struct outcome *outcome);

/* Was it ended by a signal that no computation raises and the sandbox does not send? */
bool doubts_was_sent_signal(const struct outcome *outcome);
/* printf: how often, the number, its name. */
#define DOUBTS_SENT                                                                                \
    "%s by signal %d (%s), although nothing that the submission calls sends one, and the "         \
    "grader's own control ran; see what ends programs on this computer (a limit on memory, a "     \
    "batch system, a person), and grade again"

/* Did no rank get the GPU? It is taken before the first record, so nothing of the submission's has run by then. */
bool doubts_had_no_device(const struct outcome *outcome);
/* printf: the end of what it printed. */
#define DOUBTS_NO_DEVICE                                                                           \
    "the GPU could not be used, although the grader's own control could use it before and "        \
    "behind: "                                                                                     \
    "%s"

#endif
