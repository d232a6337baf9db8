/*
 * The judgement that stands before all others: did the runs come to their end?
 */
#ifndef GRADER_GRADE_UNFINISHED_H
#define GRADER_GRADE_UNFINISHED_H

#include "grader/verdict/judge.h"

/* For every outcome that did not finish (or was refused): who was where, in which call, with
 * peer, tag and source line, and what kind of end it was. Returns true and leaves the verdict
 * alone if all runs finished. */
bool grade_all_finished(const struct judgement *judgement, struct verdict *verdict);

/* Was the work done in all runs, as far as their assignment can say (work_is_sound)? A pass, or what was not. */
void grade_judge_work(const struct judgement *judgement, struct verdict *verdict);

/* Did a run end at something that is still to be written? Then true, and what it printed of that: "example/average.c:31"
 * and "find the mean", new strings. */
bool grade_find_todo(const struct outcome *outcome, char **where, char **what);
/* Sets the verdict to a failure that says so. */
void grade_tell_todo(const char *where, const char *what, struct verdict *verdict);

#endif
