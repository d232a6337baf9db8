/*
 * The GPU's matrix products and numbers of 16 bits, on the emulated GPU: against sums in double precision.
 */
#include "common/base/device.h"
#include "common/base/sixteen_bits.h"
#include "tests/support/device_arrays.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array)  (int)(sizeof(array) / sizeof *(array))
#define FLOATS(count) ((size_t)(count) * sizeof(float))

/* ---- products ----------------------------------------------------------------------------------------------------- */

typedef void product_function(bool, bool, int, int, int, const float *, const float *, float,
                              float *);

struct product {
    bool transpose_a, transpose_b;
    int rows, columns, depth;
    float beta;
    float *a, *b, *c; /* c: NaN before, where beta is 0 */
};

static void keep_bfloat16(float *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] = bfloat16_to_float32(bfloat16_from_float32(numbers[i]));
}

static void product_fill(struct product *p)
{
    const size_t rows = (size_t)p->rows, columns = (size_t)p->columns, depth = (size_t)p->depth;
    p->a = numbers_between(-1, 1, rows * depth, 1);
    p->b = numbers_between(-1, 1, depth * columns, 2);
    p->c = numbers_between(-1, 1, rows * columns, 3);
    keep_bfloat16(p->a, rows * depth); /* for both kinds of product */
    keep_bfloat16(p->b, depth * columns);
    for (size_t i = 0; i < rows * columns && p->beta == 0; i++)
        p->c[i] = NAN;
}

static void product_truth(const struct product *p, double *truth, double *magnitude)
{
    for (int i = 0; i < p->rows; i++)
        for (int j = 0; j < p->columns; j++) {
            const size_t at = (size_t)i * (size_t)p->columns + (size_t)j;
            double sum = p->beta == 0 ? 0 : (double)p->beta * (double)p->c[at], size = fabs(sum);
            for (int k = 0; k < p->depth; k++) {
                const double a = (double)p->a[p->transpose_a ? k * p->rows + i : i * p->depth + k];
                const double b =
                    (double)p->b[p->transpose_b ? j * p->depth + k : k * p->columns + j];
                sum += a * b;
                size += fabs(a * b);
            }
            truth[at] = sum;
            magnitude[at] = size;
        }
}

static void check_product(product_function *multiply, struct product p)
{
    product_fill(&p);
    const size_t count = (size_t)p.rows * (size_t)p.columns;
    const size_t a_bytes = FLOATS(p.rows * p.depth), b_bytes = FLOATS(p.depth * p.columns);
    float *a = device_array(p.a, a_bytes), *b = device_array(p.b, b_bytes);
    float *c = device_array(p.c, FLOATS(count)), *got = malloc(FLOATS(count + 1));
    double *truth = calloc(count + 1, sizeof *truth),
           *magnitude = calloc(count + 1, sizeof *magnitude);
    multiply(p.transpose_a, p.transpose_b, p.rows, p.columns, p.depth, a, b, p.beta, c);
    device_array_take(c, got, FLOATS(count));
    device_array_free(a, a_bytes);
    device_array_free(b, b_bytes);
    product_truth(&p, truth, magnitude);
    expect_near(got, truth, magnitude, count, 5e-7, "(%d, %d, %d), transposed %d %d, beta %g",
                p.rows, p.columns, p.depth, p.transpose_a, p.transpose_b, (double)p.beta);
    free(got);
    free(truth);
    free(magnitude);
    free(p.a);
    free(p.b);
    free(p.c);
}

static void check_products(product_function *multiply)
{
    static const int sizes[][3] = {{1, 1, 1},    {3, 5, 7}, {33, 31, 70}, {1, 65, 33}, {64, 1, 40},
                                   {17, 130, 1}, {0, 5, 4}, {5, 0, 4},    {5, 4, 0},   {0, 0, 0}};
    static const float betas[] = {0, 1, -0.5f};
    for (int form = 0; form < 4; form++)
        for (int i = 0; i < COUNT(sizes); i++)
            for (int j = 0; j < COUNT(betas); j++)
                check_product(multiply, (struct product){.transpose_a = form & 1,
                                                         .transpose_b = form & 2,
                                                         .rows = sizes[i][0],
                                                         .columns = sizes[i][1],
                                                         .depth = sizes[i][2],
                                                         .beta = betas[j]});
}

static void products(const struct kernels *gpu)
{
    check_products(gpu->matrix_product);
}

/* float32, not fewer bits: 1 + 2^-12 times itself is 1 + 2^-11 + 2^-24. */
static void exact(const struct kernels *gpu)
{
    const float factor = 1 + 0x1p-12f, a[2] = {factor, -1}, b[2] = {factor, 1};
    float c = 0;
    float *on_device_a = device_array(a, sizeof a), *on_device_b = device_array(b, sizeof b);
    float *sum = device_array(&c, sizeof c);
    gpu->matrix_product(false, false, 1, 1, 2, on_device_a, on_device_b, 0, sum);
    device_array_free(on_device_a, sizeof a);
    device_array_free(on_device_b, sizeof b);
    device_array_take(sum, &c, sizeof c);
    ck_assert_double_le(fabs((double)c - (0x1p-11 + 0x1p-24)), 0x1p-23);
}

/* The product of 1 + 2^-11 + 2^-12, which TF32 rounds to 1 + 2^-10, and 1 + 2^-11, which it rounds to 1 (of two that
 * are equally near the even one). */
static void tf32(const struct kernels *gpu)
{
    const float a = 1 + 0x1.8p-11f, b = 1 + 0x1p-11f, none = 0;
    float got[3];
    device_use_tf32();
    float *on_device_a = device_array(&a, sizeof a), *on_device_b = device_array(&b, sizeof b);
    float *product[3];
    for (int i = 0; i < 3; i++)
        product[i] = device_array(&none, sizeof none);
    gpu->matrix_product(false, false, 1, 1, 1, on_device_a, on_device_b, 0, product[0]);
    gpu->bfloat16_product(false, false, 1, 1, 1, on_device_a, on_device_b, 0, product[1]);
    gpu->matrix_product(false, false, 1, 1, 1, on_device_a, on_device_b, 0, product[2]); /* still */
    for (int i = 0; i < 3; i++)
        device_array_take(product[i], &got[i], sizeof got[i]);
    device_array_free(on_device_a, sizeof a);
    device_array_free(on_device_b, sizeof b);
    ck_assert_float_eq(got[0], 1 + 0x1p-10f);
    ck_assert_float_eq(got[1], 1); /* bfloat16 has 7 bits */
    ck_assert_float_eq(got[2], 1 + 0x1p-10f);
}

static void bfloat16_products(const struct kernels *gpu)
{
    check_products(gpu->bfloat16_product);
}

/* ---- 16 bits ---------------------------------------------------------------------------------------------------- */

static uint32_t bits_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static float of_bits(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* All patterns, by the formula of IEEE 754 and of bfloat16: sign · 2^exponent · fraction. */
static double by_formula(uint16_t pattern, int exponent_bits, int fraction_bits)
{
    const int most = (1 << exponent_bits) - 1, bias = most / 2;
    const int exponent = pattern >> fraction_bits & most,
              fraction = pattern & ((1 << fraction_bits) - 1);
    const double sign = pattern & 0x8000 ? -1 : 1;
    if (exponent == most)
        return fraction != 0 ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0)
        return sign * ldexp(fraction, 1 - bias - fraction_bits);
    return sign * ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
}

enum { PATTERNS = 1 << 16 };

static void check_widen(const struct kernels *gpu, enum dtype dtype, int exponent_bits)
{
    static uint16_t patterns[PATTERNS];
    static float wide[PATTERNS];
    static double truth[PATTERNS];
    for (int i = 0; i < PATTERNS; i++) {
        patterns[i] = (uint16_t)i;
        truth[i] = by_formula((uint16_t)i, exponent_bits, 15 - exponent_bits);
    }
    uint16_t *narrow = device_array(patterns, sizeof patterns);
    float *to = device_array(wide, sizeof wide);
    gpu->widen(dtype, PATTERNS, narrow, to);
    device_array_free(narrow, sizeof patterns);
    device_array_take(to, wide, sizeof wide);
    expect_near(wide, truth, NULL, PATTERNS, 0, "widened from %s", dtype_name(dtype));
    ck_assert_uint_eq(bits_of(wide[0x8000]), 0x80000000u); /* -0 */
}

static void widened(const struct kernels *gpu)
{
    check_widen(gpu, DTYPE_BFLOAT16, 8);
    check_widen(gpu, DTYPE_FLOAT16, 5);
}

/* What lies at and around each pattern, and in the middle between it and the next; and any bits. */
static size_t make_hard_ones(float *numbers, int exponent_bits)
{
    size_t count = 0;
    for (int i = 0; i < PATTERNS; i++) {
        const double here = by_formula((uint16_t)i, exponent_bits, 15 - exponent_bits);
        const double next = by_formula((uint16_t)(i + 1), exponent_bits, 15 - exponent_bits);
        const float middle = (float)((here + next) / 2);
        numbers[count++] = (float)here;
        numbers[count++] = middle;
        numbers[count++] = nextafterf(middle, INFINITY);
        numbers[count++] = nextafterf(middle, -INFINITY);
        numbers[count++] = of_bits((uint32_t)i * 2654435761u);
    }
    return count;
}

static void check_narrow(const struct kernels *gpu, enum dtype dtype, int exponent_bits,
                         uint16_t (*one)(float))
{
    float *numbers = malloc(FLOATS(5 * PATTERNS));
    const size_t count = make_hard_ones(numbers, exponent_bits);
    uint16_t *narrow = calloc(count, sizeof *narrow);
    float *from = device_array(numbers, FLOATS(count));
    uint16_t *to = device_array(narrow, count * sizeof *narrow);
    gpu->narrow(dtype, count, from, to);
    device_array_free(from, FLOATS(count));
    device_array_take(to, narrow, count * sizeof *narrow);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(narrow[i] == one(numbers[i]), "%a becomes %#x", (double)numbers[i],
                      narrow[i]);
    free(numbers);
    free(narrow);
}

static void narrowed(const struct kernels *gpu)
{
    check_narrow(gpu, DTYPE_BFLOAT16, 8, bfloat16_from_float32);
    check_narrow(gpu, DTYPE_FLOAT16, 5, float16_from_float32);
}

DEVICE_TEST(test_products_of_all_forms, products)
DEVICE_TEST(test_products_keep_all_bits, exact)
DEVICE_TEST(test_tf32_rounds_to_10_bits, tf32)
DEVICE_TEST(test_bfloat16_products, bfloat16_products)
DEVICE_TEST(test_all_patterns_are_widened, widened)
DEVICE_TEST(test_what_lies_between_is_rounded_to_even, narrowed)

Suite *test_suite(void)
{
    Suite *suite = suite_create("the GPU's products");
    TCase *cases = tcase_create("emulated, in all orders");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, test_products_of_all_forms);
    tcase_add_test(cases, test_products_keep_all_bits);
    tcase_add_test(cases, test_tf32_rounds_to_10_bits);
    tcase_add_test(cases, test_bfloat16_products);
    tcase_add_test(cases, test_all_patterns_are_widened);
    tcase_add_test(cases, test_what_lies_between_is_rounded_to_even);
    suite_add_tcase(suite, cases);
    return suite;
}
