/*
 * What the grader is doing right now, on standard error: on a terminal one line that is written again and again, with
 * the time that is left; else a few lines in all.
 */
#ifndef GRADER_GRADE_PROGRESS_H
#define GRADER_GRADE_PROGRESS_H

#include "grader/grade/grade_state.h"

struct grade_progress {
    bool quiet;
    bool terminal;
    int done;
    int all;
    int states[STATE_FOR_A_PERSON + 1]; /* how many of those that are done are in which */
    double work_done, work;             /* what checks may take, by the rubric */
    gint64 began;
    const char
        *of; /* the assignment whose checks they are, if it is not the graded one; else NULL */
};

struct grade_progress grade_progress_begin(bool quiet);
/* A check that will be worked on: before the first of them is done. */
void grade_progress_add(struct grade_progress *progress, const struct rubric_check *check);
/* running: names of what runs now, "gradients (run 2 of 3), …". */
void grade_progress_update(const struct grade_progress *progress, const char *running);
void grade_progress_check_done(struct grade_progress *progress, const struct check_result *result);
void grade_progress_end(const struct grade_progress *progress);

/* Seconds that are left, by those that the work so far took; below 0: not known yet. */
double grade_progress_left(const struct grade_progress *progress, double elapsed);

#endif
