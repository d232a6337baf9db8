/*
 * For whoever writes a rubric: is it without faults, and are the solutions and the mutants those that it speaks of?
 */
#ifndef GRADER_LINT_H
#define GRADER_LINT_H

#include "grader/arguments.h"

#include <stdbool.h>

/* Prints what is wrong with the rubric that the arguments name to standard error; to standard output its table of
 * points, if they ask for that, else how many points it has. Is nothing wrong? */
bool grader_lint(const struct arguments *arguments);

#endif
