/*
 * Tests of random.h: Philox against its published known answers, and the
 * distributions against their moments.
 */
#include "common/base/random.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Random123's kat_vectors, philox4x32 with 10 rounds. */
static const struct {
    uint32_t counter[4], key[2], answer[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

START_TEST(philox_gives_the_known_answers)
{
    uint32_t out[4];
    random_philox(known[_i].key, known[_i].counter, out);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(out[i], known[_i].answer[i]);
}
END_TEST

START_TEST(streams_differ)
{
    ck_assert_uint_ne(random_stream(RANDOM_PARAMETER, 1, 2), random_stream(RANDOM_PARAMETER, 2, 1));
    ck_assert_uint_ne(random_stream(RANDOM_PARAMETER, 1, 2), random_stream(RANDOM_SHUFFLE, 1, 2));
    float a[4], b[4];
    random_uniform(a, 4, 7, random_stream(RANDOM_TEST, 1, 0), 0, 0, 1);
    random_uniform(b, 4, 7, random_stream(RANDOM_TEST, 2, 0), 0, 0, 1);
    ck_assert_mem_ne(a, b, sizeof a);
    random_uniform(b, 4, 8, random_stream(RANDOM_TEST, 1, 0), 0, 0, 1);
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

/* Any slice of a stream is the same as that slice of the whole. */
START_TEST(slices_agree)
{
    float whole[41], slice[41];
    for (int normal = 0; normal < 2; normal++) {
        if (normal)
            random_normal(whole, 41, 3, 5, 0, 1, 2);
        else
            random_uniform(whole, 41, 3, 5, 0, -1, 2);
        for (size_t first = 0; first < 41; first++) {
            size_t count = (41 - first + 1) / 2;
            if (normal)
                random_normal(slice, count, 3, 5, first, 1, 2);
            else
                random_uniform(slice, count, 3, 5, first, -1, 2);
            ck_assert_mem_eq(slice, whole + first, count * sizeof *slice);
        }
    }
}
END_TEST

#define MANY 200000

START_TEST(uniform_is_uniform)
{
    static float number[MANY];
    random_uniform(number, MANY, 11, random_stream(RANDOM_TEST, 0, 0), 0, -2, 3);
    double sum = 0, squares = 0;
    int tenth[10] = {0};
    for (int i = 0; i < MANY; i++) {
        ck_assert(number[i] >= -2 && number[i] < 3);
        sum += number[i];
        squares += (number[i] - 0.5) * (number[i] - 0.5);
        tenth[(int)((number[i] + 2) * 2)]++;
    }
    /* Five standard deviations. */
    ck_assert_double_le(fabs(sum / MANY - 0.5), 5 * 5 / sqrt(12.0 * MANY));
    ck_assert_double_le(fabs(squares / MANY - 25.0 / 12), 0.03);
    for (int i = 0; i < 10; i++)
        ck_assert_int_le(abs(tenth[i] - MANY / 10), (int)(5 * sqrt(MANY * 0.09)));
}
END_TEST

START_TEST(normal_is_normal)
{
    static float number[MANY];
    random_normal(number, MANY, 11, random_stream(RANDOM_TEST, 0, 1), 0, 4, 2);
    double moment[5] = {0};
    int within_one = 0;
    for (int i = 0; i < MANY; i++) {
        double z = (number[i] - 4.0) / 2;
        for (int k = 1; k <= 4; k++)
            moment[k] += pow(z, k) / MANY;
        within_one += fabs(z) < 1;
    }
    ck_assert_double_le(fabs(moment[1]), 5 / sqrt(MANY));
    ck_assert_double_le(fabs(moment[2] - 1), 5 * sqrt(2.0 / MANY));
    ck_assert_double_le(fabs(moment[3]), 5 * sqrt(15.0 / MANY));
    ck_assert_double_le(fabs(moment[4] - 3), 5 * sqrt(96.0 / MANY));
    ck_assert_double_le(fabs(within_one / (double)MANY - 0.682689), 0.006);
}
END_TEST

START_TEST(below_is_below_and_even)
{
    enum { BOUND = 7, DRAWS = 70000 };
    int seen[BOUND] = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint32_t number = random_below(5, 9, i, BOUND);
        ck_assert_uint_lt(number, BOUND);
        ck_assert_uint_eq(number, random_below(5, 9, i, BOUND));
        seen[number]++;
    }
    for (int i = 0; i < BOUND; i++)
        ck_assert_int_le(abs(seen[i] - DRAWS / BOUND), 500);
    ck_assert_uint_eq(random_below(5, 9, 0, 1), 0);
    ck_assert_uint_lt(random_below(5, 9, 0, UINT32_MAX), UINT32_MAX);
}
END_TEST

START_TEST(permutation_has_everything_once)
{
    enum { COUNT = 1000 };
    int order[COUNT], again[COUNT], other[COUNT];
    bool seen[COUNT] = {false};
    random_permutation(order, COUNT, 1, random_stream(RANDOM_SHUFFLE, 0, 0));
    random_permutation(again, COUNT, 1, random_stream(RANDOM_SHUFFLE, 0, 0));
    random_permutation(other, COUNT, 1, random_stream(RANDOM_SHUFFLE, 1, 0));
    int fixed = 0;
    for (int i = 0; i < COUNT; i++) {
        ck_assert(order[i] >= 0 && order[i] < COUNT && !seen[order[i]]);
        seen[order[i]] = true;
        fixed += order[i] == i;
    }
    ck_assert_int_le(fixed, 8); /* 1 is expected */
    ck_assert_mem_eq(order, again, sizeof order);
    ck_assert_mem_ne(order, other, sizeof order);
    random_permutation(order, 0, 1, 1);
}
END_TEST

/* All six orders of three things, each about as often. */
START_TEST(permutation_is_even)
{
    int seen[27] = {0};
    for (uint32_t epoch = 0; epoch < 6000; epoch++) {
        int order[3];
        random_permutation(order, 3, 2, random_stream(RANDOM_SHUFFLE, epoch, 0));
        seen[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    const int all[] = {0 + 3 + 2, 0 + 6 + 1, 9 + 0 + 2, 9 + 6 + 0, 18 + 0 + 1, 18 + 3 + 0};
    for (int i = 0; i < 6; i++)
        ck_assert_int_le(abs(seen[all[i]] - 1000), 150);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("random");
    tcase_add_loop_test(tests, philox_gives_the_known_answers, 0, 3);
    tcase_add_test(tests, streams_differ);
    tcase_add_test(tests, slices_agree);
    tcase_add_test(tests, uniform_is_uniform);
    tcase_add_test(tests, normal_is_normal);
    tcase_add_test(tests, below_is_below_and_even);
    tcase_add_test(tests, permutation_has_everything_once);
    tcase_add_test(tests, permutation_is_even);

    Suite *suite = suite_create("random");
    suite_add_tcase(suite, tests);
    return suite;
}
