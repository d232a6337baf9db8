/*
 * The reports of a grade, for four kinds of readers. All text that a submission
 * can influence is cleaned and escaped.
 */
#ifndef GRADER_REPORT_REPORT_H
#define GRADER_REPORT_REPORT_H

#include "grader/grade/grade.h"

#include <stdio.h>

#define REPORT_WIDTH 96 /* columns of a page, where the terminal is as wide */

struct report_screen {
    bool colour;       /* with escape sequences */
    int width;         /* columns */
    const char *whole; /* the path of the whole report, to point to; NULL: there is none */
};

/* For whoever sits before the terminal, who reads from the end: first tiers and checks, then what to mend, and last
 * the score and the one thing to do next. One or two screens: the rest is in the report. */
void report_terminal(const struct grade *grade, FILE *to, const struct report_screen *screen);

/* Gradescope's results.json. A new string. */
char *report_json(const struct grade *grade);

/* record.json: all of it, for programs that look at many grades (report_record.c). A new string. */
char *report_record(const struct grade *grade);

/* report.md: GitHub's Markdown; pictures by file name. */
GString *report_markdown(const struct grade *grade);

/* report.html: one file, with the pictures of `folder` inside, no script, and nothing from elsewhere. A new string. */
char *report_html(const struct grade *grade, const char *folder);

/* Writes results.json, record.json, report.md, report.html and the pictures to the folder of the grade. Returns
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
/* "0.10 of 0.30", or "- of 0.30" of what is not judged, which costs nothing. A new string. */
char *report_check_points(const struct check_result *result);
/* Is it a failure that its reader should be told about in full? */
bool report_needs_details(const struct check_result *result);
/* The details of a check in Markdown: explanation, mistake, look, commands; where another check tells
 * the cause, what this one saw and a pointer there. */
void report_details(GString *markdown, const struct grade *grade,
                    const struct check_result *result);

/* What to do next, Markdown with its one command. A new string. */
char *report_next_markdown(const struct grade *grade);
/* Has a check more to say than its row in the table? What is not yet written is told once, with its TODO. */
bool report_has_details(const struct check_result *result);
/* All that a report says of such a check, with its pictures: Markdown. */
void report_check(GString *markdown, const struct grade *grade, const struct check_result *result);
/* Has the compiler said something of a file that no check tells? */
bool report_shows_compiler(const struct grade *grade, const struct built_file *file);
/* Did all its runs come to their end? */
bool report_all_runs_ended(const struct check_result *result);
/* "None of its 30 checks is written yet.", of a bonus tier that nobody has begun; else NULL. A new string. */
char *report_tier_in_one_line(const struct grade *grade, int tier);
/* All runs, as the rows of a table in Markdown, with its head. */
void report_runs(GString *markdown, const struct grade *grade);

/* The causes of all failures as a numbered list in Markdown, each with what it explains and where to look. Nothing if
 * there are none. */
void report_causes(GString *markdown, const struct grade *grade);
/* Of one cause, in plain text, new strings: "MISTAKE: what was seen"; "This explains no_luck and own_stage (0.30
 * points)." with names in quotes of a kind; "Look at this: …", empty if nothing is known. */
struct cause;
char *report_cause_wrong(const struct cause *cause);
char *report_cause_explains(const struct cause *cause, const char *quote);
char *report_cause_look(const struct cause *cause);

/* The compiler's first error, "lesson/a.c:3:5: error: …", in an explanation: a new string; NULL: there is none. */
char *report_first_error(const char *explanation);

/* What to do next, after any grade: one sentence or two of plain text, a new string. *command: the one command that
 * belongs to it, to be pasted, a new string. */
char *report_next(const struct grade *grade, char **command);
/* What was seen in a check in one line of plain text; of a failure, which cause it has. A new string. */
char *report_seen(const struct grade *grade, const struct check_result *result);
/* "judged with the course's own files of example", with names in quotes of a kind, if they stood in when it ran
 * (needs.h): a new string; else NULL. */
char *report_instead(const struct grade *grade, const struct check_result *result,
                     const char *quote);
/* Does another check tell the cause of this one's failure? */
bool report_is_told_elsewhere(const struct grade *grade, const struct check_result *result);

#endif
