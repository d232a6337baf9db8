/*
 * Which system calls the kernel refuses to what runs in the sandbox (seccomp).
 */
#ifndef GRADER_SANDBOX_SANDBOX_FILTER_H
#define GRADER_SANDBOX_SANDBOX_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

/* The filter for a command in name spaces of its own, or for one that shares the machine's; made once. *filter
 * NULL: this kernel has none. False: it can't be made now, and errno says why. */
bool sandbox_filter(bool isolated, const struct sock_fprog **filter);

/* For the child, which has given up privileges: from here on it holds. False: errno says why. */
bool sandbox_filter_load(const struct sock_fprog *filter);

/* For the child: a descriptor from which bubblewrap reads the filter. -1: errno says why. */
int sandbox_filter_file(const struct sock_fprog *filter);

#endif
