/*
 * Where the kernel shows control groups of memory, and which this process is in.
 */
#ifndef GRADER_SANDBOX_SANDBOX_GROUP_PLACE_H
#define GRADER_SANDBOX_SANDBOX_GROUP_PLACE_H

#include <stddef.h>

struct sandbox_group_place {
    int version; /* of control groups, 1 or 2; 0: there are none */
    char *own;   /* the folder of this process's group; NULL: none */
    char *top;   /* `own` is in it, or is it: the group of the whole machine or container */
    char *path;  /* the folder in which a new group can be made, if it may; NULL: none */
};

/* Looked for once. GRADER_NO_CONTROL_GROUPS, for tests of the way without: no path. */
const struct sandbox_group_place *sandbox_group_place(void);

/* The same in texts like those of /proc/self/cgroup and /proc/self/mountinfo. What is in it is the
 * caller's, to free with sandbox_group_place_clear. */
struct sandbox_group_place sandbox_group_place_in(const char *groups, const char *mounts);
void sandbox_group_place_clear(struct sandbox_group_place *place);

/* The number behind "name " in a file of this folder, or with NULL the first. "max" is SIZE_MAX; what
 * is not there is 0. */
size_t sandbox_group_field(int folder, const char *file, const char *name);

/* Bytes that the tightest of the groups `own` to `top` has still room for; SIZE_MAX: none is limited. */
size_t sandbox_group_room_in(const struct sandbox_group_place *place);

#endif
