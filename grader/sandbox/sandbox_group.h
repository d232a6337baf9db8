/*
 * A control group of the kernel's, which holds the memory of one command: also what no process has
 * mapped (memfd, System V segments, files in memory, the buffers of pipes and sockets).
 *
 * One can be made as root, in the memory controller of version 1 or 2, unless a container forbids it;
 * and as an ordinary user where systemd or an administrator has handed a group on ("delegated").
 */
#ifndef GRADER_SANDBOX_SANDBOX_GROUP_H
#define GRADER_SANDBOX_SANDBOX_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sandbox_group;

/* "control group, version 1", or 2; NULL: none can be made here. Tried once, and what graders left that
 * were killed is removed then. */
const char *sandbox_group_kind(void);

/* A new group in which no more than `limit` bytes can be held; the kernel ends who wants more. NULL:
 * none can be made. */
struct sandbox_group *sandbox_group_new(size_t limit);
/* fork(), with the child in the group; of NULL: fork(). A child that can't join says so to the descriptor
 * `complaints` and ends. */
pid_t sandbox_group_fork(const struct sandbox_group *group, int complaints);
/* Bytes of memory and of files in memory. What the kernel can take back (its cache of files on a disk)
 * is not in it. */
size_t sandbox_group_memory(const struct sandbox_group *group);
/* How many of its processes has the kernel ended for want of memory, of the group's or the machine's? */
unsigned long sandbox_group_ended(const struct sandbox_group *group);
/* Has it ended one because the group reached its limit? */
bool sandbox_group_was_full(const struct sandbox_group *group);
/* Ends what still runs in it, and removes it. May be NULL. */
void sandbox_group_free(struct sandbox_group *group);

#endif
