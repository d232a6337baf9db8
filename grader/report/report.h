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
/* "0.30 of 1.00 points" or "bonus 0.50 of 2.00, on top". A new string. */
char *report_tier_points(const struct grade *grade, int tier);
/* Is it a failure that its reader should be told about in full? */
bool report_needs_details(const struct check_result *result);
/* The details of a check in Markdown: explanation, mistake, look, commands. */
void report_details(GString *markdown, const struct check_result *result);

#endif
