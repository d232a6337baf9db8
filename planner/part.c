/* What assignments have registered with the planner. */
#include "planner/planner.h"

#include "common/base/fatal.h"

#include <string.h>

static GPtrArray *parts; /* of const struct plan_part * */

void plan_part_register(const struct plan_part *part)
{
    int degrees = 0;
    while (part->degrees[degrees].option)
        degrees++;
    if (degrees > PLAN_MOST_DEGREES)
        fatal("planner: %s has %d degrees, and PLAN_MOST_DEGREES is %d", part->assignment, degrees,
              PLAN_MOST_DEGREES);
    int choices = 0;
    while (part->choices && part->choices[choices].option)
        choices++;
    if (choices > PLAN_MOST_CHOICES)
        fatal("planner: %s has %d choices, and PLAN_MOST_CHOICES is %d", part->assignment, choices,
              PLAN_MOST_CHOICES);
    if (plan_part_find(part->assignment))
        fatal("planner: %s registers two parts: keep one plan_part_register of that name",
              part->assignment);
    if (!parts)
        parts = g_ptr_array_new();
    g_ptr_array_add(parts, (gpointer)part);
}

const struct plan_part *plan_part_find(const char *assignment)
{
    for (guint i = 0; parts && i < parts->len; i++) {
        const struct plan_part *part = parts->pdata[i];
        if (strcmp(part->assignment, assignment) == 0)
            return part;
    }
    return NULL;
}

const struct plan_part *plan_part_that_searches(void)
{
    for (guint i = 0; parts && i < parts->len; i++) {
        const struct plan_part *part = parts->pdata[i];
        if (part->search)
            return part;
    }
    return NULL;
}

void plan_formula_free(struct formula *formula)
{
    if (!formula)
        return;
    g_free(formula->rank);
    g_free(formula);
}
