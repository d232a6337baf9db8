/*
 * All processes that descend from one: counting them, their end.
 */
#ifndef GRADER_SANDBOX_PROCESS_TREE_H
#define GRADER_SANDBOX_PROCESS_TREE_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* The process ids of all descendants of `root`, root not among them. At most 4096. */
GArray *process_tree(pid_t root);

/* The same for who looks often: what it costs depends on the tree alone, not on what else the machine runs. One whose
 * parent or neighbour ends meanwhile may be missing, until the next look. */
GArray *process_tree_at_a_glance(pid_t root);

/* Ends all descendants of this process and collects them; it must be a subreaper, so that
 * none can escape by losing its parent. As root, everything that runs as `user` ends, too
 * (pass 0 or the grader's own user for none). */
void process_tree_kill(uid_t user);

/* Threads of a user on the whole machine, for limits that count them. */
int process_count_threads(uid_t user);

/* How many threads want each core right now (at least 1), of the machine or of what a container lends of it: so many
 * times slower does everything run as on an idle machine. */
double process_crowding(void);

#endif
