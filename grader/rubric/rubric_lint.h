/*
 * What a rubric must keep to beyond its form; rubric_load calls it.
 */
#ifndef GRADER_RUBRIC_RUBRIC_LINT_H
#define GRADER_RUBRIC_RUBRIC_LINT_H

#include "grader/rubric/rubric.h"

/* Appends one line "PATH:LINE: …" per fault to errors. */
void rubric_lint(const struct rubric *rubric, const char *path, GString *errors);
/* The same of what its checks need of other assignments (rubric_needs.c). */
void rubric_lint_needs(const struct rubric *rubric, const char *path, GString *errors);

/* The rubric of another assignment, beside that of this path. A new string. */
char *rubric_beside(const char *path, const char *assignment);

#endif
