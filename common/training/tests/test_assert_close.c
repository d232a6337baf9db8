/*
 * Tests of assert_close.h. Where torch.testing.assert_close has an opinion, the
 * expected verdicts and figures are its own.
 */
#include "common/training/assert_close.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct tensor *of(int count, const float *value)
{
    struct tensor *tensor = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(count));
    for (int i = 0; i < count; i++)
        tensor_floats(tensor)[i] = value[i];
    return tensor;
}

#define OF(...) of(sizeof((float[]){__VA_ARGS__}) / sizeof(float), (float[]){__VA_ARGS__})

/* Compares and gives both tensors back. */
static struct closeness compare(struct tensor *actual, struct tensor *expected,
                                struct tolerance tolerance)
{
    struct closeness closeness = closeness_of(actual, expected, tolerance);
    tensor_free(actual);
    tensor_free(expected);
    return closeness;
}

static struct tolerance standard(void)
{
    return tolerance_default(DTYPE_FLOAT32);
}

START_TEST(equal_is_close)
{
    struct closeness c = compare(OF(1, -2, 0), OF(1, -2, 0), standard());
    ck_assert(c.close && c.same_shape);
    ck_assert_int_eq(c.count, 3);
    ck_assert_int_eq(c.mismatched, 0);
    ck_assert_double_eq(c.worst_absolute, 0);
    ck_assert_double_eq(c.relative_norm, 0);
}
END_TEST

START_TEST(the_tolerances_are_pytorchs)
{
    ck_assert_double_eq(standard().relative, 1.3e-6);
    ck_assert_double_eq(standard().absolute, 1e-5);
    ck_assert_double_eq(tolerance_default(DTYPE_BFLOAT16).relative, 1.6e-2);
    ck_assert_double_eq(tolerance_default(DTYPE_INT32).absolute, 0);
    ck_assert_double_eq(tolerance_gradient().absolute, 4e-5);
    ck_assert_double_eq(tolerance_gradient().norm, 1e-5);
}
END_TEST

/* allowed at 1000: 1e-5 + 1.3e-3; at 0: 1e-5 */
START_TEST(both_tolerances_add_up)
{
    ck_assert(compare(OF(1000.00128f), OF(1000), standard()).close);
    ck_assert(!compare(OF(1000.0014f), OF(1000), standard()).close);
    ck_assert(compare(OF(0.9e-5f), OF(0), (struct tolerance){0, 1e-5, INFINITY}).mismatched == 0);
    ck_assert(!compare(OF(1.1e-5f), OF(0), standard()).close);
}
END_TEST

START_TEST(says_what_and_where)
{
    struct closeness c = compare(OF(1, 2.5f, 3, 101), OF(1, 2, 3, 100), standard());
    ck_assert(!c.close);
    ck_assert_int_eq(c.mismatched, 2);
    ck_assert_double_eq(c.worst_absolute, 1);
    ck_assert_int_eq(c.worst_absolute_at, 3);
    ck_assert_double_eq(c.worst_relative, 0.25);
    ck_assert_int_eq(c.worst_relative_at, 1);
    ck_assert_double_eq_tol(c.relative_norm, sqrt(1.25 / (1 + 4 + 9 + 10000)), 1e-12);
}
END_TEST

START_TEST(nan_is_close_to_nothing)
{
    struct closeness c = compare(OF(NAN, 1), OF(NAN, 1), standard());
    ck_assert(!c.close);
    ck_assert_int_eq(c.mismatched, 1);
    ck_assert_int_eq(c.not_finite, 0);
    c = compare(OF(1, NAN), OF(1, 1), standard());
    ck_assert(!c.close);
    ck_assert_int_eq(c.not_finite, 1);
    ck_assert_int_eq(c.worst_absolute_at, 1);
    ck_assert(isinf(c.relative_norm));
    ck_assert(!compare(OF(1), OF(NAN), standard()).close);
}
END_TEST

START_TEST(infinities_must_be_equal)
{
    ck_assert(compare(OF(INFINITY, 1), OF(INFINITY, 1), standard()).close);
    ck_assert(compare(OF(-INFINITY), OF(-INFINITY), tolerance_gradient()).close);
    ck_assert(!compare(OF(INFINITY), OF(-INFINITY), standard()).close);
    ck_assert(!compare(OF(1), OF(INFINITY), standard()).close);
    struct closeness c = compare(OF(INFINITY), OF(1), standard());
    ck_assert(!c.close);
    ck_assert_int_eq(c.not_finite, 1);
}
END_TEST

START_TEST(shape_and_dtype_must_agree)
{
    ck_assert(!compare(OF(1, 2), OF(1, 2, 3), standard()).same_shape);
    struct tensor *line = OF(1, 2, 3, 4), *square = tensor_view(line, 0, SHAPE(2, 2));
    ck_assert(!closeness_of(line, square, standard()).close);
    tensor_free(square);
    struct tensor *whole = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(4));
    tensor_zero(whole);
    struct closeness c = compare(line, whole, standard());
    ck_assert(!c.close && !c.same_shape);
    ck_assert_int_eq(c.count, 0);
}
END_TEST

/* An absolute tolerance alone lets an all-zero gradient pass where all are small. */
START_TEST(an_all_zero_gradient_is_not_close)
{
    struct closeness c = compare(OF(0, 0, -0.f), OF(1e-6f, 2e-6f, 0), standard());
    ck_assert_int_eq(c.mismatched, 0);
    ck_assert(c.actual_all_zero && !c.expected_all_zero);
    ck_assert(!c.close);
    ck_assert(compare(OF(0, 0), OF(0, 0), tolerance_gradient()).close);
}
END_TEST

START_TEST(the_norm_sees_what_elements_do_not)
{
    struct closeness c = compare(OF(1e-6f, 2e-6f), OF(2e-6f, 2e-6f), tolerance_gradient());
    ck_assert_int_eq(c.mismatched, 0);
    ck_assert(!c.close);
    ck_assert_double_eq_tol(c.relative_norm, sqrt(1.0 / 8), 1e-6);
    ck_assert(isinf(compare(OF(1), OF(0), standard()).relative_norm));
}
END_TEST

/* Of a whole of norm 5 a part of norm 0.05 may be off by a hundred times as much; zeros never pass. */
START_TEST(a_small_part_is_off_by_what_the_whole_may_be)
{
    struct tensor *whole = OF(3, 4, 0.05f), *part = OF(0.05f), *off = OF(0.05003f), *zero = OF(0),
                  *tiny = OF(1e-9f);
    const struct tolerance of_whole = {.relative = 1, .absolute = 1, .norm = 1e-5};
    const struct tolerance of_part = tolerance_of_part(of_whole, whole, part);
    ck_assert_double_eq_tol(of_part.norm, 1e-3, 1e-6);
    ck_assert_double_eq(of_part.relative, 1);
    ck_assert(!closeness_of(off, part, of_whole).close);
    ck_assert(closeness_of(off, part, of_part).close);
    ck_assert(!closeness_of(zero, part, of_part).close);
    ck_assert_double_eq_tol(tolerance_of_part(of_whole, whole, tiny).norm, 1e-2, 1e-6);
    ck_assert_double_eq_tol(tolerance_of_part(of_whole, whole, whole).norm, 1e-5, 1e-9);
    ck_assert_double_eq(tolerance_of_part(of_whole, whole, zero).norm, 1e-5);
    struct tensor *all[] = {whole, part, off, zero, tiny};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tensor_free(all[i]);
}
END_TEST

START_TEST(bfloat16_and_integers)
{
    struct tensor *a = tensor_new(MEMORY_WORKSPACE, DTYPE_BFLOAT16, DEVICE_CPU, SHAPE(2));
    struct tensor *b = tensor_new(MEMORY_WORKSPACE, DTYPE_BFLOAT16, DEVICE_CPU, SHAPE(2));
    ((uint16_t *)a->data)[0] = ((uint16_t *)b->data)[0] = 0x3f80; /* 1 */
    ((uint16_t *)a->data)[1] = 0x4049;                            /* 3.140625 */
    ((uint16_t *)b->data)[1] = 0x404a;                            /* 3.15625 */
    struct closeness c = compare(a, b, tolerance_default(DTYPE_BFLOAT16));
    ck_assert(c.close);
    ck_assert_double_eq(c.worst_absolute, 0.015625);

    a = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(1));
    b = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(1));
    tensor_integers(a)[0] = 2000000001;
    tensor_integers(b)[0] = 2000000000;
    ck_assert(!compare(a, b, tolerance_default(DTYPE_INT32)).close);
}
END_TEST

START_TEST(the_text_names_index_and_values)
{
    struct tensor *a = OF(1, 2, 3, 4, 5, 7), *b = OF(1, 2, 3, 4, 5, 6);
    struct tensor *actual = tensor_view(a, 0, SHAPE(2, 3));
    struct tensor *expected = tensor_view(b, 0, SHAPE(2, 3));
    struct closeness c = closeness_of(actual, expected, tolerance_gradient());
    char text[CLOSENESS_TEXT_SIZE];
    closeness_text(&c, "layer 3 weight", actual, expected, tolerance_gradient(), text);
    ck_assert_ptr_nonnull(strstr(text, "layer 3 weight is not close"));
    ck_assert_ptr_nonnull(strstr(text, "1 of 6 (16.7%)"));
    ck_assert_ptr_nonnull(strstr(text, "difference: 1 at (1, 2): found 7, expected 6"));
    ck_assert_ptr_nonnull(strstr(text, "4e-05 allowed"));
    c = closeness_of(actual, b, tolerance_gradient());
    closeness_text(&c, "x", actual, b, tolerance_gradient(), text);
    ck_assert_ptr_nonnull(strstr(text, "found    float32 (2, 3)"));
    ck_assert_ptr_nonnull(strstr(text, "expected float32 (6)"));
    ck_assert(assert_close("same", actual, actual, standard()));
    ck_assert(!assert_close("different", actual, expected, standard()));
    tensor_free(actual);
    tensor_free(expected);
    tensor_free(a);
    tensor_free(b);
}
END_TEST

START_TEST(nothing_is_close_to_nothing)
{
    struct closeness c = compare(of(0, NULL), of(0, NULL), tolerance_gradient());
    ck_assert(c.close);
}
END_TEST

START_TEST(null_is_fatal)
{
    static struct tensor *held; /* still held at the end, and no leak */
    assert_close("nothing", NULL, held = OF(1), standard());
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("assert_close");
    tcase_add_test(tests, equal_is_close);
    tcase_add_test(tests, the_tolerances_are_pytorchs);
    tcase_add_test(tests, both_tolerances_add_up);
    tcase_add_test(tests, says_what_and_where);
    tcase_add_test(tests, nan_is_close_to_nothing);
    tcase_add_test(tests, infinities_must_be_equal);
    tcase_add_test(tests, shape_and_dtype_must_agree);
    tcase_add_test(tests, an_all_zero_gradient_is_not_close);
    tcase_add_test(tests, the_norm_sees_what_elements_do_not);
    tcase_add_test(tests, a_small_part_is_off_by_what_the_whole_may_be);
    tcase_add_test(tests, bfloat16_and_integers);
    tcase_add_test(tests, the_text_names_index_and_values);
    tcase_add_test(tests, nothing_is_close_to_nothing);
    tcase_add_exit_test(tests, null_is_fatal, EXIT_FAILURE);

    Suite *suite = suite_create("assert_close");
    suite_add_tcase(suite, tests);
    return suite;
}
