/*
 * Files that are not there, and others that look as if they were meant: "train (1).c", "Train.c",
 * "train.c.txt", "Copy of train.c". None is taken for the other: a second copy may be an older one, and
 * whoever handed in both knows which is meant. The report names both.
 */
#ifndef GRADER_SUBMISSION_LOOK_ALIKE_H
#define GRADER_SUBMISSION_LOOK_ALIKE_H

#include <glib.h>
#include <stdbool.h>

/* Do the names differ only by what copying, downloading, an editor or another system adds or changes? */
bool look_alike(const char *name, const char *wanted);

/* The first name of a file in the open folder that looks alike, clean text, a new string; NULL: there is none. */
char *look_alike_find(int folder, const char *wanted);

#endif
