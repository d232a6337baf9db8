/*
 * The collectives of a step as a table of text: of each operation of each group
 * how often it was called, what a rank handed in, how long it waited and
 * communicated, how much was hidden behind computation, and who came last.
 */
#ifndef GRADER_PICTURES_TABLE_COLLECTIVES_H
#define GRADER_PICTURES_TABLE_COLLECTIVES_H

#include "grader/trace/collective_calls.h"

/* Appends the table, with a line above it; nothing if there are no collectives. */
void table_of_collectives(const struct collective_calls *calls, GString *text);

#endif
