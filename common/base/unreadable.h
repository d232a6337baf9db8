/*
 * Files that are there, and that this machine could not read.
 *
 * A reader that is told "no" by the system notes it here. Whoever judges by what was read can tell then whether
 * something is missing because nobody wrote it, or because it could not be read: no permission, no memory, too
 * many open files, a broken disk. Per process; not for several threads.
 */
#ifndef COMMON_BASE_UNREADABLE_H
#define COMMON_BASE_UNREADABLE_H

/* Notes that a file could not be opened or read, and why (errno); only the first is kept. That it is not there,
 * or is no plain file, is no reason: nothing is noted. errno stays as it is. */
void unreadable_note(const char *path, int number);
/* "PATH can't be read: REASON", to stay until the next unreadable_forget(); NULL: all could be read. */
const char *unreadable_first(void);
void unreadable_forget(void);

#endif
