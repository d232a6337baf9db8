/*
 * What a rubric must keep to beyond its form; rubric_load calls it.
 */
#ifndef GRADER_RUBRIC_RUBRIC_LINT_H
#define GRADER_RUBRIC_RUBRIC_LINT_H

#include "grader/rubric/rubric.h"

/* Appends one line "PATH:LINE: …" per fault to errors. */
void rubric_lint(const struct rubric *rubric, const char *path, GString *errors);

#endif
