/* What assignments register with the planner. */
#include "planner/planner.h"
#include "tests/support/test.h"

#include <stdlib.h>

static const struct plan_degree degrees[] = {{"groups", "GROUPS", "groups", 1, 4}, {0}};
static const struct plan_part part = {.assignment = "one of a test", .degrees = degrees};

START_TEST(a_part_can_be_found)
{
    ck_assert_ptr_null(plan_part_find(part.assignment));
    plan_part_register(&part);
    ck_assert_ptr_eq(plan_part_find(part.assignment), &part);
}
END_TEST

START_TEST(two_parts_of_one_assignment_are_refused)
{
    plan_part_register(&part);
    plan_part_register(&part);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("parts");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, a_part_can_be_found);
    tcase_add_exit_test(tests, two_parts_of_one_assignment_are_refused, EXIT_FAILURE);
    suite_add_tcase(suite, tests);
    return suite;
}
