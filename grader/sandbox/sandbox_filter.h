/*
 * Which system calls the kernel refuses to what runs in the sandbox (seccomp).
 */
#ifndef GRADER_SANDBOX_SANDBOX_FILTER_H
#define GRADER_SANDBOX_SANDBOX_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

/* The filter for a command in name spaces of its own, or for one that shares the machine's. Made once;
 * NULL where this kernel has none, or no memory for it. */
const struct sock_fprog *sandbox_filter(bool isolated);

/* For the child, which has given up privileges: from here on it holds. False: errno says why. */
bool sandbox_filter_load(const struct sock_fprog *filter);

/* For the child: a descriptor from which bubblewrap reads the filter. -1: errno says why. */
int sandbox_filter_file(const struct sock_fprog *filter);

#endif
