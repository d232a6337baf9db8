/*
 * What the grader is doing right now, on standard error: one line that is
 * written again and again on a terminal, else a line per finished check.
 */
#ifndef GRADER_PROGRESS_H
#define GRADER_PROGRESS_H

#include "grader/grade.h"

struct progress {
    bool quiet;
    bool terminal;
    int done;
    int all;
    gint64 began;
};

struct progress progress_begin(int all, bool quiet);
/* running: names of what runs now, "afab_gradients (run 2 of 3), …". */
void progress_update(const struct progress *progress, const char *running);
void progress_check_done(struct progress *progress, const struct check_result *result);
void progress_end(const struct progress *progress);

#endif
