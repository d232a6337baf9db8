/* What is still to be written: see report_todos.h. */
#include "grader/report/report_todos.h"

#include "grader/grade/grade_state.h"

#include <string.h>

#define MOST_NAMES 4 /* of checks that wait for the same TODO */

static void free_todo(void *pointer)
{
    struct report_todo *todo = pointer;
    g_ptr_array_free(todo->of, TRUE);
    g_free(todo);
}

static struct report_todo *find(const GPtrArray *todos, const struct check_result *told)
{
    for (guint i = 0; i < todos->len; i++) {
        struct report_todo *todo = todos->pdata[i];
        if (g_string_equal(todo->told->verdict->headline, told->verdict->headline))
            return todo;
    }
    return NULL;
}

GPtrArray *report_todos(const struct grade *grade)
{
    GPtrArray *todos = g_ptr_array_new_with_free_func(free_todo);
    for (guint i = 0; i < grade->results->len; i++) {
        struct check_result *result = GRADE_RESULTS(grade, i);
        if (!result->done || grade_state(result) != STATE_UNWRITTEN)
            continue;
        struct report_todo *todo = find(todos, grade_decided_by(result));
        if (!todo) {
            todo = g_new0(struct report_todo, 1);
            todo->told = grade_decided_by(result);
            todo->of = g_ptr_array_new();
            g_ptr_array_add(todos, todo);
        }
        g_ptr_array_add(todo->of, result);
        todo->points += result->check->points;
    }
    return todos;
}

int report_todo_number(const GPtrArray *todos, const struct check_result *result)
{
    for (guint i = 0; i < todos->len; i++)
        if (g_ptr_array_find(((const struct report_todo *)todos->pdata[i])->of, result, NULL))
            return (int)i + 1;
    return 0;
}

bool report_tier_is_unwritten(const struct grade *grade, int tier)
{
    bool any = false;
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (result->check->tier != tier)
            continue;
        if (!result->done || grade_state(result) != STATE_UNWRITTEN)
            return false;
        any = true;
    }
    return any;
}

char *report_todo_checks(const struct report_todo *todo)
{
    GString *text = g_string_new(NULL);
    const guint all = todo->of->len, shown = all <= MOST_NAMES + 1 ? all : MOST_NAMES;
    for (guint i = 0; i < shown; i++) {
        const struct check_result *result = todo->of->pdata[i];
        const char *between = i == 0 ? "" : i + 1 == all ? " and " : ", ";
        g_string_append_printf(text, "%s`%s`", between, result->check->name);
    }
    if (shown < all)
        g_string_append_printf(text, " and %u more checks", all - shown);
    g_string_append_printf(text, " (%.2f points)", todo->points);
    return g_string_free(text, FALSE);
}
