/*
 * The operations that layers of students are made of, against loops in double precision; what they
 * charge; and what they say of tensors that do not fit.
 */
#include "common/base/flops.h"
#include "common/base/random.h"
#include "common/layers/operations.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <stdlib.h>

enum { SAMPLES = 3, TOKENS = 5, COLUMNS = 37, ROWS = SAMPLES * TOKENS };

static struct tensor *numbers(struct shape shape, uint32_t which)
{
    struct tensor *x = compute_new(DEVICE_CPU, shape);
    random_uniform(tensor_floats(x), x->elements, 3, random_stream(RANDOM_TEST, which, 0), 0, -1,
                   1);
    return to_device(x);
}

static double each(const struct tensor *x, int i)
{
    float number;
    tensor_get(x, (size_t)i, 1, &number);
    return (double)number;
}

/* An (i, j) of a matrix; of a tensor with more dimensions, the last are the columns. */
static double at(const struct tensor *x, int i, int j)
{
    return each(x, i * shape_last(x->shape) + j);
}

static int far;
static void expect(double found, double expected)
{
    far += !(fabs(found - expected) <= 1e-5 + 1e-5 * fabs(expected));
}

/* ---- products ------------------------------------------------------------------------------------ */

START_TEST(products_are_those_of_the_definition)
{
    const bool ta = _i & 1, tb = _i & 2;
    const float beta = _i & 4 ? 1.0f : 0.0f;
    const int rows = 7, depth = 11, columns = 5;
    struct tensor *a = numbers(ta ? SHAPE(depth, rows) : SHAPE(rows, depth), 1);
    struct tensor *b = numbers(tb ? SHAPE(columns, depth) : SHAPE(depth, columns), 2);
    struct tensor *c = numbers(SHAPE(rows, columns), 3), *before = numbers(SHAPE(rows, columns), 3);
    const uint64_t charged = flops_charged();
    compute_matrix_product(ta, tb, a, b, beta, c);
    ck_assert_uint_eq(flops_charged() - charged, 2 * 7 * 11 * 5);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            double sum = (double)beta * at(before, i, j);
            for (int k = 0; k < depth; k++)
                sum += (ta ? at(a, k, i) : at(a, i, k)) * (tb ? at(b, j, k) : at(b, k, j));
            expect(at(c, i, j), sum);
        }
    ck_assert_int_eq(far, 0);
}
END_TEST

/* (samples, tokens, width) is a matrix of samples · tokens rows. */
START_TEST(all_but_the_last_dimension_are_rows)
{
    struct tensor *x = numbers(SHAPE(SAMPLES, TOKENS, COLUMNS), 1),
                  *w = numbers(SHAPE(4, COLUMNS), 2);
    struct tensor *y = compute_new(tested_device(), SHAPE(SAMPLES, TOKENS, 4));
    compute_matrix_product(false, true, x, w, 0.0f, y);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < 4; j++) {
            double sum = 0;
            for (int k = 0; k < COLUMNS; k++)
                sum += at(x, i, k) * at(w, j, k);
            expect(at(y, i, j), sum);
        }
    ck_assert_int_eq(far, 0);
}
END_TEST

/* ---- element by element, rows and columns ---------------------------------------------------------- */

START_TEST(elements_rows_and_columns_are_those_of_the_definition)
{
    const struct shape shape = SHAPE(SAMPLES, TOKENS, COLUMNS);
    struct tensor *x = numbers(shape, 1), *a = numbers(shape, 2), *y = numbers(shape, 3),
                  *y0 = numbers(shape, 3), *z = compute_new_like(x);
    struct tensor *row = numbers(SHAPE(COLUMNS), 4), *column = numbers(SHAPE(SAMPLES, TOKENS), 5);
    struct tensor *sums = numbers(SHAPE(COLUMNS), 6), *sums0 = numbers(SHAPE(COLUMNS), 6),
                  *row_sums = compute_new(tested_device(), SHAPE(SAMPLES, TOKENS));
#define EACH(operation, found, expected)                                                           \
    tensor_copy(y, y0);                                                                            \
    operation;                                                                                     \
    for (int i = 0; i < ROWS; i++)                                                                 \
        for (int j = 0; j < COLUMNS; j++)                                                          \
            expect(found, expected);                                                               \
    ck_assert_msg(far == 0, "%s: %d wrong", #operation, far)
    EACH(compute_add(x, y), at(y, i, j), at(y0, i, j) + at(x, i, j));
    EACH(compute_scale(-0.25f, y), at(y, i, j), at(y0, i, j) * -0.25);
    EACH(compute_multiply(x, a, y), at(y, i, j), at(x, i, j) * at(a, i, j));
    EACH(compute_multiply(y, y, y), at(y, i, j), at(y0, i, j) * at(y0, i, j));
    EACH(compute_relu(x, y), at(y, i, j), fmax(at(x, i, j), 0));
    EACH(compute_relu_backward(x, a, y), at(y, i, j), at(x, i, j) > 0 ? at(a, i, j) : 0);
    EACH(compute_gelu(x, y, z), at(y, i, j), at(x, i, j) * 0.5 * erfc(-at(x, i, j) / sqrt(2)));
    EACH(compute_gelu(x, z, y), at(y, i, j),
         0.5 * erfc(-at(x, i, j) / sqrt(2)) +
             at(x, i, j) * exp(-0.5 * at(x, i, j) * at(x, i, j)) / sqrt(2 * M_PI));
    EACH(compute_add_bias(row, y), at(y, i, j), at(y0, i, j) + each(row, j));
    EACH(compute_multiply_columns(row, y), at(y, i, j), at(y0, i, j) * each(row, j));
    EACH(compute_add_to_rows(column, y), at(y, i, j), at(y0, i, j) + each(column, i));
    EACH(compute_multiply_rows(column, y), at(y, i, j), at(y0, i, j) * each(column, i));
    EACH((compute_multiply(x, x, y), compute_inverse_square_root(0.5f, y)), at(y, i, j),
         1 / sqrt(at(x, i, j) * at(x, i, j) + 0.5));
#undef EACH
    compute_add_column_sums(x, sums);
    for (int j = 0; j < COLUMNS; j++) {
        double sum = each(sums0, j);
        for (int i = 0; i < ROWS; i++)
            sum += at(x, i, j);
        expect(each(sums, j), sum);
    }
    compute_row_sums(x, row_sums);
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int j = 0; j < COLUMNS; j++)
            sum += at(x, i, j);
        expect(each(row_sums, i), sum);
    }
    ck_assert_int_eq(far, 0);
}
END_TEST

/* ---- copies ---------------------------------------------------------------------------------------- */

START_TEST(parts_are_copied_along_any_dimension)
{
    const int sizes[] = {4, 6, 5};
    const int from_begin = 1, to_begin = 2, count = 3;
    struct shape wide = SHAPE(4, 6, 5);
    wide.size[_i] = sizes[_i] + 3;
    struct tensor *from = numbers(SHAPE(4, 6, 5), 1), *to = numbers(wide, 2),
                  *before = numbers(wide, 2);
    const uint64_t charged = flops_charged();
    compute_copy_part(from, from_begin, _i, to, to_begin, count);
    ck_assert_uint_eq(flops_charged(), charged);
    int wrong = 0;
    for (int e = 0; e < to->count; e++) {
        int place[3] = {e / (wide.size[1] * wide.size[2]), e / wide.size[2] % wide.size[1],
                        e % wide.size[2]};
        const bool copied = place[_i] >= to_begin && place[_i] < to_begin + count;
        place[_i] += from_begin - to_begin;
        const struct tensor *source = copied ? from : before;
        const int there = copied ? (place[0] * 6 + place[1]) * 5 + place[2] : e;
        wrong += each(to, e) != each(source, there);
    }
    ck_assert_int_eq(wrong, 0);
}
END_TEST

/* ---- the meta device -------------------------------------------------------------------------------- */

static uint64_t cost_on(enum device device)
{
    const uint64_t charged = flops_charged();
    struct tensor *x = compute_new(device, SHAPE(9, 8)), *w = compute_new(device, SHAPE(4, 8)),
                  *y = compute_new(device, SHAPE(9, 4)), *z = compute_new_like(y),
                  *bias = compute_new(device, SHAPE(4)), *sums = compute_new(device, SHAPE(9)),
                  *wide = compute_new(device, SHAPE(9, 6));
    struct tensor *const all[] = {x, w, y, z, bias, sums, wide};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tensor_zero(all[i]);
    compute_matrix_product(false, true, x, w, 0.0f, y);
    compute_add_bias(bias, y);
    compute_add_column_sums(y, bias);
    compute_gelu(y, y, z);
    compute_relu(y, y);
    compute_relu_backward(y, z, z);
    compute_add(y, z);
    compute_scale(2.0f, z);
    compute_multiply(y, z, z);
    compute_row_sums(y, sums);
    compute_add_to_rows(sums, y);
    compute_multiply_rows(sums, y);
    compute_multiply_columns(bias, y);
    compute_inverse_square_root(1.0f, sums);
    compute_copy_part(y, 0, 1, wide, 1, 4);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tensor_free(all[i]);
    return flops_charged() - charged;
}

START_TEST(without_numbers_they_cost_the_same)
{
    /* The product; 11 of one each, and gelu, over (9, 4); three for each of 9. */
    const uint64_t expected = 2 * 9 * 8 * 4 + (11 + 32) * 36 + 3 * 9;
    ck_assert_uint_eq(cost_on(tested_device()), expected);
    ck_assert_uint_eq(cost_on(DEVICE_META), expected);
}
END_TEST

/* ---- what does not fit ------------------------------------------------------------------------------ */

static struct tensor *of(int rows, int columns)
{
    return numbers(SHAPE(rows, columns), 1);
}

static void product_depth(void)
{
    compute_matrix_product(false, true, of(2, 3), of(4, 5), 0.0f, of(2, 4));
}
static void product_result(void)
{
    compute_matrix_product(true, false, of(6, 2), of(6, 4), 0.0f, of(4, 2));
}
static void nothing(void)
{
    compute_add(NULL, of(2, 2));
}
static void other_shape(void)
{
    compute_add(of(2, 3), of(3, 2));
}
static void bias_of_rows(void)
{
    compute_add_bias(of(1, 2), of(2, 3));
}
static void sums_of_columns(void)
{
    compute_row_sums(of(2, 3), of(1, 3));
}
static void integers(void)
{
    compute_scale(1.0f, tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, tested_device(), SHAPE(2)));
}
static void two_devices(void)
{
    compute_add(of(2, 2), compute_new(DEVICE_META, SHAPE(2, 2)));
}
static void freed(void)
{
    struct tensor *x = of(2, 2);
    tensor_free(x);
    compute_relu(x, of(2, 2));
}
static void copy_other_sizes(void)
{
    compute_copy_part(of(2, 3), 0, 1, of(3, 3), 0, 1);
}
static void copy_too_far(void)
{
    compute_copy_part(of(2, 3), 1, 1, of(2, 9), 0, 3);
}

static const struct fatal_case misuses[] = {
    {product_depth,
     "compute_matrix_product: a is (2, 3), b is (4, 5), transposed, c is (2, 4): (2, 3) by "
     "(5, 4) is no product"},
    {product_result, "(2, 6) by (6, 4) does not make c; expected a c of 2 rows (all sizes but the "
                     "last, multiplied) and 4 columns"},
    {nothing, "compute_add: x is NULL"},
    {other_shape, "compute_add: x is (2, 3) and y is (3, 2); expected the same shape"},
    {bias_of_rows, "compute_add_bias: bias is (1, 2) and y is (2, 3); expected one number for each "
                   "of the 3 columns of y"},
    {sums_of_columns, "expected one number for each of the 2 rows of x"},
    {integers, "compute_scale: y is int32; expected float32"},
    {two_devices, "compute_add: y is on another device than the first tensor"},
    {freed, "compute_relu: x was freed already"},
    {copy_other_sizes, "from is (2, 3) and to is (3, 3); expected the same sizes in all dimensions "
                       "but number 1"},
    {copy_too_far, "3 indices from 1 of (2, 3) do not go to 0 of (2, 9): dimension 1 has 3 and 9"},
};

START_TEST(tensors_that_do_not_fit_are_told)
{
    fatal_expect(&misuses[_i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("operations with tensors");
    TCase *cases = tcase_create("operations");
    tcase_add_loop_test(cases, products_are_those_of_the_definition, 0, 8);
    tcase_add_test(cases, all_but_the_last_dimension_are_rows);
    tcase_add_test(cases, elements_rows_and_columns_are_those_of_the_definition);
    tcase_add_loop_test(cases, parts_are_copied_along_any_dimension, 0, 3);
    tcase_add_test(cases, without_numbers_they_cost_the_same);
    tcase_add_loop_test(cases, tensors_that_do_not_fit_are_told, 0,
                        sizeof misuses / sizeof *misuses);
    suite_add_tcase(suite, cases);
    return suite;
}
