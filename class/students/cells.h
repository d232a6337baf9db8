/*
 * Rows of cells, as CSV files have them, read and written with libcsv (RFC 4180: quotes, commas and line breaks in
 * cells). A spreadsheet takes a cell that begins with = + - @ for a formula, and would run what a student put into a
 * name: such text is written behind an apostrophe, which spreadsheets hide.
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
#ifndef CLASS_STUDENTS_CELLS_H
#define CLASS_STUDENTS_CELLS_H

#include <glib.h>
#include <stdbool.h>

/* All rows of a file in UTF-8, a byte-order mark taken off: of GPtrArray of char *. Empty lines are no rows. NULL, and an error
 * that names file and line. */
GPtrArray *cells_read(const char *path, GString *error);

/* Which column has this heading, whatever its capitals; -1: none. */
int cells_column(const GPtrArray *header, const char *heading);
/* "" where the row is too short, or column is -1. */
const char *cells_at(const GPtrArray *row, int column);

/* Appends a cell to a row; end_row ends it (CR LF is not written: LF alone, as grade books take). Numbers are
 * written as they are. */
void cells_append(GString *to, const char *text);
void cells_append_number(GString *to, double number, int decimals);
void cells_end_row(GString *to);

#endif
