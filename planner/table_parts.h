/* What the files of the tables share: table.c and table_memory.c. */
#ifndef PLANNER_TABLE_PARTS_H
#define PLANNER_TABLE_PARTS_H

#include "planner/planner.h"

/* Appends text, right-aligned in `width` columns; frees it. */
void plan_append_cell(GString *table, char *text, int width);
/* How wide the column with the methods' names is. */
int plan_name_width(const struct row *rows, int count);
/* The tables of memory and messages, and what the part says below them. */
void plan_append_memory(GString *text, const struct plan *plan, const struct row *rows, int count);

#endif
