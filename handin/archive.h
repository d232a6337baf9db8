/*
 * The archive of what is handed in: NAME.tar.gz with ASSIGNMENT/FILE in it, and
 * ANOTHER/FILE of each assignment that is used: unpacked, it is a submission.
 *
 * The same files make the same bytes: sorted names, times 0, owner 0.
 */
#ifndef HANDIN_ARCHIVE_H
#define HANDIN_ARCHIVE_H

#include "handin/handed_in.h"

/* Writes the archive with the program `tar` (GNU tar). False and a line in problems if that
 * does not work. */
bool archive_write(const struct handed_in *handed_in, const char *assignment, const char *path,
                   GString *problems);

#endif
