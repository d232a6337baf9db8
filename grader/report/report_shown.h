/*
 * What of a grade students may see, and when: a rubric can hide checks from them until the deadline, until grades are
 * published, or for ever (its key `visibility`, in Gradescope's words). A report that is handed out says nothing of what is
 * hidden: neither the check nor its points, nor a cause or a note that names it.
 */
#ifndef GRADER_REPORT_REPORT_SHOWN_H
#define GRADER_REPORT_REPORT_SHOWN_H

#include "grader/grade/grade.h"

enum report_time { REPORT_BEFORE_DUE_DATE, REPORT_AFTER_DUE_DATE, REPORT_PUBLISHED, REPORT_TIMES };

/* May students see it at that time? visibility: as in the rubric. */
bool report_is_shown(const char *visibility, enum report_time time);

/* The file beside report.html that has what they may see then: "report-before-due-date.html", … It is there if it differs
 * from report.html. */
const char *report_shown_file(enum report_time time);

/* The grade with what they may see alone, with causes and notes of its own; results and texts stay the other's. NULL: they
 * may see all of it. The caller frees with report_shown_free. */
struct grade *report_shown(const struct grade *grade, enum report_time time);
void report_shown_free(struct grade *shown);

#endif
