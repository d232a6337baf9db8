/*
 * What is still to be written: each place once, with all checks that wait for it.
 */
#ifndef GRADER_REPORT_REPORT_TODOS_H
#define GRADER_REPORT_REPORT_TODOS_H

#include "grader/grade/grade.h"

struct report_todo {
    const struct check_result *told; /* the first whose verdict says it */
    GPtrArray *of;                   /* of const struct check_result *: that wait for it */
    double points;                   /* that these are worth */
};

/* Of all checks that are not yet written (STATE_UNWRITTEN), in the rubric's order: an array of struct report_todo *,
 * which the caller frees with g_ptr_array_free(array, TRUE). */
GPtrArray *report_todos(const struct grade *grade);

/* The number of a check's TODO in the list, from 1; 0: it waits for none. */
int report_todo_number(const GPtrArray *todos, const struct check_result *result);

/* Are there checks in this tier, and is not one of them written? */
bool report_tier_is_unwritten(const struct grade *grade, int tier);

/* "`a`, `b` and 7 more checks (1.30 points)": Markdown, a new string. */
char *report_todo_checks(const struct report_todo *todo);

/* All that a report says of one: Markdown. */
void report_todo(GString *markdown, const struct grade *grade, const struct report_todo *todo);
/* What was seen of a check, for the cell of a table: Markdown. */
void report_cell(GString *markdown, const struct grade *grade, const GPtrArray *todos,
                 const struct check_result *result);

#endif
