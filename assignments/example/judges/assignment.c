/* The example, as the grader knows it. */
#include "grader/verdict/assignment.h"
#include "assignments/example/judges/average.h"

static const struct judge judges[] = {
    {"average", false, example_judge_average},
    {NULL, false, NULL},
};

__attribute__((constructor)) static void register_assignment(void)
{
    static const struct assignment example = {.name = "example", .judges = judges};
    assignment_register(&example);
}
