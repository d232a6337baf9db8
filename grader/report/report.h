/*
 * The reports of a grade, for four kinds of readers. All text that a submission
 * can influence is cleaned and escaped.
 */
#ifndef GRADER_REPORT_REPORT_H
#define GRADER_REPORT_REPORT_H

#include "grader/grade/grade.h"

#include <stdio.h>

/* For whoever sits before the terminal: the total first, then tiers and checks, then what
 * failed and why. colour: with escape sequences. */
void report_terminal(const struct grade *grade, FILE *to, bool colour);

/* Gradescope's results.json. A new string. */
char *report_json(const struct grade *grade);

/* report.md: GitHub's Markdown; pictures by file name. */
GString *report_markdown(const struct grade *grade);

/* report.html from the Markdown: one file, with the pictures of `folder` inside. A new string. */
char *report_html(const char *markdown, const char *folder, const char *title);

/* Writes results.json, report.md, report.html and the pictures to the folder of the grade. Returns
 * whether all reports could be written; in error a line for each file that could not, also for
 * pictures, which the HTML has anyway. */
bool report_write(const struct grade *grade, GString *error);

/* ---- shared by the reports ------------------------------------------------------------ */

/* "5.80 of 5.80 judged points, 1.20 not yet judged, and bonus 1.00 of 2.00": the score in one
 * line. A new string. */
char *report_score(const struct grade *grade);
/* "0.30 of 1.00 points", "0.30 of 0.80 judged points, 0.20 not yet judged", or "bonus 0.50 of 2.00,
 * on top". A new string. */
char *report_tier_points(const struct grade *grade, int tier);
/* Is it a failure that its reader should be told about in full? */
bool report_needs_details(const struct check_result *result);
/* The details of a check in Markdown: explanation, mistake, look, commands; where another check tells
 * the cause, what this one saw and a pointer there. */
void report_details(GString *markdown, const struct grade *grade,
                    const struct check_result *result);

/* The causes of all failures as a numbered list, each with what it explains and where to look: in
 * Markdown and, in plain text, for a terminal of so many columns. Nothing if there are none, or all of
 * the work is still to be done (begin_here). */
void report_causes(GString *markdown, const struct grade *grade);
void report_causes_plain(GString *text, const struct grade *grade, int width);
/* What was seen in a check in one line of plain text; of a failure, which cause it has. A new string. */
char *report_seen(const struct grade *grade, const struct check_result *result);
/* "judged with the course's own files of example", with names in quotes of a kind, if they stood in when it ran
 * (needs.h): a new string; else NULL. */
char *report_instead(const struct grade *grade, const struct check_result *result,
                     const char *quote);
/* Does another check tell the cause of this one's failure? */
bool report_is_told_elsewhere(const struct grade *grade, const struct check_result *result);

#endif
