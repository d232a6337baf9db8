/*
 * Runs on the simulated cluster: how they ended, and whether to believe it.
 *
 * The simulator's exit status says nothing: 0 after a deadlock, after MPI_Abort.
 * What it printed and what the ranks recorded does. It has defects of its own,
 * which must never be the submission's fault:
 *   - a false deadlock, when it loses a message. A deadlock is believed only if a
 *     replay of what the ranks recorded is stuck in the same calls.
 *   - a call that it does not know. It says so.
 *   - a crash of its own. One is believed only if the same program does not come
 *     to its end on the real machine either.
 */
#ifndef GRADER_RUN_SIMULATION_H
#define GRADER_RUN_SIMULATION_H

#include "grader/sandbox/sandbox.h"
#include "grader/verdict/judge.h"

/* How a simulated run ended by itself, from its logs and from what it printed. */
enum run_end simulation_end(const struct outcome *outcome, const struct sandbox_result *result);

/* Why the run must not count, a new string; NULL if nothing speaks against it. */
char *simulation_defect(const struct outcome *outcome);
/* Did it end in a way that the real machine has to confirm? */
bool simulation_is_doubtful(const struct outcome *outcome);

/* Is a line of the output the simulator's own and says nothing to people who wrote the program? That
 * there was a deadlock tools/simulate says in words. */
bool simulation_is_own_line(const char *line);

/* Is there an smpirun where the sandbox looks for commands? One that can't be started, or not even be
 * looked at, counts: the control tells what is wrong with it. */
bool simulation_is_possible(void);

#endif
