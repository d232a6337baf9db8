/*
 * Which sizes the runs have: the kit's own, those of a year, or those that somebody repeats.
 */
#ifndef GRADER_CASES_H
#define GRADER_CASES_H

#include "grader/arguments.h"
#include "grader/rubric/rubric.h"

/* Puts them into the rubric: --case into the chosen checks ("NAME,NAME"; NULL: all), else those of --year, if there is one. False,
 * and an error. */
bool grader_take_case(const struct arguments *arguments, struct rubric *rubric, const char *only,
                      GString *error);

/* Prints those of --year beside the kit's own. False, after a message. */
bool grader_show_cases(const struct arguments *arguments);

#endif
