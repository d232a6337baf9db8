/*
 * Luck with the size of messages: MPI copies small ones and lets the sender go
 * on. From which size on would a run that came to its end hang, if its messages
 * were not copied? And who would then wait for whom?
 */
#ifndef GRADER_TRACE_LUCK_H
#define GRADER_TRACE_LUCK_H

#include "grader/trace/match.h"
#include "grader/trace/replay.h"
#include "grader/verdict/judge.h"

/* Bytes that a message may have to be copied: Open MPI between processes of one computer (its
 * eager limit over shared memory), and SimGrid (smpi/send-is-detached-thresh). */
#define LUCK_OPEN_MPI_COPIES 4096
#define LUCK_SIMGRID_COPIES  65536

/* The largest size in bytes such that the run hangs if MPI copies only smaller messages; found by
 * replaying with the sizes that occur in the logs. 0: it never hangs for that. */
uint64_t luck_hanging_bytes(const struct log_file *logs, int ranks,
                            const struct matching *matching);

/* Could the run have taken another way, if its messages had been faster or slower? Without a call whose
 * outcome is a matter of timing (a test, a probe, a receive from anybody, a window that is locked, …) every rank does the same
 * whatever its messages' speed, so that the replay of the logs tells all (G. Kahn, The semantics of a
 * simple language for parallel programming, 1974). True, too, of logs that are not complete. */
bool luck_depends_on_timing(const struct log_file *logs, int ranks);

/* "8,192" */
char *luck_number(uint64_t number);
/* What that size means on machines that people use; Markdown, a new string. */
char *luck_explain(uint64_t hanging_bytes);

/* The run as it would have hung: its logs, cut where the replay (of REPLAY_ALL_STEPS) got stuck,
 * and `end` RUN_HUNG. Everything else is still the run's; the caller frees `log` alone. */
struct outcome luck_stuck(const struct outcome *run, const struct replay *replay);

#endif
