/*
 * Functions of one float against the C library's in double precision.
 */
#include "common/kernels/functions.h"
#include "tests/support/test.h"

START_TEST(exponential_is_accurate)
{
    double worst = 0;
    for (int i = -870000; i <= 880000; i++) {
        const float x = (float)i * 1e-4f;
        if (x < -87.0f || x > 88.0f)
            continue;
        worst = fmax(worst, fabs((double)exponential(x) / exp((double)x) - 1));
    }
    ck_assert_double_le(worst, 2.5e-7); /* four units in the last place */
    ck_assert_float_eq(exponential(0), 1);
    ck_assert_float_eq(exponential(-0.0f), 1);
}
END_TEST

START_TEST(exponential_has_ends)
{
    static const float below[] = {-87.0f, -87.1f, -1000.0f, -3e9f, -1e38f, -INFINITY};
    static const float above[] = {88.0f, 88.1f, 1000.0f, 3e9f, 1e38f, INFINITY};
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        ck_assert_double_eq_tol((double)exponential(below[i]) / exp(-87), 1, 2.5e-7);
        ck_assert_double_eq_tol((double)exponential(above[i]) / exp(88), 1, 2.5e-7);
    }
    ck_assert(isnan(exponential(NAN)));
    ck_assert(isnan(exponential(-NAN)));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("functions");
    TCase *tests = tcase_create("functions");
    tcase_add_test(tests, exponential_is_accurate);
    tcase_add_test(tests, exponential_has_ends);
    suite_add_tcase(suite, tests);
    return suite;
}
