/*
 * The parts of the report for a terminal. It is read from its end: first the tiers, then what to mend, and last the
 * score and what to do next. Whatever is said of several checks is said once.
 */
#ifndef GRADER_REPORT_PAGE_H
#define GRADER_REPORT_PAGE_H

#include "grader/grade/grade_state.h"

struct report_colours {
    const char *bold, *normal;
    const char *state[STATE_FOR_A_PERSON + 1];
};

struct report_page {
    const struct grade *grade;
    GString *text; /* the report so far */
    int width;     /* columns */
    const struct report_colours *colours;
};

/* Between words that must stay in one line; shown as a blank. */
#define REPORT_HELD_BLANK "\xc2\xa0"

/* Appends words behind `first`, which takes so many columns (its colours take none), broken at the page's width; lines
 * from the second on are set in by as much. On a narrow page the words begin on a line of their own. */
void report_page_say(struct report_page *page, const char *first, int columns, const char *words);
/* Appends a line in bold, broken at the page's width. */
void report_page_head(struct report_page *page, const char *line);
/* Appends Markdown as a terminal shows it: without pictures and tables that are too wide for it, without the backslashes that
 * only a renderer needs, and at most so many lines; 0: all. Commands to paste are left out where `commands` is false. */
void report_page_markdown(struct report_page *page, const char *markdown, int most, bool commands);

/* The checks with their points, tier by tier. */
void report_page_tiers(struct report_page *page);
/* What to mend, and the story of the first of it. */
void report_page_causes(struct report_page *page);
/* The compiler's warnings about the submission's files. */
void report_page_warnings(struct report_page *page);

#endif
