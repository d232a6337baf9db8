/*
 * Where a run's data set is not here, other data may decide in its place (the rubric's `otherwise`). Whoever
 * reads the report sees which: in the check's title, in what was seen, and in the pictures.
 */
#ifndef GRADER_GRADE_DATA_INSTEAD_H
#define GRADER_GRADE_DATA_INSTEAD_H

#include "grader/rubric/rubric.h"

/* What the run is meant for, and what decides in its place, as people write them. False if its own data
 * decides, or nothing can. */
bool data_instead(const struct rubric_run *run, const char **meant, const char **used);
/* The same of any run of a check; the first that there is. */
bool data_instead_of_check(const struct rubric_check *check, const char **meant, const char **used);

/* Titles that name data which is not here name what decides, too: "Fashion-MNIST in place of CIFAR-10: …". */
void data_instead_titles(struct rubric *rubric);

#endif
