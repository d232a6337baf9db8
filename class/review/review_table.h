/*
 * What one reviewer decided, OUT/review/ASSIGNMENT-REVIEWER.csv: a row for each item of an answer that was touched,
 *
 *     student, check, item, points (empty: not given yet), max_points, comments (numbers of ASSIGNMENT-REVIEWER-comments.csv,
 *     with blanks between them), note (for this answer alone), answer (fingerprint of what was read), when (ISO 8601, UTC)
 *
 * comments and note are those of the answer and stand in its first row. The file is written whole after each change.
 */
#ifndef CLASS_REVIEW_REVIEW_TABLE_H
#define CLASS_REVIEW_REVIEW_TABLE_H

#include <glib.h>
#include <stdbool.h>

struct review_points {
    char *item;
    double points; /* NAN: not given yet */
    double max_points;
};

struct review_judgement {
    char *student, *check;
    GArray *points;   /* of struct review_points */
    GArray *comments; /* of int, in the order in which they were chosen */
    char *note;       /* clean text; may be empty */
    char *answer;     /* fingerprint of the answer that was judged */
    char *when;
};

struct review_table {
    char *path;
    GHashTable *judgements; /* "STUDENT/CHECK" to struct review_judgement * */
};

#define REVIEW_POINTS(judgement, i) (&g_array_index((judgement)->points, struct review_points, i))

/* Reads the file; where there is none, the table is empty. NULL, and lines in error with file and row, if it is not as it
 * should be. */
struct review_table *review_table_read(const char *path, GString *error);
/* False, and an error: then the file is as it was. */
bool review_table_write(const struct review_table *table, GString *error);
void review_table_free(struct review_table *table);

/* NULL: nothing was decided about it. */
struct review_judgement *review_table_find(const struct review_table *table, const char *student,
                                           const char *check);
/* Takes the judgement over, in place of the one that was there. */
void review_table_set(struct review_table *table, struct review_judgement *judgement);
/* In the order of the file: by student, then by check. Of struct review_judgement *, the table's. */
GPtrArray *review_table_sorted(const struct review_table *table);

struct review_judgement *review_judgement_new(const char *student, const char *check);
void review_judgement_free(struct review_judgement *judgement);
/* The points of an item; NAN: not given yet, or no such item. */
double review_judgement_points(const struct review_judgement *judgement, const char *item);
void review_judgement_set(struct review_judgement *judgement, const char *item, double points,
                          double max_points);

/* A cell as it was before cells_append put an apostrophe before what a spreadsheet takes for a formula. */
const char *review_cell(const char *cell);
/* One line, or a text of several, for a cell: clean, without blanks around it and without an apostrophe that review_cell would
 * take off, at most `most` bytes. A new string. */
char *review_clean(const char *text, gsize most);

#endif
