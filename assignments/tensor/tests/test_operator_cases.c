/*
 * The calls of --probe operators: groups, shapes, and numbers that show what was done with them.
 */
#include "assignments/tensor/operator_cases.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_RANKS = 7 };

START_TEST(groups)
{
    for (int ranks = 1; ranks <= MOST_RANKS; ranks++)
        for (int rank = 0; rank < ranks; rank++) {
            const struct operator_group group = operator_group_of(ranks, rank, _i);
            bool seen[MOST_RANKS] = {false};
            ck_assert_int_eq(group.ranks, _i == 1 && ranks % 2 == 0 ? ranks / 2 : ranks);
            for (int member = 0; member < group.ranks; member++) {
                const int other = operator_member(group, member);
                ck_assert_int_ge(other, 0);
                ck_assert_int_lt(other, ranks);
                ck_assert(!seen[other]);
                seen[other] = true;
                /* all members think the same of it */
                const struct operator_group theirs = operator_group_of(ranks, other, _i);
                ck_assert_int_eq(theirs.rank, member);
                ck_assert_int_eq(theirs.first, group.first);
            }
            ck_assert_int_eq(operator_member(group, group.rank), rank);
        }
}
END_TEST

START_TEST(shapes)
{
    for (int ranks = 1; ranks <= 4; ranks++) {
        struct operator_case cases[OPERATOR_CALLS], again[OPERATOR_CALLS];
        int even = 0, uneven = 0, along[TENSOR_MAX_DIMENSIONS] = {0}, other = 0;
        operator_cases((uint64_t)_i, operator_group_of(ranks, 0, 0), 0, cases);
        operator_cases((uint64_t)_i + 1, operator_group_of(ranks, 0, 0), 0, again);
        for (int i = 0; i < OPERATOR_CALLS; i++) {
            const int size = cases[i].whole.size[cases[i].dimension];
            ck_assert_int_eq(cases[i].number, i);
            ck_assert_int_ge(size, ranks);
            even += size % ranks == 0;
            uneven += size % ranks != 0;
            along[cases[i].dimension]++;
            other += !shape_equal(cases[i].whole, again[i].whole);
            for (int d = 0; d < cases[i].whole.dimensions; d++) /* no two alike, but small ones */
                for (int e = 0; e < d; e++)
                    ck_assert(cases[i].whole.size[d] != cases[i].whole.size[e] ||
                              cases[i].whole.size[d] == 2);
        }
        ck_assert_int_ge(even, OPERATORS);
        ck_assert(ranks == 1 || uneven >= 4 * OPERATORS);
        ck_assert(along[0] > 0 && along[1] > 0 && along[2] > 0);
        ck_assert_int_gt(other, OPERATOR_CALLS / 4);
    }
}
END_TEST

/* Every number of a whole is another one, and float32 has them and sums of terms exactly. */
START_TEST(numbers)
{
    struct operator_case cases[OPERATOR_CALLS];
    int same = 0;
    for (int round = 0; round < OPERATOR_ROUNDS; round++) {
        operator_cases(5, operator_group_of(4, 2, round), round, cases);
        for (int i = 0; i < OPERATOR_CALLS; i++) {
            struct tensor *whole = operator_whole(&cases[i]);
            struct tensor *first = operator_term(&cases[i], 0),
                          *second = operator_term(&cases[i], 1);
            int wrong = 0, alike = 0;
            for (int k = 0; k < whole->count; k++) {
                wrong += tensor_floats(whole)[k] != tensor_floats(whole)[0] + (float)k;
                wrong += tensor_floats(whole)[k] < 1 || tensor_floats(whole)[k] > (1 << 22);
                wrong += tensor_floats(first)[k] != (float)(int)tensor_floats(first)[k] ||
                         abs((int)tensor_floats(first)[k]) > 5000;
                alike += tensor_floats(first)[k] == tensor_floats(second)[k];
            }
            ck_assert_int_eq(wrong, 0);
            same += alike > 3;
            tensor_free(whole);
            tensor_free(first);
            tensor_free(second);
        }
    }
    ck_assert_int_le(same, OPERATORS); /* of the long ones some */
}
END_TEST

/* Two calls in a row of each operator have tensors of one shape, and other numbers; and each kind of shape is asked of
 * each operator. */
START_TEST(twice_in_a_row)
{
    for (int round = 0; round < OPERATOR_ROUNDS; round++) {
        struct operator_case cases[OPERATOR_CALLS];
        int again[OPERATORS] = {0}, calls[OPERATORS] = {0};
        operator_cases((uint64_t)_i, operator_group_of(3, 1, round), round, cases);
        for (int i = 0; i < OPERATOR_CALLS; i++) {
            ck_assert_int_eq(operator_of_call(cases[i].number), cases[i].which);
            calls[cases[i].which]++;
            again[cases[i].which] += cases[i].again;
            if (!cases[i].again)
                continue;
            ck_assert_int_eq(cases[i].which, cases[i - 1].which);
            ck_assert(shape_equal(cases[i].whole, cases[i - 1].whole));
            ck_assert_int_eq(cases[i].dimension, cases[i - 1].dimension);
            struct tensor *now = operator_term(&cases[i], 0),
                          *then = operator_term(&cases[i - 1], 0);
            ck_assert_int_ne(memcmp(now->data, then->data, tensor_bytes(now)), 0);
            tensor_free(now);
            tensor_free(then);
        }
        for (int which = 0; which < OPERATORS; which++) {
            ck_assert_int_eq(again[which], 1);
            ck_assert_int_eq(calls[which], OPERATOR_KINDS);
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("operator_cases");
    TCase *tests = tcase_create("operator_cases");
    tcase_add_loop_test(tests, groups, 0, OPERATOR_ROUNDS);
    tcase_add_loop_test(tests, shapes, 1, 6);
    tcase_add_test(tests, numbers);
    tcase_add_loop_test(tests, twice_in_a_row, 1, 4);
    suite_add_tcase(suite, tests);
    return suite;
}
