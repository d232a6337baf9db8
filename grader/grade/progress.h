/*
 * What the grader is doing right now, on standard error: one line that is
 * written again and again on a terminal, else a line per finished check.
 */
#ifndef GRADER_GRADE_PROGRESS_H
#define GRADER_GRADE_PROGRESS_H

#include "grader/grade/grade.h"

struct grade_progress {
    bool quiet;
    bool terminal;
    int done;
    int all;
    gint64 began;
    const char
        *of; /* the assignment whose checks they are, if it is not the graded one; else NULL */
};

struct grade_progress grade_progress_begin(int all, bool quiet);
/* running: names of what runs now, "gradients (run 2 of 3), …". */
void grade_progress_update(const struct grade_progress *progress, const char *running);
void grade_progress_check_done(struct grade_progress *progress, const struct check_result *result);
void grade_progress_end(const struct grade_progress *progress);

#endif
