/*
 * Tests of sketches: against Σ w_i·x_i, number by number, and what makes them of use.
 */
#include "common/log/log_fields.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 5000

START_TEST(weights_are_all_different_and_near_one)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < COUNT; i++) {
        const double weight = log_sketch_weight(i);
        ck_assert_double_ge(weight, 0.5625);
        ck_assert_double_le(weight, 1.5625);
        sum += log_sketch_weight(i * 1023); /* of many rows */
        bool is_new = true;                 /* an assertion for each pair would take a minute */
        for (uint64_t j = 0; j < i; j++)
            is_new &= weight != log_sketch_weight(j);
        ck_assert(is_new);
    }
    ck_assert_double_eq_tol(sum / COUNT, 1.0, 0.02);
}
END_TEST

/* Of what two numbers that change places make, nothing can be said from what the next two make. */
START_TEST(weights_have_no_pattern)
{
    enum { MANY = 512 }; /* as many as a row has: the next has the same ones, times a number */
    double sum = 0.0, product = 0.0, before = 0.0;
    for (uint64_t i = 0; i < MANY; i++) {
        const double difference = log_sketch_weight(2 * i) - log_sketch_weight(2 * i + 1);
        sum += difference;
        product += difference * before;
        before = difference;
    }
    /* Standard deviations of differences of numbers from [0.75, 1.25), and of their products. */
    const double deviation = sqrt(2.0 / 12.0) / 2.0;
    ck_assert_double_lt(fabs(sum), 5 * deviation * sqrt(MANY));
    ck_assert_double_lt(fabs(product), 5 * deviation * deviation * sqrt(MANY));
}
END_TEST

/* Any begin and any length: rows, vectors and what is left of them. */
START_TEST(it_is_the_sum_with_weights)
{
    static float x[COUNT];
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)((i * 7919) % 1000 - 500) / 16.0f;
    const size_t counts[] = {0, 1, 15, 16, 17, 1023, 1024, 1025, 4999};
    const uint64_t starts[] = {0, 1, 7, 1000, 1023, 1024, 3000000007u};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++) {
            double expected = 0.0;
            for (size_t i = 0; i < counts[c]; i++)
                expected += log_sketch_weight(starts[s] + i) * (double)x[i];
            ck_assert_double_eq_tol(log_sketch_of(LOG_TYPE_FLOAT32, x, counts[c], starts[s]),
                                    expected, 1e-9);
        }
}
END_TEST

/* 1, 2, 3, -4 in every type that has them; the first byte is not where a vector would like it. */
START_TEST(of_every_type)
{
    static const struct {
        enum log_type type;
        unsigned char data[32];
    } of[] = {
        {LOG_TYPE_FLOAT32, {0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0xc0}},
        {LOG_TYPE_FLOAT64, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0,    0x40,
                            0, 0, 0, 0, 0, 0, 8,    0x40, 0, 0, 0, 0, 0, 0, 0x10, 0xc0}},
        {LOG_TYPE_BFLOAT16, {0x80, 0x3f, 0, 0x40, 0x40, 0x40, 0x80, 0xc0}},
        {LOG_TYPE_FLOAT16, {0, 0x3c, 0, 0x40, 0, 0x42, 0, 0xc4}},
        {LOG_TYPE_INT8, {1, 2, 3, 0xfc}},
        {LOG_TYPE_INT16, {1, 0, 2, 0, 3, 0, 0xfc, 0xff}},
        {LOG_TYPE_INT32, {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff}},
        {LOG_TYPE_INT64, {1, 0, 0, 0, 0, 0, 0, 0, 2,    0,    0,    0,    0,    0,    0,    0,
                          3, 0, 0, 0, 0, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
    };
    const double expected = log_sketch_weight(9) + 2 * log_sketch_weight(10) +
                            3 * log_sketch_weight(11) - 4 * log_sketch_weight(12);
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        unsigned char shifted[33];
        memcpy(shifted + 1, of[i].data, 32);
        ck_assert_double_eq_tol(log_sketch_of(of[i].type, shifted + 1, 4, 9), expected, 1e-12);
    }
    const uint32_t large[] = {0xfffffffcu};
    ck_assert_double_eq_tol(log_sketch_of(LOG_TYPE_UINT32, large, 1, 9),
                            4294967292.0 * log_sketch_weight(9), 1e-5);
    const uint64_t huge[] = {(uint64_t)1 << 63};
    ck_assert_double_eq(log_sketch_of(LOG_TYPE_UINT64, huge, 1, 9), 0x1p63 * log_sketch_weight(9));
    const uint16_t high[] = {0xfffc};
    ck_assert_double_eq_tol(log_sketch_of(LOG_TYPE_UINT16, high, 1, 9),
                            65532.0 * log_sketch_weight(9), 1e-9);
    ck_assert_double_eq_tol(log_sketch_of(LOG_TYPE_UINT8, high, 1, 9), 252.0 * log_sketch_weight(9),
                            1e-12);
    ck_assert(isnan(log_sketch_of(LOG_TYPE_OTHER, large, 1, 0)));
    ck_assert(isnan(log_sketch_of(LOG_TYPE_NONE, large, 1, 0)));
}
END_TEST

/* A float16 by its definition. */
static double float16_of(uint32_t bits)
{
    const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const double sign = bits & 0x8000 ? -1.0 : 1.0;
    if (exponent == 31)
        return fraction == 0 ? sign * INFINITY : NAN;
    return exponent == 0 ? sign * ldexp(fraction, -24)
                         : sign * ldexp(1024 + fraction, exponent - 25);
}

START_TEST(every_float16)
{
    int wrong = 0; /* an assertion for each would take long */
    for (uint32_t bits = 0; bits < 65536; bits++) {
        const uint16_t number = (uint16_t)bits;
        const double got = log_sketch_of(LOG_TYPE_FLOAT16, &number, 1, 0) / log_sketch_weight(0);
        const double expected = float16_of(bits);
        const bool same = isfinite(expected) ? fabs(got - expected) <= 1e-15 * fabs(expected)
                          : isnan(expected)  ? isnan(got)
                                             : got == expected;
        wrong += !same;
    }
    ck_assert_int_eq(wrong, 0);
}
END_TEST

/* Two vectors that differ only in where their numbers stand, near or far, have other sketches. */
START_TEST(an_exchange_is_seen)
{
    static double x[COUNT];
    for (int i = 0; i < COUNT; i++)
        x[i] = i % 17;
    const double before = log_sketch_of(LOG_TYPE_FLOAT64, x, COUNT, 0);
    const int pairs[][2] = {{0, 1}, {5, 5 + 1024}, {3, 4990}};
    for (int i = 0; i < 3; i++) {
        double *a = &x[pairs[i][0]], *b = &x[pairs[i][1]], kept = *a;
        ck_assert_double_ne(*a, *b);
        *a = *b;
        *b = kept;
        ck_assert(fabs(log_sketch_of(LOG_TYPE_FLOAT64, x, COUNT, 0) - before) > 1e-4);
        *b = *a;
        *a = kept;
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("log_sketch");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, weights_are_all_different_and_near_one);
    tcase_add_test(tests, weights_have_no_pattern);
    tcase_add_test(tests, it_is_the_sum_with_weights);
    tcase_add_test(tests, of_every_type);
    tcase_add_test(tests, every_float16);
    tcase_add_test(tests, an_exchange_is_seen);
    suite_add_tcase(suite, tests);
    return suite;
}
