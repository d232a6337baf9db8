/*
 * The instructor's secret: from it seeds and the sizes of runs are drawn. For a year it is another one, HMAC-SHA256(secret,
 * "year 2026"), so that nothing of one year helps in the next, with one secret for good.
 */
#ifndef GRADER_SUBMISSION_SECRET_H
#define GRADER_SUBMISSION_SECRET_H

#include <glib.h>
#include <stdbool.h>

struct secret {
    char *bytes;
    gsize length;
    int year; /* 0: none, and sizes are the kit's own */
};

/* path: a file, or NULL for the kit's public secret, which has no years. False, and an error that says what to do, if it
 * can't be read or is empty. */
bool secret_read(struct secret *secret, const char *path, int year, GString *error);
void secret_clear(struct secret *secret);

#endif
