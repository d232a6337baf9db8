/*
 * answers.md: a Markdown file with a section per question.
 *
 *     # Any title
 *     ## Q1: any words
 *     The answer, with headings of its own.
 *     ## How it works
 *
 * The section of a question begins with a heading that begins with its name, in
 * letters of any case; of several the highest counts, and of those the first. It
 * ends before the next heading that is as high, and before the section of another
 * question. What looks like a heading inside of a code block is none.
 */
#ifndef GRADER_ANSWERS_ANSWERS_H
#define GRADER_ANSWERS_ANSWERS_H

#include <glib.h>
#include <stdbool.h>

struct answers; /* the parsed file */

/* questions: of char *, the names whose sections end another (rubric_questions); NULL: none are known.
 * NULL, with the cause in error ("is not UTF-8 …"), if it is no text. */
struct answers *answers_parse(const char *text, gsize length, const GPtrArray *questions,
                              GString *error);
/* FOLDER/answers.md. NULL, and an error of one line, if there is none, or it is too large or no text. */
struct answers *answers_read(const char *folder, const GPtrArray *questions, GString *error);
void answers_free(struct answers *answers); /* NULL is allowed */

/* ---- headings ---------------------------------------------------------------------------- */

struct answers_heading {
    char *text;          /* without its marks */
    int level;           /* 1: the highest */
    int line;            /* from 1 */
    bool begins_section; /* of a question */
};

/* All of them, in the file's order; they stay the answers'. */
const struct answers_heading *answers_headings(const struct answers *answers, int *count);
/* Which of them begins the section of that name; -1: none. */
int answers_find(const struct answers *answers, const char *name);
/* Does the heading name it? "Q10" does not begin with Q1. */
bool answers_heading_names(const struct answers_heading *heading, const char *name);

/* The Markdown of a section, as it stands in the file, without its heading and without blank lines
 * around it. A new string. */
char *answers_source(const struct answers *answers, int heading);

/* ---- what stands below a heading ------------------------------------------------------------ */

/* The plain text of a section, one line per line of the source, without tables, code blocks and
 * comments. A new string; NULL if there is no such section. */
char *answers_text(const struct answers *answers, const char *name);

/* What stands behind `label` in the first line of that text that begins with it ("Answer:"). A
 * new string; NULL if there is no such line. */
char *answers_line(const struct answers *answers, const char *name, const char *label);

/* The first table of a section: rows (each a GPtrArray of char *), the header first. NULL if there
 * is none. Free with g_ptr_array_unref. */
GPtrArray *answers_table(const struct answers *answers, const char *name);

enum answers_state {
    ANSWERS_WRITTEN,
    ANSWERS_EMPTY,     /* nothing but the question is there */
    ANSWERS_UNREADABLE /* there is no such section, no file, or it is no text */
};

/* For the questions that a person judges: are there more words in the section than in that of the
 * template, the folder of the untouched answers.md? Where none can be read there, or it is the same file, the
 * question is a first paragraph that ends with a question mark; without one, more words than a question has are an
 * answer. what: a line to show ("213 words, …", "nothing is written …"), or why the section can't be read. */
enum answers_state answers_written(const char *folder, const char *template, const char *name,
                                   const GPtrArray *questions, GString *what);

#endif
