/*
 * answers.md, as a list of sections: the text and the table below a heading.
 */
#ifndef GRADER_JUDGES_ANSWERS_FILE_H
#define GRADER_JUDGES_ANSWERS_FILE_H

#include <glib.h>
#include <stdbool.h>

struct answers; /* the parsed file */

/* FOLDER/answers.md. NULL, with the cause in error, if there is none, or it is no text. */
struct answers *answers_read(const char *folder, GString *error);
void answers_free(struct answers *answers); /* NULL is allowed */

/* The plain text below a heading that begins with `heading` (letters of any case), up to the next
 * heading as high: one line per line of the source, without tables, code blocks and comments. A
 * new string; NULL if there is no such heading. */
char *answers_text(const struct answers *answers, const char *heading);

/* What stands behind `label` in the first line of that text that begins with it ("Answer:"). A
 * new string; NULL if there is no such line. */
char *answers_line(const struct answers *answers, const char *heading, const char *label);

/* The first table below that heading: rows (each a GPtrArray of char *), the header first. NULL
 * if there is none. Free with g_ptr_array_unref. */
GPtrArray *answers_table(const struct answers *answers, const char *heading);

/* For the questions that a person judges: has anything been written below the heading that the
 * template does not have? what: a line to show ("213 words", "nothing is written here"). template:
 * folder of the untouched answers.md, or NULL: then any text beyond the question counts. */
bool answers_written(const char *folder, const char *template, const char *heading, GString *what);

#endif
