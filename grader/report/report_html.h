/*
 * The parts of report.html. What they write is HTML; all text that a submission can influence goes through report_html_text or
 * report_html_markdown.
 */
#ifndef GRADER_REPORT_REPORT_HTML_H
#define GRADER_REPORT_REPORT_HTML_H

#include "grader/grade/grade.h"

/* Appends plain text, cleaned and escaped; also for the value of an attribute in "". */
void report_html_text(GString *html, const char *text);

/* Appends Markdown as HTML: raw HTML and dangerous links are left out, the pictures of `folder` stand inside, wide things
 * move in boxes of their own, and headings begin at level `heading`. */
void report_html_markdown(GString *html, const char *markdown, const char *folder, int heading);

/* The same of one line, without a paragraph of its own. */
void report_html_line(GString *html, const char *markdown);

/* The table of a tier's checks; a bonus that nobody has begun is one line. */
void report_html_tier(GString *html, const struct grade *grade, const GPtrArray *todos, int tier);

/* What is still to be written, and what each check has to say: failures open, all else folded. */
void report_html_todos(GString *html, const struct grade *grade, const GPtrArray *todos,
                       const char *folder);
void report_html_details(GString *html, const struct grade *grade, const char *folder);

/* The word and the class of a check's state. */
void report_html_badge(GString *html, const struct check_result *result);

extern const char report_html_style[];
/* What a page begins with, up to its title: it loads nothing from elsewhere and runs no script. */
extern const char report_html_head[];

#endif
