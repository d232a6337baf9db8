/*
 * Figures with their units.
 */
#include "common/base/units.h"
#include "tests/support/test.h"

START_TEST(figures_have_few_digits)
{
    char text[UNITS_TEXT_SIZE];
    ck_assert_str_eq(units_seconds(12.3456, text), "12.35 s");
    ck_assert_str_eq(units_seconds(1, text), "1 s");
    ck_assert_str_eq(units_seconds(0.0250, text), "25 ms");
    ck_assert_str_eq(units_seconds(-0.5, text), "-500 ms");
    ck_assert_str_eq(units_seconds(3e-7, text), "0.3 us");
    ck_assert_str_eq(units_bytes(0, text), "0 B");
    ck_assert_str_eq(units_bytes(1023, text), "1023 B");
    ck_assert_str_eq(units_bytes(1536, text), "1.5 KiB");
    ck_assert_str_eq(units_bytes(5.0 * 1024 * 1024 * 1024, text), "5 GiB");
    ck_assert_str_eq(units_bytes(0x1p60, text), "1.049e+06 TiB");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("units");
    TCase *tests = tcase_create("units");
    tcase_add_test(tests, figures_have_few_digits);
    suite_add_tcase(suite, tests);
    return suite;
}
