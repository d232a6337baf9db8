/* Cells of tables of answers: numbers in their forms, and texts that are the same. */
#include "grader/questions/tables.h"
#include "tests/support/test.h"

static const struct {
    const char *text;
    double number; /* -1: it is none */
} numbers[] = {
    {"66816", 66816},
    {"66,816", 66816},
    {"66 816 bytes", 66816},
    {"65.25 KiB", 66816},
    {"1 MiB", 1048576},
    {"2 GiB", 2147483648.},
    {"1\u202f000", 1000},
    {"0.72", 0.72},
    {"1e3", 1000},
    {"", -1},
    {"-5", -1},
    {"about 5", -1},
    {"65.5 kB", -1},
    {"inf", -1},
    {"nan", -1},
    {"1e15", -1},
    {"5×", -1},
};

START_TEST(numbers_in_their_forms)
{
    ck_assert_double_eq(question_number(numbers[_i].text), numbers[_i].number);
}
END_TEST

START_TEST(texts_that_are_the_same)
{
    ck_assert(question_same("`Halving-Doubling`", "halving doubling"));
    ck_assert(question_same("", " - "));
    ck_assert(!question_same("ring", "rings"));
    ck_assert(question_is_empty(""));
    ck_assert(question_is_empty("–"));
    ck_assert(!question_is_empty("0"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("tables");
    TCase *cases = tcase_create("cells");
    tcase_add_loop_test(cases, numbers_in_their_forms, 0, G_N_ELEMENTS(numbers));
    tcase_add_test(cases, texts_that_are_the_same);
    suite_add_tcase(suite, cases);
    return suite;
}
