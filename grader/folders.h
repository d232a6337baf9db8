/*
 * The folders that a grading run works in, and where its reports go.
 */
#ifndef GRADER_FOLDERS_H
#define GRADER_FOLDERS_H

#include "grader/arguments.h"

struct folders {
    char *work;       /* the grader's own: the sandbox's users may pass it */
    char *submission; /* in it: the collected files */
    char *pictures;   /* in it: where pictures are drawn */
    char *out;        /* where the reports go */
};

/* Makes those in work, the workplace's. False, and an error. */
bool folders_make_work(struct folders *folders, const char *work, GString *error);
/* Makes the folder of the reports, and sees whether they can be written there: better known before
 * the work than after it. submission: its name. False, and an error. */
bool folders_make_out(struct folders *folders, const struct arguments *arguments,
                      const char *submission, GString *error);
/* Removes the work, unless it is to be kept. */
void folders_clear(struct folders *folders, bool keep);

#endif
