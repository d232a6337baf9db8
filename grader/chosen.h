/*
 * Which checks are graded: --check.
 */
#ifndef GRADER_CHOSEN_H
#define GRADER_CHOSEN_H

#include "grader/arguments.h"
#include "grader/rubric/rubric.h"

/* Does somebody only want to know which checks there are? */
bool grader_is_to_list(const struct arguments *arguments);
/* Prints them. False, after a message, if the rubric can't be read. */
bool grader_list(const struct arguments *arguments);

/* The names of the chosen checks as grade_run takes them, "NAME,NAME", in *only; NULL: all. Prints which they
 * are where they were not named one by one. *only: a new string. False, and an error: what was named is nothing
 * of this rubric. */
bool grader_choose(const struct arguments *arguments, const struct rubric *rubric, char **only,
                   GString *error);

#endif
