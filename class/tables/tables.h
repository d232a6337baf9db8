/*
 * class tables --out FOLDER: grades.csv and grades.sqlite, made anew from the students' folders.
 */
#ifndef CLASS_TABLES_TABLES_H
#define CLASS_TABLES_TABLES_H

#include "class/students/command.h"
#include "class/students/gathered.h"

command_function tables_command;

/* What has become of a grade, in a word or two for tables:
 *   graded               all of it
 *   partly not judged    the machine could not judge all checks: points may be missing
 *   not judged           the grader did not come to its end; no points are known
 *   not graded           still to do
 *   refused              what was handed in can't be graded
 *   nothing handed in */
const char *tables_state(const struct gathered_grade *grade);
/* What a reader of the row should know: why it was refused, or the end of what the grader said; else "". A new string. */
char *tables_remark(const struct gathered_grade *grade);

/* The text of grades.csv: one row for each person and assignment. */
GString *tables_csv(const struct gathered *gathered);
/* The bytes of grades.sqlite, a new block of memory; NULL, and an error. */
void *tables_sqlite(const struct gathered *gathered, gsize *length, GString *error);

#endif
