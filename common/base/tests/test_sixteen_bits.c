/*
 * Tests of bfloat16 and float16 against what they mean: the value of each of the 65,536 patterns by its
 * formula, in double precision, and rounding at every place between two neighbours.
 */
#include "common/base/sixteen_bits.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

static const struct kind {
    int exponent_bits;
    float (*to)(uint16_t);
    uint16_t (*from)(float);
} kinds[] = {{8, bfloat16_to_float32, bfloat16_from_float32},
             {5, float16_to_float32, float16_from_float32}};

static int fraction_bits(const struct kind *kind)
{
    return 15 - kind->exponent_bits;
}

/* The pattern of infinity: all ones in the exponent. */
static unsigned infinite(const struct kind *kind)
{
    return ((1u << kind->exponent_bits) - 1) << fraction_bits(kind);
}

/* IEEE 754, 3.4. The pattern is neither infinite nor NaN, and its sign is not looked at. */
static double value(const struct kind *kind, unsigned pattern)
{
    const int bias = (1 << (kind->exponent_bits - 1)) - 1, places = fraction_bits(kind);
    const int exponent = (int)(pattern >> places & ((1u << kind->exponent_bits) - 1));
    const unsigned fraction = pattern & ((1u << places) - 1);
    return exponent == 0 ? ldexp(fraction, 1 - bias - places)
                         : ldexp(fraction + (1u << places), exponent - bias - places);
}

START_TEST(every_pattern_has_its_value)
{
    const struct kind *kind = &kinds[_i];
    for (unsigned sign = 0; sign < 2; sign++)
        for (unsigned pattern = 0; pattern < 0x8000; pattern++) {
            const uint16_t number = (uint16_t)(sign << 15 | pattern);
            const float got = kind->to(number);
            if (pattern > infinite(kind)) {
                ck_assert(isnan(got));
                ck_assert(isnan(kind->to(kind->from(got))));
                continue;
            }
            ck_assert_int_eq(signbit(got) != 0, sign);
            if (pattern == infinite(kind))
                ck_assert(isinf(got));
            else
                ck_assert(fabs((double)got) == value(kind, pattern));
            ck_assert_uint_eq(kind->from(got), number);
        }
}
END_TEST

/* Between two neighbours, what lies nearer; in the middle, the one with an even pattern. What would be
 * the next one beyond the largest counts as infinite. */
START_TEST(rounding_between_all_neighbours)
{
    const struct kind *kind = &kinds[_i];
    for (unsigned pattern = 0; pattern < infinite(kind); pattern++) {
        const double low = value(kind, pattern);
        const double step = pattern + 1 < infinite(kind) ? value(kind, pattern + 1) - low
                                                         : low - value(kind, pattern - 1);
        const float middle = (float)(low + step / 2);
        const unsigned even = pattern + (pattern & 1);
        ck_assert((double)middle == low + step / 2);
        ck_assert_uint_eq(kind->from(middle), even);
        ck_assert_uint_eq(kind->from(nextafterf(middle, 0)), pattern);
        ck_assert_uint_eq(kind->from(nextafterf(middle, INFINITY)), pattern + 1);
        ck_assert_uint_eq(kind->from(-middle), even | 0x8000);
        ck_assert_uint_eq(kind->from(nextafterf(-middle, 0)), pattern | 0x8000);
    }
}
END_TEST

START_TEST(far_too_large_and_not_a_number)
{
    const struct kind *kind = &kinds[_i];
    const uint32_t signalling = 0xff800001; /* its fraction has no bit in the upper half */
    float number;
    memcpy(&number, &signalling, sizeof number);
    ck_assert_uint_eq(kind->from(3.4028235e38f), infinite(kind));
    ck_assert_uint_eq(kind->from(-INFINITY), infinite(kind) | 0x8000);
    ck_assert(isnan(kind->to(kind->from(number))));
    ck_assert(isnan(kind->to(kind->from(NAN))));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sixteen_bits");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, every_pattern_has_its_value, 0, 2);
    tcase_add_loop_test(tests, rounding_between_all_neighbours, 0, 2);
    tcase_add_loop_test(tests, far_too_large_and_not_a_number, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
