/*
 * The numbers that the program hands out and the judge expects.
 */
#include "assignments/example/numbers.h"
#include "tests/support/test.h"

START_TEST(numbers_are_from_1_to_1000)
{
    for (int rank = 0; rank < 50; rank++)
        for (int round = 0; round < NUMBERS_ROUNDS; round++) {
            const double number = example_number(7, rank, round);
            ck_assert(number >= 1 && number <= 1000 && number == (int)number);
            ck_assert_double_eq(number, example_number(7, rank, round));
        }
}
END_TEST

/* Of 550 pairs of numbers from 1 to 1,000 a few may be alike by accident. */
START_TEST(ranks_rounds_and_seeds_differ)
{
    int alike = 0;
    for (int i = 0; i < 200; i++) {
        const int rank = i / NUMBERS_ROUNDS, round = i % NUMBERS_ROUNDS;
        alike += example_number(7, rank, round) == example_number(7, rank + 1, round);
        alike += example_number(7, rank, round) == example_number(8, rank, round);
        alike += round > 0 && example_number(7, rank, round) == example_number(7, rank, 0);
    }
    ck_assert_int_lt(alike, 20);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("the example's numbers");
    TCase *tests = tcase_create("numbers");
    tcase_add_test(tests, numbers_are_from_1_to_1000);
    tcase_add_test(tests, ranks_rounds_and_seeds_differ);
    suite_add_tcase(suite, tests);
    return suite;
}
