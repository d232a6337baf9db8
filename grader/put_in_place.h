/*
 * For make, which builds programs of a submission outside of the grader, and can't do that in any
 * folder: the files as the grader would collect them, under names that make can handle.
 */
#ifndef GRADER_PUT_IN_PLACE_H
#define GRADER_PUT_IN_PLACE_H

#include "grader/submission/collect.h"

#include <stdbool.h>

/* Puts every collected file to `to`/ASSIGNMENT/FILE: a link, so that whoever reads of a line there edits the file
 * that was handed in; of an archive a copy. What is not there any more is removed, what is unchanged
 * stays as old as it is. False, with an error, if it can't, or if C files of the assignment itself
 * are missing or refused. */
bool grader_put_in_place(const struct collection *collection, const char *assignment,
                         const char *to, GString *error);

#endif
