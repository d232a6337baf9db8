/*
 * What a regrade found, as Markdown for students/ID/regrade-ASSIGNMENT.md, and as text for a terminal.
 */
#ifndef CLASS_REGRADE_REGRADE_REPORT_H
#define CLASS_REGRADE_REGRADE_REPORT_H

#include "class/regrade/regrade_compare.h"

/* New strings. */
char *regrade_markdown(const struct student *student, const struct graded *then,
                       const struct regrade_comparison *comparison, bool accepted);
char *regrade_text(const struct student *student, const struct graded *then,
                   const struct regrade_comparison *comparison);
/* "3 verdicts differ", "no verdict differs". A new string. */
char *regrade_summary(const struct regrade_comparison *comparison);

#endif
