/*
 * Products of bfloat16 numbers against sums in double precision: all three forms, sizes that fill no vector, on
 * one thread and on two. Products of two bfloat16 numbers are exact in float32, so what is left is the
 * rounding of sums: of n terms, n / 2^24 of the sum of their magnitudes.
 */
#include "common/base/random.h"
#include "common/base/sixteen_bits.h"
#include "common/kernels/products/bfloat16.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

static const int sizes[][3] = {
    {1, 1, 1},    {8, 48, 2},    {3, 5, 7},      {9, 49, 33},   {64, 96, 128}, {65, 97, 63},
    {33, 47, 61}, {13, 200, 17}, {100, 10, 512}, {5, 130, 301}, {256, 64, 40}, {70, 145, 1},
};
enum { SIZES = sizeof sizes / sizeof *sizes, FORMS = 3 };

static float *drawn(size_t count, uint32_t stream)
{
    float *numbers = malloc((count + 1) * sizeof *numbers);
    random_uniform(numbers, count, 7, random_stream(RANDOM_TEST, stream, 0), 0, -1, 1);
    for (size_t i = 0; i < count; i++)
        numbers[i] = bfloat16_to_float32(bfloat16_from_float32(numbers[i]));
    return numbers;
}

/* Like kernels->matrix_product. */
typedef bool multiply(const struct bfloat16_product *product);

static bool by_the_kernel(const struct bfloat16_product *p)
{
    const size_t a = (size_t)p->rows * (size_t)p->depth * sizeof(float);
    const size_t b = (size_t)p->depth * (size_t)p->columns * sizeof(float);
    const size_t c = (size_t)p->rows * (size_t)p->columns * sizeof(float);
    float *lent_a = lend(p->a, a), *lent_b = lend(p->b, b), *lent_c = lend(p->c, c);
    kernels_for(tested_device())
        ->bfloat16_product(p->transpose_a, p->transpose_b, p->rows, p->columns, p->depth, lent_a,
                           lent_b, p->add ? 1.0f : 0.0f, lent_c);
    lent_free(lent_a, p->a);
    lent_free(lent_b, p->b);
    take_back(lent_c, p->c, c);
    return true;
}

static void check(const struct bfloat16_product *p, multiply *multiplied)
{
    const size_t count = (size_t)p->rows * (size_t)p->columns;
    float *before = drawn(count, 3);
    for (size_t i = 0; i < count; i++)
        p->c[i] = before[i];
    p->c[count] = 12345; /* behind the end */
    if (multiplied(p))
        for (int i = 0; i < p->rows; i++)
            for (int j = 0; j < p->columns; j++) {
                double sum = p->add ? (double)before[i * p->columns + j] : 0, all = fabs(sum);
                for (int k = 0; k < p->depth; k++) {
                    const double term =
                        (double)p->a[p->transpose_a ? k * p->rows + i : i * p->depth + k] *
                        (double)p->b[p->transpose_b ? j * p->depth + k : k * p->columns + j];
                    sum += term;
                    all += fabs(term);
                }
                const double found = (double)p->c[i * p->columns + j];
                if (!(fabs(found - sum) <= (p->depth + 2) * 0x1p-24 * all))
                    ck_abort_msg("(%d, %d) of %dx%dx%d: %.9g, expected %.9g", i, j, p->rows,
                                 p->columns, p->depth, found, sum);
            }
    ck_assert_float_eq(p->c[count], 12345);
    free(before);
}

START_TEST(is_the_sum_of_products)
{
    const int *size = sizes[_i / FORMS], form = _i % FORMS;
    float *a = drawn((size_t)size[0] * (size_t)size[2], 1);
    float *b = drawn((size_t)size[1] * (size_t)size[2], 2);
    float *c = malloc(((size_t)size[0] * (size_t)size[1] + 1) * sizeof *c);
    struct bfloat16_product product = {form == 2, form == 1, size[0], size[1], size[2],
                                       a,         b,         c,       false};
    for (int threads = 1; threads <= 2; threads++) {
        omp_set_num_threads(threads);
        for (int add = 0; add < 2; add++) {
            product.add = add == 1;
            check(&product, cpu_bfloat16_product_by_pairs);
            check(&product, by_the_kernel);
        }
    }
    free(a);
    free(b);
    free(c);
}
END_TEST

/* What is no number stays none, and infinity is infinite. */
START_TEST(infinity_and_nan)
{
    enum { N = 64 };
    float *a = drawn(N * N, 1), *b = drawn(N * N, 2), c[N * N];
    a[3 * N + 5] = NAN;
    a[7 * N + 9] = INFINITY;
    const struct bfloat16_product product = {false, true, N, N, N, a, b, c, false};
    by_the_kernel(&product);
    for (int j = 0; j < N; j++) {
        ck_assert(isnan(c[3 * N + j]));
        ck_assert(isinf(c[7 * N + j]) || isnan(c[7 * N + j]));
        ck_assert(isfinite(c[4 * N + j]));
    }
    free(a);
    free(b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("products of bfloat16");
    TCase *tests = tcase_create("products of bfloat16");
    tcase_add_loop_test(tests, is_the_sum_of_products, 0, SIZES * FORMS);
    tcase_add_test(tests, infinity_and_nan);
    suite_add_tcase(suite, tests);
    return suite;
}
