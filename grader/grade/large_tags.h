/*
 * Tags that this MPI takes and another need not: every MPI takes 0 to 32,767, Open MPI more. It costs no
 * points, and is said once in a grade.
 */
#ifndef GRADER_GRADE_LARGE_TAGS_H
#define GRADER_GRADE_LARGE_TAGS_H

#include "grader/verdict/judge.h"

#define LARGE_TAGS_ABOVE 32767 /* MPI 4.0, 8.1.2: MPI_TAG_UB is at least this */

/* In the worker: the largest tag above that in the runs; 0: there is none. *call becomes who used it,
 * "MPI_Isend at step.c:12 (take_step)"; a new string, or NULL. */
int large_tags_find(const struct outcome *outcomes, int count, char **call);

#endif
