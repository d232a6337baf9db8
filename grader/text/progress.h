/*
 * How far something is that takes its time, on standard error, with the time that is left:
 *
 *     planning: 3 of 12 done, about 14 s left (the second)
 *
 * On a terminal one line, written over and over and gone at the end; elsewhere a line every ten seconds.
 *
 *     struct text_progress progress = text_progress_begin("planning", 12);
 *     for each: text_progress_next(&progress, name), …, text_progress_done(&progress)
 *     text_progress_end(&progress);
 */
#ifndef GRADER_TEXT_PROGRESS_H
#define GRADER_TEXT_PROGRESS_H

#include <glib.h>
#include <stdbool.h>

struct text_progress {
    const char *what;
    int all, done;
    bool terminal;
    bool shown;         /* a line stands on the terminal */
    gint64 began, told; /* g_get_monotonic_time() */
};

/* what: stays the caller's, and valid until the end. */
struct text_progress text_progress_begin(const char *what, int all);
/* What is worked on now. NULL: what has no name. */
void text_progress_next(struct text_progress *progress, const char *name);
/* One more is done. */
void text_progress_done(struct text_progress *progress);
/* Before something else is printed: leaves the terminal's line free. */
void text_progress_clear(struct text_progress *progress);
void text_progress_end(struct text_progress *progress);

/* "14 s", "2 min 05 s", "3 h 10 min"; a new string. */
char *text_duration(double seconds);

#endif
