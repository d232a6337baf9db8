/*
 * The command line of build/grade.
 */
#ifndef GRADER_ARGUMENTS_H
#define GRADER_ARGUMENTS_H

#include <glib.h>
#include <stdbool.h>

struct arguments {
    char *submission;
    char *called; /* in commands of reports; NULL: as it is */
    char *assignment;
    char *check; /* as grader_choose reads it; NULL: all */
    char *out;   /* NULL: build/grades/SUBMISSION/ASSIGNMENT in the kit */
    char *kit;
    char *build_folder;
    char *secret;
    char *mutants;
    char *device; /* NULL: cpu */
    char *place;  /* NULL, or: only collect, and put the files here, where make can build them */
    gint64 seed;  /* 0: drawn */
    int year;     /* 0: none */
    char *which;  /* --case: "1-0-2"; NULL: drawn, or the kit's own */
    gboolean cases;
    int jobs;
    gboolean sandbox;
    gboolean lint;
    gboolean table;
    gboolean keep;
    gboolean quiet;
    gboolean svg; /* no PNG beside the pictures that reports show */
};

/* False, after a message, if it is wrong. Defaults are filled in. */
bool arguments_parse(struct arguments *arguments, int *argc, char ***argv);
void arguments_clear(struct arguments *arguments);

/* "cuda" or "emulated"; NULL: programs compute on the processor. */
const char *arguments_gpu(const struct arguments *arguments);
/* Of the assignment's rubric. A new string. */
char *arguments_rubric_path(const struct arguments *arguments);

/* Is there such an assignment? If not, an error that lists those that there are. */
bool grader_has_assignment(const struct arguments *arguments, GString *error);

/* A message of the grader's own on standard error, cleaned. */
void grader_complain(const char *message);

#endif
