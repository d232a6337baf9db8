/*
 * The folder that a command could write to: how much is in it, and removing it.
 *
 * Whoever wrote it may have made it difficult: modes of 0, folders in folders deeper than any path,
 * hundreds of thousands of entries, names of any bytes, links to somewhere else. No link is followed, and
 * nothing outside is touched. Folders that can't be looked into are opened (u+rwx).
 */
#ifndef GRADER_SANDBOX_SANDBOX_FOLDER_H
#define GRADER_SANDBOX_SANDBOX_FOLDER_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* Folders in folders; no program of a course nests its files so. */
#define SANDBOX_MOST_DEPTH 64

struct sandbox_folder {
    size_t bytes; /* on the disk */
    int entries;  /* files and folders */
    bool deep;    /* more than SANDBOX_MOST_DEPTH folders in each other */
};

/* What is in a folder and those below it. Stops looking at more than `most` entries, or too deep. */
struct sandbox_folder sandbox_folder_measure(const char *path, int most);

/* Removes what lies at this path, whatever it is. False, and appends what could not be removed, and
 * why; what isn't there is removed. In time that grows with the number of entries, with few descriptors. */
bool sandbox_remove(const char *path, GString *error);

/* Removes from the folders in which everybody may write (/tmp, /var/tmp, /dev/shm) what belongs to a user.
 * A folder that has not changed since then is not gone through. */
void sandbox_remove_of_user(uid_t user, time_t since);

/* Makes a folder one that its owner can look into and change. */
void sandbox_folder_open(const char *path);

/* Does it lie in memory (tmpfs)? Nothing lies at NULL. */
bool sandbox_folder_is_in_memory(const char *path);

#endif
