/*
 * The bound on rounding: float32 sums in any order, of up to a million terms, of numbers that are bad to
 * add up.
 */
#include "grader/truth/tests/shares.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int by_size(const void *a, const void *b)
{
    float x = fabsf(*(const float *)a), y = fabsf(*(const float *)b);
    return (x > y) - (x < y);
}

static float sum_in_halves(const float *term, int count)
{
    if (count == 1)
        return term[0];
    return sum_in_halves(term, count / 2) + sum_in_halves(term + count / 2, count - count / 2);
}

/* In the order that it has, backwards, sorted by value or by size (either way), by halves. */
static float sum_in_order(float *term, int count, int order)
{
    if (order == 2 || order == 3)
        qsort(term, (size_t)count, sizeof(float), by_value);
    if (order == 4 || order == 5)
        qsort(term, (size_t)count, sizeof(float), by_size);
    if (order == 6)
        return sum_in_halves(term, count);
    float sum = 0;
    for (int i = 0; i < count; i++)
        sum += term[order % 2 ? count - 1 - i : i];
    return sum;
}

enum terms { ANY_SIGN, POSITIVE, EQUAL, CANCELLING, UNLIKE, TERMS };

static void fill(float *term, int count, enum terms kind)
{
    for (int i = 0; i < count; i++) {
        float value = term[i];
        term[i] = kind == POSITIVE     ? fabsf(value)
                  : kind == EQUAL      ? 0.1f
                  : kind == CANCELLING ? (float)(i % 2 ? -1 : 1) + 1e-3f * value
                  : kind == UNLIKE     ? value * powf(10, (float)(i % 9 - 4))
                                       : value;
    }
}

/* Two shares of `terms` float32 terms in each number: the judge adds them up in one order, the program in
 * another, and then the shares, averaged. The bound must hold whatever the order. */
static void expect_bound_holds(int terms, int elements, enum terms kind, int order)
{
    make(2, elements);
    double magnitudes[2] = {0, 0}, sums[2] = {0, 0};
    for (int i = 0; i < elements; i++) {
        float other[2];
        for (int k = 0; k < 2; k++) {
            g_autofree float *term = random_numbers(terms);
            double size = 0;
            fill(term, terms, kind);
            for (int e = 0; e < terms; e++)
                size += fabs((double)term[e]);
            share[k][i] = sum_in_order(term, terms, 0);
            other[k] = sum_in_order(term, terms, order);
            magnitudes[k] += size * size;
            sums[k] += (double)share[k][i] * (double)share[k][i];
        }
        target[i] = (other[1] + other[0]) / 2;
    }
    double cancellation = sqrt(fmax(magnitudes[0] / sums[0], magnitudes[1] / sums[1]));
    problem.rounding = (struct fit_rounding){terms, cancellation};
    const double right[] = {0.5, 0.5};
    struct fit *fit = fit_tensor(&problem);
    ck_assert_msg(fit_explains(&problem, fit, right), "%d terms, kind %d, order %d", terms,
                  (int)kind, order);
    for (int k = 0; k < 2; k++) {
        ck_assert(fabs(fit->value[k] - 0.5) <= fit->uncertainty[k] * 1.01);
        ck_assert(!fit->certain || fabs(fit->value[k] - 0.5) < 1e-9);
    }
    if (kind == ANY_SIGN && terms <= 1000 && elements > 2)
        ck_assert(fit->certain);
    fit_free(fit);
    destroy();
}

START_TEST(the_bound_holds_in_any_order)
{
    for (int order = 0; order <= 6; order++) {
        for (int terms = 1; terms <= 1000; terms = 1 + 3 * terms)
            expect_bound_holds(terms, 30, (enum terms)_i, order);
        expect_bound_holds(30000, 5, (enum terms)_i, order);
    }
    expect_bound_holds(1000000, 1, (enum terms)_i, _i % 7);
}
END_TEST

/* Adding up the candidates rounds as well: 300 times nearly 0.1. */
START_TEST(many_candidates_round_more)
{
    enum { N = 300, COUNT = 10 };
    struct fit_candidate many[N];
    double right[N];
    float sum[COUNT] = {0};
    g_autofree float *number = random_numbers(N * COUNT);
    for (int k = 0; k < N; k++) {
        many[k] = (struct fit_candidate){
            .name = "a share", .column = k, .numbers = fit_view_flat(&number[k * COUNT], COUNT)};
        right[k] = 1;
        for (int i = 0; i < COUNT; i++) {
            number[k * COUNT + i] = 0.1f;
            sum[i] += number[k * COUNT + i];
        }
    }
    struct fit_problem of_many = {
        .target = fit_view_flat(sum, COUNT), .candidates = N, .candidate = many, .scale = {N}};
    struct fit *fit = fit_tensor(&of_many);
    ck_assert(fit_explains(&of_many, fit, right));
    fit_free(fit);
}
END_TEST

/* A sum of a million equal numbers is off by a percent, and a bound that forgot it would be too small:
 * the test above can fail. */
START_TEST(a_bound_that_forgets_the_terms_is_too_small)
{
    make(2, 4);
    for (int i = 0; i < 4; i++) {
        float sum = 0;
        for (int e = 0; e < 1000000; e++)
            sum += 0.1f;
        share[0][i] = 1e5f + (float)i;
        share[1][i] = (float)(i * i);
        target[i] = sum + (float)i;
    }
    const double right[] = {1, 0};
    struct fit *fit = fit_tensor(&problem);
    ck_assert(!fit_explains(&problem, fit, right));
    fit_free(fit);
    problem.rounding.terms = 1000000;
    problem.rounding.cancellation = 1;
    fit = fit_tensor(&problem);
    ck_assert(fit_explains(&problem, fit, right));
    fit_free(fit);
    destroy();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("bound on rounding");
    TCase *cases = tcase_create("fit");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, the_bound_holds_in_any_order, 0, TERMS);
    tcase_add_test(cases, many_candidates_round_more);
    tcase_add_test(cases, a_bound_that_forgets_the_terms_is_too_small);
    suite_add_tcase(suite, cases);
    return suite;
}
