/*
 * Counting the memory of processes where no control group does it, and what is left of the machine's.
 */
#ifndef GRADER_SANDBOX_SANDBOX_MEMORY_H
#define GRADER_SANDBOX_SANDBOX_MEMORY_H

#include <glib.h>
#include <sys/types.h>

/* Bytes that the processes hold: what they have mapped, files in memory that only a descriptor holds
 * (memfd), System V segments, attached or not, and the private /tmp and /dev/shm. Everything counts
 * once. Where that is more than `enough`, it is exact; else it may be less than what is returned. */
size_t sandbox_memory_counted(const GArray *pids, size_t enough);

/* Bytes on the disk `device` of files that have no name any more, so that no folder shows them, but are
 * still open. */
size_t sandbox_nameless_bytes(const GArray *pids, dev_t device);

/* Bytes that this process and its children could still get: of the machine, or of the control groups
 * that it was put into. */
size_t sandbox_memory_left(void);

/* How many processes the kernel has ended since the machine started, because memory was full. */
unsigned long sandbox_ended_by_kernel(void);

#endif
