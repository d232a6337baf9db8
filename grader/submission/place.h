/*
 * Where the files of a submission are. They belong into SUBMISSION/ASSIGNMENT, and may lie in
 * SUBMISSION itself. People hand them in one folder too deep, in a folder with capitals, or packed: where
 * they are not where they belong, they are looked for below, and taken if there is just one place.
 *
 * No link is followed, but that of the assignment's own folder where it stays inside the submission. Names
 * that begin with a dot, __MACOSX and build are not looked into.
 */
#ifndef GRADER_SUBMISSION_PLACE_H
#define GRADER_SUBMISSION_PLACE_H

#include "grader/rubric/rubric.h"

#include <glib.h>
#include <stdbool.h>

struct place {
    char *folder; /* the assignment's files are in it, if they are anywhere */
    char *beside; /* in it are the folders of the assignments that are used */
    char *note;   /* a sentence for the report, clean text; NULL: all is where it belongs */
    char *wrong;  /* why files are missing, clean text, for behind that; NULL: nothing is known */
    bool unpacked;
};

/* work: a folder of the caller's own, made where there is an archive to unpack; it stays until the files
 * were read, and is the caller's to remove. NULL, with an error, if there is no such submission or its archive
 * can't be unpacked, or a folder not be looked into. */
struct place *place_find(const char *submission, const struct rubric *rubric, const char *work,
                         GString *error);
void place_free(struct place *place);

#endif
