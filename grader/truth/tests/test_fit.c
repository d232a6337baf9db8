/*
 * The fit: tensors added up by plain loops from known parts, in float32, and what the fit says of them.
 */
#include "grader/truth/tests/shares.h"

/* ---- known combinations -------------------------------------------------------------------------- */

START_TEST(known_combinations_come_back)
{
    for (int n = 1; n <= MOST; n++) {
        double p = n;
        const double factors[] = {0, 1, -1, 1 / p, p, 1 / (p * p), p * p, 0, 2};
        for (int trial = 0; trial < 40; trial++) {
            double times[MOST];
            make(n, 30 + 61 * trial);
            for (int k = 0; k < n; k++)
                times[k] =
                    factors[(size_t)(trial * 7 + k * (trial % 5) + k * k) % G_N_ELEMENTS(factors)];
            add_up(times, trial);
            ck_assert(says(times));
            destroy();
        }
    }
}
END_TEST

START_TEST(it_is_said_in_words)
{
    make(4, 100);
    const struct {
        double times[4];
        const char *words;
    } cases[] = {
        {{1, 0, 0, 0}, "rank 0's share"},
        {{1, 0.25, -1, 4},
         "rank 0's share + 1/4 of rank 1's share - rank 2's share + 4 times rank 3's "
         "share"},
        {{0, -0.0625, 0.75, 0}, "-1/16 of rank 1's share + 0.75 times rank 2's share"},
        {{0, 0, 0, 0}, "0"},
    };
    for (size_t c = 0; c < G_N_ELEMENTS(cases); c++) {
        add_up(cases[c].times, 0);
        struct fit *fit = fit_tensor(&problem);
        g_autofree char *words = fit_words(&problem, fit);
        ck_assert_str_eq(words, cases[c].words);
        fit_free(fit);
    }
    destroy();
}
END_TEST

/* Numbers that nobody multiplies by, noise, another tensor, a tensor that is off by a little. */
START_TEST(of_anything_else_nothing_is_said)
{
    for (int trial = 0; trial < 2500; trial++) {
        int n = 2 + trial % 7, count = 20 + trial % 50;
        make(n, count);
        g_autofree float *noise = random_numbers(count + n);
        double times[MOST];
        for (int k = 0; k < n; k++)
            times[k] = trial % 4 == 0 ? (double)noise[count + k] : k % 3;
        add_up(times, 0);
        for (int i = 0; i < count; i++)
            target[i] = trial % 4 == 1   ? noise[i]
                        : trial % 4 >= 2 ? target[i] + 1e-4f * noise[i] * (i == 7 || trial % 4 == 2)
                                         : target[i];
        if (trial % 4 == 3)
            target[7] += 1e-3f;
        ck_assert_msg(says_nothing(), "trial %d", trial);
        struct fit *fit = fit_tensor(&problem);
        ck_assert(fit->unique && fit->exact == (trial % 4 == 0));
        fit_free(fit);
        destroy();
    }
}
END_TEST

START_TEST(numbers_that_are_none)
{
    const double times[] = {1, 1, 1};
    make(3, 50);
    add_up(times, 0);
    target[3] = NAN;
    ck_assert(says_nothing());
    target[3] = INFINITY;
    ck_assert(says_nothing());
    destroy();
}
END_TEST

/* ---- candidates that can't be told apart --------------------------------------------------------- */

START_TEST(equal_and_empty_shares_leave_it_open)
{
    const double wrong[][3] = {{1, 1, 1}, {1, 1, 0}, {0, 1, 0}, {1.0 / 3, 1.0 / 3, 1.0 / 3},
                               {1, 0, 1}, {0, 0, 1}, {0, 0, 0}};
    for (size_t c = 0; c < G_N_ELEMENTS(wrong); c++)
        for (int kind = 0; kind < 4; kind++) {
            make(3, 200);
            for (int i = 0; i < 200; i++) {
                float nearly = share[0][i] * (1 + 1e-7f * share[2][i]);
                share[1][i] = kind == 0   ? share[0][i]
                              : kind == 1 ? 0
                              : kind == 2 ? 3 * share[0][i]
                                          : nearly;
            }
            add_up(wrong[c], 0);
            ck_assert_msg(says_nothing(), "case %zu, kind %d", c, kind);
            struct fit *fit = fit_tensor(&problem);
            ck_assert(kind == 3 || isinf(fit->uncertainty[1]));
            ck_assert(isfinite(fit->uncertainty[2]) && fit->uncertainty[2] < 1e-4);
            ck_assert_double_eq_tol(fit->value[2], wrong[c][2], fit->uncertainty[2] + 1e-12);
            fit_free(fit);
            destroy();
        }
}
END_TEST

/* The nearer two shares are, the less is said; what is said is true. */
START_TEST(nearly_equal_shares_are_never_taken_for_each_other)
{
    int said = 0, open = 0;
    for (int trial = 0; trial < 2000; trial++) {
        make(2, 60);
        g_autofree float *other = random_numbers(60);
        float apart = powf(10, -7.5f + 0.005f * (float)(trial % 1000));
        for (int i = 0; i < 60; i++)
            share[1][i] = share[0][i] + apart * other[i];
        /* The last is nearly the third, and where shares are alike the sum of its coefficients, which
         * is well known, must tell them apart. */
        const double times[][2] = {{1, 1}, {0.5, 0.5}, {1, 0},  {0, 1},
                                   {2, 0}, {0.5, 0},   {2, -1}, {1.01, 0.01}};
        const double *right = times[trial % 8];
        add_up(right, trial % 2);
        struct fit *fit = fit_tensor(&problem);
        if (fit->certain) {
            ck_assert_msg(fabs(fit->value[0] - right[0]) < 1e-9 &&
                              fabs(fit->value[1] - right[1]) < 1e-9,
                          "trial %d: %g %g instead of %g %g", trial, fit->value[0], fit->value[1],
                          right[0], right[1]);
            said++;
        } else {
            open++;
        }
        fit_free(fit);
        destroy();
    }
    ck_assert_int_gt(said, 500);
    ck_assert_int_gt(open, 200);
}
END_TEST

START_TEST(small_shares_count_as_well)
{
    const double times[] = {1, 1, 1};
    make(3, 100);
    for (int i = 0; i < 100; i++)
        share[2][i] *= 1e-6f;
    add_up(times, 0);
    struct fit *fit = fit_tensor(&problem);
    ck_assert(fit->unique && fit->exact && !fit->certain); /* it is lost in the others' rounding */
    fit_free(fit);
    for (int i = 0; i < 100; i++)
        share[0][i] *= 1e-6f, share[1][i] *= 1e-6f;
    add_up(times, 0);
    ck_assert(says(times));
    destroy();
}
END_TEST

/* The sum is a candidate, too: all four depend on each other, and the smallest set says it. */
START_TEST(the_smallest_set_explains_it)
{
    make(4, 80);
    const double sum[] = {0, 0, 0, 1}, pair[] = {1, 0, 2, 0}, three[] = {1, 2, -1, 0};
    for (int i = 0; i < 80; i++)
        share[3][i] = share[0][i] + share[1][i] + share[2][i];
    add_up(sum, 0);
    ck_assert(says(sum));
    struct fit *fit = fit_tensor(&problem);
    ck_assert(!fit->unique && fit->exact);
    fit_free(fit);
    add_up(pair, 0);
    ck_assert(says(pair));
    add_up(three, 0); /* two are not enough, and the rest is open */
    ck_assert(says_nothing());
    /* A pair that is another pair as well: the first two are the sum less the third. */
    const double two[] = {1, 1, 0, 0};
    add_up(two, 0);
    ck_assert(says_nothing());
    destroy();
}
END_TEST

START_TEST(a_million_elements)
{
    const double averaged[] = {0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125};
    const double lacking[] = {0.125, 0.125, 0.125, 0, 0.125, 0.125, 0.125, 0.125};
    make(8, 1000000);
    add_up(averaged, 3);
    ck_assert(says(averaged));
    add_up(lacking, 5);
    ck_assert(says(lacking));
    target[999999] += 0.125f * share[3][999999] + 10;
    ck_assert(says_nothing());
    destroy();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("fit against named candidates");
    TCase *cases = tcase_create("fit");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, known_combinations_come_back);
    tcase_add_test(cases, it_is_said_in_words);
    tcase_add_test(cases, of_anything_else_nothing_is_said);
    tcase_add_test(cases, numbers_that_are_none);
    tcase_add_test(cases, equal_and_empty_shares_leave_it_open);
    tcase_add_test(cases, nearly_equal_shares_are_never_taken_for_each_other);
    tcase_add_test(cases, small_shares_count_as_well);
    tcase_add_test(cases, the_smallest_set_explains_it);
    tcase_add_test(cases, a_million_elements);
    suite_add_tcase(suite, cases);
    return suite;
}
