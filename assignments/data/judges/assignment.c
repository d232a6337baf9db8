/*
 * The data assignment, as the grader's side knows it: its judges by the names that its rubric calls them.
 */
#include "grader/verdict/assignment.h"
#include "assignments/data/options.h"

static const struct judge judges[] = {
    {.name = NULL},
};

static const struct assignment data = {
    .name = "data", .options = &data_own_options, .judges = judges};

__attribute__((constructor)) static void register_assignment(void)
{
    assignment_register(&data);
}
