/*
 * The command line of build/grade.
 */
#ifndef GRADER_ARGUMENTS_H
#define GRADER_ARGUMENTS_H

#include <glib.h>
#include <stdbool.h>

struct arguments {
    char *submission;
    char *assignment;
    char *check; /* NULL: all */
    char *out;   /* NULL: build/grades/SUBMISSION in the kit */
    char *kit;
    char *build_folder;
    char *secret;
    char *mutants;
    gint64 seed; /* 0: drawn */
    int jobs;
    gboolean lint;
    gboolean keep;
    gboolean quiet;
};

/* False, after a message, if it is wrong. Defaults are filled in. */
bool arguments_parse(struct arguments *arguments, int *argc, char ***argv);
void arguments_clear(struct arguments *arguments);

/* A message of the grader's own on standard error, cleaned. */
void complain(const char *message);

#endif
