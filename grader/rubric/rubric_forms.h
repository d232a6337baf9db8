/*
 * The text of arguments in which something varies: {12|15|18} (rubric_cases.h explains the form). For the rubric*.c files, and
 * nobody else.
 */
#ifndef GRADER_RUBRIC_RUBRIC_FORMS_H
#define GRADER_RUBRIC_RUBRIC_FORMS_H

#include <glib.h>
#include <stdbool.h>

/* What stands between two braces. */
struct form_part {
    gsize begin, end;        /* where it is: from its { to behind its } */
    char *name;              /* or NULL */
    GPtrArray *alternatives; /* of char * */
};

/* All of a text, in order: struct form_part. NULL, and why in error, where it can't be meant. To be unref'd. */
GArray *rubric_form_parts(const char *text, GString *error);

#endif
