/*
 * The tables of answers.md, as judges read them.
 */
#ifndef GRADER_QUESTIONS_TABLES_H
#define GRADER_QUESTIONS_TABLES_H

#include "grader/verdict/judge.h"

#include <glib.h>

/* The first table of a question's section, without its header: rows (each a GPtrArray of char *, one for each
 * column; cells that the file leaves out are empty). columns: what the header has to say, in letters of any
 * case; the last is NULL. NULL, and a verdict that says why, if there is no such table. Free with
 * g_ptr_array_unref. */
GPtrArray *question_table(const struct judgement *judgement, const char *question,
                          const char *const *columns, struct verdict *verdict);
/* A cell of it. */
const char *question_cell(const GPtrArray *rows, guint row, guint column);
/* The first row whose first cell has the same letters and digits; -1: there is none. */
int question_find_row(const GPtrArray *rows, const char *name);
/* Is there nothing, or a dash, in the cells first, …, columns - 1 of a row; of every row? */
bool question_row_is_blank(const GPtrArray *rows, guint row, guint first, guint columns);
bool question_is_blank(const GPtrArray *rows, guint first, guint columns);
/* The verdict on a table in which nobody has written anything. */
void question_is_unwritten(const char *question, struct verdict *verdict);
/* Do two texts have the same letters and digits, in any case? */
bool question_same(const char *a, const char *b);

/* The number in a cell, with a unit of bytes (KiB, MiB, GiB) behind it or not, and with separators of thousands;
 * < 0: it is none. */
double question_number(const char *text);
/* Is there nothing, or a dash? */
bool question_is_empty(const char *text);

#endif
