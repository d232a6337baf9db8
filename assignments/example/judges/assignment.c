/* The example, as the grader knows it. */
#include "grader/verdict/assignment.h"
#include "assignments/example/judges/average.h"

static const struct judge judges[] = {
    {.name = "average", .judge = example_judge_average},
    {.name = NULL},
};

__attribute__((constructor)) static void register_assignment(void)
{
    static const struct assignment example = {.name = "example", .judges = judges};
    assignment_register(&example);
}
