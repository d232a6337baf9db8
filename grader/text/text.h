/*
 * Text that somebody else wrote, made safe to show.
 */
#ifndef GRADER_TEXT_TEXT_H
#define GRADER_TEXT_TEXT_H

#include <glib.h>

#define TEXT_MOST_BYTES (1 << 20) /* of a file that is handed in; what is larger is refused */

/* Valid UTF-8 without control characters (newline and tab stay; carriage return ends a line),
 * no longer than `most` bytes: of longer text the end is kept behind a line that says so.
 * A new string. */
char *text_clean(const char *text, gsize length, gsize most);

/* A name of a file or folder, or a path, for one line: clean, with no line break or tab, and of more than 200
 * bytes only the beginning and the end, with … between. A new string. */
char *text_clean_name(const char *name);

/* The number of the first line of C that calls todo(…), outside of comments as far as a line shows it;
 * 0: none. */
int text_todo_line(const char *source);

/* Appends text to Markdown so that all of it is shown as it is, on one line. */
void text_append_plain(GString *markdown, const char *text);
/* Appends text as a code block, whatever it contains; the second in a language ("c"). */
void text_append_code_block(GString *markdown, const char *text);
void text_append_code_in(GString *markdown, const char *language, const char *text);
/* Appends `text` as inline code, whatever it contains. */
void text_append_code(GString *markdown, const char *text);

/* Text as one word of a shell, to be pasted: as it is where it can be, else in quotes; what can't be shown
 * (control characters, what is no UTF-8) in $'…', which bash and zsh read. A new string. */
char *text_shell_word(const char *text);

/* Appends text, each line behind `indent`, long lines broken at `width` columns; lines inside
 * code fences are not broken. */
void text_append_wrapped(GString *to, const char *text, const char *indent, int width);

#endif
